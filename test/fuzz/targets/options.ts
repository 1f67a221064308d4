import fc from 'fast-check';
import { builtInPlugins } from 'trainscope/plugins';
import { definePlugin, type AnyPluginFactory, type AttachOptions } from 'trainscope/plugin';
import { buildSchedule, scheduleSpec, type ScheduleSpec } from 'trainscope/schedules';
import * as makers from 'trainscope/schedules';
import { chooseBackend, fileSink, formatSummary, memorySink, pinoSink, type FitResult } from 'trainscope';
import { compileLoss, type LossSpec } from '../../../src/trainer/loss/index.js';
import { compileMetrics, type MetricsSpec } from '../../../src/trainer/metrics/index.js';
import { compileOptimizer, type OptimizerSpec } from '../../../src/trainer/optimizer/index.js';
import { faultOf } from '../judge.js';
import { hostileValue } from '../hostile.js';
import { mutated } from '../mutate.js';
import { Broken, target } from '../target.js';
import { stepEvent } from './small.js';

/** Specs of schedules, each of the kinds that a config can name. */
export const schedules: readonly Readonly<Record<string, unknown>>[] = [
  { kind: 'constant', learningRate: 0.1 },
  { kind: 'constantFactor', learningRate: 0.1, factor: 0.5, totalIters: 4 },
  { kind: 'step', learningRate: 0.1, stepSize: 30, gamma: 0.1 },
  { kind: 'multiStep', learningRate: 0.1, milestones: [10, 20] },
  { kind: 'exponential', learningRate: 0.1, gamma: 0.9 },
  { kind: 'polynomial', learningRate: 0.1, totalIters: 10, power: 2 },
  { kind: 'linear', learningRate: 0.1, totalIters: 5 },
  { kind: 'cosine', learningRate: 0.1, tMax: 90, etaMin: 0.01 },
  { kind: 'cosineWithWarmRestarts', learningRate: 0.1, t0: 10, tMult: 2 },
  { kind: 'oneCycle', maxLr: 0.1, totalSteps: 100 },
  { kind: 'cyclic', baseLr: 0.01, maxLr: 0.1, stepSizeUp: 10 },
  { kind: 'inverseSquareRoot', learningRate: 0.1, warmupSteps: 10 },
  { kind: 'warmup', steps: 10, schedule: { kind: 'sequential', schedules: [{ kind: 'constant', learningRate: 1 }, { kind: 'step', learningRate: 0.1, stepSize: 2 }], milestones: [5] } },
  { kind: 'chained', schedule: { kind: 'constant', learningRate: 1 }, factors: [{ kind: 'exponential', learningRate: 1, gamma: 0.5 }] },
];

