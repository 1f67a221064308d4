import fc from 'fast-check';
import { memorySink, Trainer, type FitOptions, type TrainerOptions } from 'trainscope';
import { gradientNorm } from 'trainscope/plugins';
import { hostileValue } from '../hostile.js';
import { mutated } from '../mutate.js';
import { Broken, target } from '../target.js';
import { smallData, smallModel } from './small.js';

/** With all that a trainer takes. The plugins are frozen, and so are not changed inside. */
const trainerOptions = (): readonly Record<string, unknown>[] => [
  {
    model: smallModel(), loss: 'meanSquaredError', optimizer: { name: 'adam', learningRate: 0.1 }, lossWeights: [1], metrics: ['meanAbsoluteError'], plugins: [gradientNorm({ every: 1 })], sinks: [memorySink()], fit: { epochs: 2, batchSize: 2 },
    seed: 1, backend: 'keep', accumulateSteps: 2, clip: { globalNorm: 1 }, weightDecay: { rate: 0.1, mode: 'l2' }, logEvery: 5, progress: false,
  },
  { model: smallModel(), loss: { out: 'huber' }, backend: 'keep', progress: false, plugins: [], sinks: [], lossWeights: { out: 2 }, metrics: { out: ['meanSquaredError'] } },
  { model: { forward: () => [], trainableWeights: [] }, loss: 'meanSquaredError', backend: 'keep', progress: false },
];
const fitOptions: readonly Record<string, unknown>[] = [
  { epochs: 2, batchSize: 2, shuffle: true, dropLast: false, prefetch: 1, stepsPerEpoch: 2, checkFinite: true, validationEvery: { steps: 1 }, validationBatchSize: 2, validation: smallData },
  { epochs: 1 },
];
const states: readonly unknown[] = [{ format: 1, seq: 5, epoch: 1, step: 4, samples: 8, streams: { seed: 1, streams: {} }, plugins: { gradientNorm: {} } }];

/** The backend of the options is not set up: loading one takes longer than all else. */
const keepBackend = (options: unknown): unknown => (typeof options === 'object' && options !== null && 'backend' in options && typeof options.backend === 'string' && /^(auto|tfjs.*|webgpu|wasm)$/.test(options.backend) ? { ...options, backend: 'keep' } : options);

/** A trainer that ends its fit after a step, however many epochs it is told to do. */
const briefTrainer = (): Trainer => {
  const trainer = new Trainer({ model: smallModel(), loss: 'meanSquaredError', backend: 'keep', progress: false });
  trainer.hook('stepEnd', () => trainer.stop());
  return trainer;
};

export const trainerTargets = [
  target({
    name: 'trainer options',
    share: 4,
    sound: () => trainerOptions().slice(0, 2),
    values: fc.oneof({ weight: 9, arbitrary: fc.constant(0).chain(() => mutated(trainerOptions(), hostileValue)) }, { weight: 1, arbitrary: hostileValue }),
    attempt: async (options) => {
      const trainer = new Trainer(keepBackend(options) as TrainerOptions);
      trainer.describe();
      await trainer.dispose();
    },
  }),
  target({
    name: 'trainer state',
    share: 2,
    sound: () => states,
    values: fc.oneof({ weight: 9, arbitrary: mutated(states, hostileValue) }, { weight: 1, arbitrary: hostileValue }),
    attempt: async (state) => {
      const trainer = new Trainer({ model: smallModel(), loss: 'meanSquaredError', backend: 'keep', progress: false, plugins: [gradientNorm({ every: 1 })] });
      try {
        trainer.setState(state as never);
        JSON.stringify(trainer.getState());
      } finally {
        await trainer.dispose();
      }
    },
  }),
  target({
    name: 'fit options',
    share: 2,
    sound: () => fitOptions.map((options) => ({ options, data: smallData })),
    values: fc.record({ options: fc.oneof({ weight: 9, arbitrary: mutated(fitOptions, hostileValue) }, { weight: 1, arbitrary: hostileValue }), data: fc.oneof({ weight: 3, arbitrary: fc.constant(smallData) }, { weight: 1, arbitrary: mutated([smallData], hostileValue) }) }),
    attempt: async ({ options, data }) => {
      const trainer = briefTrainer();
      try {
        const { reason } = await trainer.fit(data as never, options as FitOptions);
        if (reason !== 'stopped' && reason !== 'completed') throw new Broken(`the fit ended as ${reason}`);
      } finally {
        await trainer.dispose();
      }
    },
  }),
];
