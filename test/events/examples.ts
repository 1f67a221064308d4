import { coreCatalogue, EventBus, type BusOptions, type CoreEvents, type EmitAbout, type Sink } from '../../src/events/index.js';

/** One example of every core event: the compiler asks for a new one when an event is added. */
export const examples: { [Name in keyof CoreEvents]: CoreEvents[Name] } = {
  'run-start': {
    versions: { trainscope: '0.1.0', tfjs: '4.22.0', node: '20.20.2' },
    platform: 'linux-x64',
    backend: { name: 'wasm', refusals: [{ backend: 'tfjs-node', reason: 'not installed' }], notes: ['4 threads'] },
    model: {
      kind: 'layers',
      parameters: 15,
      trainableParameters: 15,
      weights: 2,
      layers: [
        { name: 'dense_1', className: 'Dense', outputShape: [null, 3], parameters: 15 },
        { name: 'split', className: 'Split', outputShape: [[null, 1], [null, 2]], parameters: 0 },
      ],
    },
    optimizer: { name: 'adam', learningRate: 0.001, clip: Infinity },
    loss: 'softmaxCrossentropy',
    metrics: ['accuracy'],
    configuration: { epochs: 5, plugins: [{ name: 'clip', norm: Infinity }] },
    configurationHash: 'a'.repeat(64),
    seed: 42,
    plugins: [{ name: 'clip', role: 'steer', options: { norm: 1 } }],
    fit: 1,
    epochs: 5,
  },
  resume: {
    checkpoint: 'epoch-0002-step-00000120', attempt: 2, seq: 41, epoch: 2, step: 120, stepInEpoch: 20, data: 'seek', refused: [{ name: 'epoch-0002-step-00000130', reason: 'weights.bin is torn' }],
    changed: [{ path: 'optimizer.learningRate', was: '0.01', is: '0.5' }], configurationHash: 'a'.repeat(64), versions: { trainscope: '0.1.0', tfjs: '4.22.0', node: '20.20.2' }, platform: 'linux-x64', backend: 'wasm',
  },
  'epoch-start': { epochs: 5, learningRate: 0.001 },
  step: { loss: NaN, metrics: { accuracy: 0.5, perplexity: Infinity }, learningRate: 0.001, batchSize: 32, samples: 96, updated: true },
  validation: { metrics: { loss: -Infinity, accuracy: 0.75 }, samples: 30, ms: 12.5 },
  'epoch-end': { epochs: 5, metrics: { loss: 0.0812, accuracy: 0.975 }, validation: { loss: 0.0934 }, learningRate: 0.001, steps: 4, samples: 120, ms: 250 },
  'run-end': { reason: 'stopped', by: 'early-stopping', message: 'val_loss has not improved', epochs: 3, steps: 12, ms: 900, metrics: { loss: 0.08, val_loss: NaN }, findings: 1 },
  finding: {
    rule: 'loss-not-finite',
    severity: 'error',
    where: { layer: 'dense_1', weight: 'dense_1/kernel', feature: 3, sample: 7, plugin: 'nan-watch', steps: { from: 3, to: 3 } },
    message: 'The loss is NaN at step 3.',
    evidence: { losses: [0.7, 12, NaN], worst: { norm: Infinity, names: ['kernel'] }, first: true, none: null },
    remedy: 'Lower the learning rate.',
    docs: 'findings/loss-not-finite.md',
  },
  'plugin-error': { hook: 'stepEnd', message: 'x is not a function', code: null, policy: 'disable', stack: 'TypeError: x is not a function' },
  'plugin-slow': { share: 0.4, ms: 800, hooks: { measured: 780, stepEnd: 20 } },
  'listener-error': { event: 'step', listener: null, message: 'no', code: null },
  'sink-error': { sink: 'file:run.jsonl', message: 'ENOSPC: no space left on device, write', code: 'ENOSPC', detached: true },
  'sink-loss': { sink: 'pino', lost: 12, since: 256 },
  error: { message: 'labels have shape [32]', code: 'DATA_SHAPE', name: 'DataError' },
};

export const exampleNames = Object.keys(examples) as (keyof CoreEvents)[];

/** A clock that stands still: 2024-01-01T00:00:00Z. */
export const newYear = 1_704_067_200_000;

export const busWith = (sinks: readonly Sink[] = [], options: Partial<BusOptions<CoreEvents>> = {}): EventBus =>
  new EventBus({ runId: 'run-1', catalogue: coreCatalogue, clock: () => newYear, sinks, ...options });

/** Emits the example of an event. */
export const emitExample = (bus: EventBus, name: keyof CoreEvents, about: EmitAbout = { epoch: 1, step: 3 }): void => {
  bus.emit(name, examples[name], about);
};

/** Emits a step event whose loss is the number of the step. */
export const emitStep = (bus: EventBus, step: number, about: Partial<EmitAbout> = {}): void => {
  bus.emit('step', { ...examples.step, loss: step }, { epoch: 1, step, ...about });
};