/** Options that are right, for each of the built-in plugins, with all that they take. */
const pluginOptions: Readonly<Record<keyof typeof builtInPlugins, readonly unknown[]>> = {
  seed: [{ seed: 1, reinitialize: true, verify: 3 }],
  gradientNorm: [{ every: 5 }, {}],
  weightNorm: [{ every: 5 }, {}],
  predictionDynamics: [{ every: 'epoch', samples: 8, task: { out: 'regression' }, maxOutputs: 4, window: 6 }],
  confusionMatrix: [{ every: 2, outputs: ['out'], task: { out: 'binary' }, classes: { out: ['no', 'yes'] }, threshold: 0.4, logits: true, maxClasses: 20, pairs: 3 }, { classes: ['a', 'b'], task: 'multiclass' }],
  earlyStopping: [{ monitor: 'loss', mode: 'min', patience: 3, minDelta: { relative: 0.1 }, baseline: 1, unit: 'steps', every: 2, restoreBestWeights: true }],
  lrScheduler: [...schedules.map((schedule) => ({ schedule, per: 'step' })), { schedule: { kind: 'reduceOnPlateau', monitor: 'val_loss', factor: 0.5, patience: 2 } }],
  gpuProfiler: [{ every: 3, gpu: false, interval: 500, gpus: [0, 'GPU-1'], command: 'nvidia-smi' }],
  preflight: [{ stopOn: 'error' }, {}],
  diagnosis: [{ every: 5 }, {}],
  augmentation: [
    { transforms: [{ kind: 'flip', direction: 'vertical', p: 0.3 }, { kind: 'crop', padding: 2 }, { kind: 'rotation', degrees: 5 }, { kind: 'translation', x: 0.2, y: 0 }, { kind: 'zoom', range: [0.5, 2] }, { kind: 'brightness', by: 1 }, { kind: 'contrast', by: 0.5 }, { kind: 'noise', stddev: 1 }, { kind: 'cutout', size: 3, value: 1 }, { kind: 'erase', area: [0.1, 0.2], ratio: [1, 1] }, { kind: 'dropout', rate: 0.5 }], inputs: ['x'], fill: 'zero', interpolation: 'nearest', range: [0, 1] },
  ],
  mixup: [{ kind: 'cutmix', alpha: 0.5, per: 'sample', probability: 0.5, inputs: ['x'] }, {}],
  labelSmoothing: [{ factor: 0.2, outputs: ['out'] }, {}],
  leakWatch: [{ steps: { from: 2, to: 9 }, every: 5, after: 3, groups: 4, frames: 20 }, {}],
  dashboard: [{ port: 0, host: '127.0.0.1', hosts: ['proxy.test'], allowControl: true, token: '0123456789abcdef', title: 'a', print: false, open: false, after: 'close' }, {}],
  checkpoint: [{ folder: 'a', every: { steps: 2, minutes: 1 }, keepLast: 'all', keepBest: 1, keepEvery: 3, monitor: 'loss', mode: 'min', atEnd: false }],
  tfCallbacks: [{ callbacks: [{ onEpochEnd: () => undefined, onYield: () => undefined }], yieldEvery: 20 }],
  csvLogger: [{ filename: 'a.csv', separator: ';', append: true }, {}],
  histograms: [{ every: 20, first: false, of: ['updates', 'activations'], bins: 12, layers: ['dense'] }, {}],
  modelSummary: [{ print: false }, {}],
  nonFinite: [{ action: 'skip', most: 2, rateFactor: 0.5 }],
  terminateOnNaN: [{ raiseError: true, every: 2 }, {}],
  modelCheckpoint: [{ filepath: 'a/{epoch:03d}-{val_loss:.2e}', monitor: 'loss', mode: 'min', saveBestOnly: true, saveWeightsOnly: true, saveFreq: 2, initialValueThreshold: 1 }],
  gradualUnfreezing: [{ groups: [['head*'], ['body']], every: 2, startWith: 1, rateRatio: 2.6, batchNorm: 'move' }],
  weightAverage: [{ kind: 'ema', decay: 0.9, debias: false, every: { steps: 2 }, start: { epochs: 1 }, useFor: 'both', statistics: 'copy', updateBatchNorm: 3 }, { kind: 'swa', start: { share: 0.5 } }],
  throughput: [{ window: 10, every: 5 }],
  timer: [{ duration: '01:02:03:04', interval: 'epoch', reserve: { minutes: 1 } }, { duration: { hours: 1.5 } }],
};

const kinds = Object.keys(builtInPlugins) as (keyof typeof builtInPlugins)[];

const attach: readonly unknown[] = [{ name: 'mine', enforce: 'pre', onError: 'stop' }, {}];

const whole = { name: 'x', summary: 'X.', role: 'observe', options: undefined, events: {}, hooks: () => ({ setup: () => undefined }), codeOnly: ['a'], requires: () => ['validation'], needs: () => undefined };

/** All these are tried, whatever becomes of the others: a refusal of one does not end the run. */
function each(calls: readonly (() => unknown)[]): void {
  for (const call of calls) {
    try {
      call();
    } catch (error) {
      if (faultOf(error) !== undefined) throw error;
    }
  }
}

const outputs = [{ name: 'out', shape: [null, 3], activation: 'softmax' }, { name: 'other', shape: [null, 1], activation: 'sigmoid' }];
const losses: readonly unknown[] = ['meanSquaredError', ['meanSquaredError', 'binaryCrossentropy'], { out: 'categoricalCrossentropy', other: { name: 'huber', delta: 2 } }, { name: 'binaryCrossentropy', fromLogits: true }];
const metrics: readonly unknown[] = ['accuracy', ['accuracy', { name: 'topKCategoricalAccuracy', k: 2, as: 'top2' }], { out: ['accuracy', 'precision'], other: { name: 'meanAbsoluteError' } }];
const optimizers: readonly unknown[] = [{ name: 'adamw', learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: { rate: 0.1, mode: 'decoupled' } }, { name: 'sgd', momentum: 0.5, nesterov: true }, { name: 'rmsprop', rho: 0.9 }, { name: 'adagrad', initialAccumulator: 0.1 }, 'adadelta'];
const shares: readonly unknown[] = [[1, 2], { out: 1, other: 0.5 }, undefined];

const result = { runId: 'r', reason: 'completed', stoppedBy: null, message: '', history: [{ epoch: 1, metrics: { loss: 1 }, validation: null, learningRate: 0.1, steps: 4, milliseconds: 5 }], metrics: { loss: 1 }, findings: [{ rule: 'x', severity: 'error', where: {}, message: 'm', evidence: {}, remedy: 'r.', docs: null }], steps: 4, milliseconds: 5 };

