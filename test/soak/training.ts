import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { fileSink, Trainer, type FitOptions } from 'trainscope';
import { definePlugin } from 'trainscope/plugin';
import { checkpoint, diagnosis, earlyStopping, gpuProfiler, gradientNorm, lrScheduler, predictionDynamics, seed, weightNorm } from 'trainscope/plugins';
import { openData } from './data.js';
import { schedules } from './schedules.js';
import type { Variation } from './variation.js';

/** Batch normalisation keeps statistics that no gradient changes, and dropout draws at every step. */
const network = (): Sequential =>
  sequential({
    layers: [
      layers.dense({ units: 16, inputShape: [6] }),
      layers.batchNormalization({ momentum: 0.9 }),
      layers.activation({ activation: 'relu' }),
      layers.dropout({ rate: 0.3 }),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });

const optimizerOf = {
  momentum: { name: 'momentum', learningRate: 0.02, momentum: 0.9 },
  adam: { name: 'adam', learningRate: 0.02 },
  rmsprop: { name: 'rmsprop', learningRate: 0.005, momentum: 0.5 },
} as const satisfies Readonly<Record<Variation['optimizer'], object>>;

/** Augmentation as users write it: one factor from a stream of its own that is held over the whole run, one from Math.random. */
const augment = definePlugin({
  name: 'augment',
  summary: 'Scales every batch at random.',
  role: 'steer',
  hooks: () => ({
    batch: ({ inputs, ...batch }, context) => {
      const factor = (0.9 + 0.2 * context.random('factor').float()) * (0.9 + 0.2 * Math.random());
      return { ...batch, inputs: inputs.map((each) => tf.mul(each, factor)) };
    },
  }),
});

/** The training of a variation, with all its plugins, in a folder: its log is run.jsonl, its checkpoints in checkpoints/. */
export function openTraining(variation: Variation, folder: string) {
  const { train, validation, batchSize } = openData(variation);
  const every = variation.every === 'epoch' ? { epochs: 1 } : { steps: variation.every };
  const trainer = new Trainer({
    model: network,
    loss: 'sparseCategoricalCrossentropy',
    optimizer: optimizerOf[variation.optimizer],
    metrics: ['accuracy'],
    accumulateSteps: variation.accumulateSteps,
    clip: { norm: 5 },
    logEvery: 2,
    progress: false,
    sinks: [fileSink({ path: `${folder}/run.jsonl` })],
    plugins: [
      seed({ seed: variation.seed }),
      augment(),
      lrScheduler({ schedule: schedules[variation.schedule], logEvery: 3 }),
      gradientNorm({ every: 2 }),
      weightNorm({ every: 3 }),
      predictionDynamics({ every: 5, samples: 8 }),
      // A patience of 1 on a noisy loss stops soon; one of 100 never does, and the best weights come back all the same.
      earlyStopping({ monitor: 'val_loss', patience: variation.stopsEarly ? 1 : 100, minDelta: 0.01, restoreBestWeights: true }),
      gpuProfiler({ warmUp: 2, interval: 167 }),
      // Two runs without a kill differ in what these rules say: they look at times.
      diagnosis({ every: 4, rules: { skip: ['data-bound', 'step-time-outlier'] } }),
      checkpoint({ folder: `${folder}/checkpoints`, every }),
    ],
  });
  const options: FitOptions = { epochs: variation.epochs, validation, signals: true, ...(batchSize === undefined ? {} : { batchSize }) };
  return { trainer, train, options };
}