/** Functions of the schedules' surface that take options. */
const scheduleMakers = Object.entries(makers).flatMap(([name, make]) => (typeof make === 'function' && !name.endsWith('Options') && name !== 'buildSchedule' ? [make as (...given: unknown[]) => unknown] : []));

export const optionTargets = [
  target({
    name: 'plugin options',
    share: 14,
    sound: () => kinds.flatMap((kind) => pluginOptions[kind].flatMap((options) => attach.map((attached) => ({ kind, options, attached })))),
    values: fc.constantFrom(...kinds).chain((kind) => fc.record({ kind: fc.constant(kind), options: mutated(pluginOptions[kind], hostileValue), attached: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: mutated(attach, hostileValue) }) })),
    attempt: ({ kind, options, attached }) => {
      const plugin = (builtInPlugins[kind] as AnyPluginFactory)(options as never, attached as AttachOptions);
      if (typeof plugin.name !== 'string' || Object.keys(plugin.bind().hooks).length === 0) throw new Broken('a plugin without name or hooks');
    },
  }),
  target({ name: 'plugin definition', share: 2, sound: () => [{ definition: whole, options: {} }], values: fc.record({ definition: mutated([whole], hostileValue), options: hostileValue }), attempt: ({ definition, options }) => definePlugin(definition as never)(options as never).bind() }),
  target({
    name: 'schedule',
    share: 6,
    sound: () => schedules.map((spec) => ({ spec, at: 3 })),
    values: fc.record({ spec: mutated(schedules, hostileValue), at: fc.oneof(fc.nat(), fc.constantFrom(0, 1, 1e9, 2 ** 53)) }),
    attempt: ({ spec, at }) => {
      const rate = buildSchedule(spec as ScheduleSpec)(at);
      if (typeof rate !== 'number' || !(rate >= 0)) throw new Broken(`a learning rate of ${String(rate)} at ${at}`);
    },
  }),
  target({
    name: 'schedule calls',
    share: 2,
    sound: () => [{ make: scheduleMakers.indexOf(makers.constant as (typeof scheduleMakers)[number]), given: [{ learningRate: 0.1 }] }],
    values: fc.record({ make: fc.nat({ max: scheduleMakers.length - 1 }), given: fc.array(fc.oneof(hostileValue, mutated(schedules.map(({ kind: _, ...options }) => options), hostileValue)), { maxLength: 3 }) }),
    attempt: ({ make, given }) => {
      const made = scheduleMakers[make]?.(...given);
      if (typeof made === 'function') (made as (at: number) => unknown)(3);
      scheduleSpec.safeParse(given[0]);
    },
  }),
  target({ name: 'optimizer', share: 4, sound: () => optimizers, values: mutated(optimizers, hostileValue), attempt: (spec) => compileOptimizer(spec as OptimizerSpec).dispose() }),
  target({ name: 'loss', share: 4, sound: () => losses.slice(1, 3).flatMap((spec) => shares.map((weights) => ({ spec, weights }))), values: fc.record({ spec: mutated(losses, hostileValue), weights: mutated(shares, hostileValue) }), attempt: ({ spec, weights }) => compileLoss(spec as LossSpec, outputs as never, { weights: weights as never }).config() }),
  target({
    name: 'metrics',
    share: 4,
    sound: () => metrics,
    values: mutated(metrics, hostileValue),
    attempt: (spec) => {
      const { names, width } = compileMetrics(spec as MetricsSpec, compileLoss('meanSquaredError', outputs));
      if (!names.every((name) => typeof name === 'string') || !Number.isInteger(width)) throw new Broken(`metrics of names ${String(names)} and width ${width}`);
    },
  }),
  target({
    name: 'calls without options',
    share: 2,
    sound: () => [{ sink: undefined, summary: result, backend: 'cpu', more: undefined }],
    values: fc.record({ sink: fc.oneof(hostileValue, mutated([{ path: 'run.ndjson', name: 'x', maxBytes: 100, patience: 10 }, { name: 'm', limit: 3 }], hostileValue)), summary: mutated([result], hostileValue), backend: fc.oneof(fc.constantFrom('cpu', 'auto'), hostileValue), more: fc.oneof(fc.constantFrom(undefined, {}), hostileValue) }),
    attempt: async ({ sink, summary, backend, more }) => {
      each([() => formatSummary(summary as FitResult), () => fileSink(sink as never), () => pinoSink(typeof sink === 'object' && sink !== null && 'transport' in sink ? {} : (sink as never), more as never).stats?.()]);
      each([() => void memorySink(sink as never).write(stepEvent)]);
      // Names of other backends would load their packages.
      if (backend === 'cpu' || backend === 'auto' || typeof backend !== 'string' || !/tfjs|gpu|wasm/i.test(backend)) await chooseBackend(backend as 'cpu', more as never);
    },
  }),
];
