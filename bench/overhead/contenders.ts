import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { generator } from '@tensorflow/tfjs-data';
import { callbacks, CustomCallback, metrics, type LayersModel } from '@tensorflow/tfjs-layers';
import { fileSink, memorySink, Trainer, type TrainerOptions } from 'trainscope';
import * as plugins from 'trainscope/plugins';
import type { BenchModel, Samples } from './models.js';
import type { StepClock } from './step-clock.js';

/** What one turn is about. */
export interface Turn {
  readonly model: BenchModel;
  readonly samples: Samples;
  readonly clock: StepClock;
  readonly optimizer: 'adam' | 'sgd';
  /** A folder for what is written. */
  readonly folder: string;
}

/** One way of training a model for one epoch of shuffled batches. What it makes is gone afterwards. */
export type Contender = (turn: Turn) => Promise<void>;

const learningRate = 0.001;

const optimizerOf = ({ optimizer }: Turn): tf.Optimizer => (optimizer === 'adam' ? tf.train.adam(learningRate) : tf.train.sgd(learningRate));

function watched({ model, clock }: Turn): LayersModel {
  const built = model.build();
  clock.watch(built);
  return built;
}

/** Fisher and Yates' shuffle, as one writes it. */
function shuffled(count: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}

function rows(values: Float32Array, stride: number, order: Int32Array): Float32Array {
  const taken = new Float32Array(order.length * stride);
  order.forEach((index, at) => {
    taken.set(values.subarray(index * stride, (index + 1) * stride), at * stride);
  });
  return taken;
}

/** What a loop of one's own does after each step, with the gradients at hand. */
type AfterStep = (named: readonly (readonly [name: string, weight: tf.Tensor, gradient: tf.Tensor])[], step: number) => void;

/** The loop that one writes by hand: the least that trains and knows its loss. */
const bareLoop = (afterStep?: AfterStep): Contender => async (turn) => {
  const { model: { batch, shape, classes }, samples } = turn;
  const model = watched(turn);
  const optimizer = optimizerOf(turn);
  const variables = model.trainableWeights.map((weight) => weight.read() as unknown as tf.Variable);
  const size = shape.reduce((product, each) => product * each, 1);
  const order = shuffled(samples.count);
  let sum = 0;
  for (let start = 0, step = 1; start < samples.count; start += batch, step += 1) {
    const indices = order.subarray(start, start + batch);
    const x = tf.tensor(rows(samples.inputs, size, indices), [indices.length, ...shape]);
    const y = tf.tensor2d(rows(samples.labels, classes, indices), [indices.length, classes]);
    const { value, grads } = tf.variableGrads(() => tf.mean<tf.Scalar>(metrics.categoricalCrossentropy(y, model.apply(x, { training: true }) as tf.Tensor)), variables);
    optimizer.applyGradients(grads);
    sum += (value.dataSync()[0] ?? Number.NaN) * indices.length;
    afterStep?.(variables.map((variable) => [variable.name, variable, grads[variable.name] as tf.Tensor] as const), step);
    tf.dispose([x, y, value, grads]);
  }
  if (!Number.isFinite(sum / samples.count)) throw new Error('the loss is not finite');
  optimizer.dispose();
  model.dispose();
  return Promise.resolve();
};

/** The norms of each weight and gradient, one by one, as in published advice on debugging: each computed and read by itself. */
const naiveNorms: Contender = (turn) => {
  const [weightNorms, gradientNorms]: [Record<string, number>[], Record<string, number>[]] = [[], []];
  const normOf = (tensor: tf.Tensor): number => tf.tidy(() => tf.norm(tensor).dataSync()[0] ?? Number.NaN);
  return bareLoop((named) => {
    weightNorms.push(Object.fromEntries(named.map(([name, weight]) => [name, normOf(weight)])));
    gradientNorms.push(Object.fromEntries(named.map(([name, , gradient]) => [name, normOf(gradient)])));
  })(turn);
};

/** tfjs-layers' own loop, on tensors that hold all samples. */
const modelFit = (given: () => Parameters<LayersModel['fit']>[2]): Contender => async (turn) => {
  const { model: { batch, shape, classes }, samples } = turn;
  const model = watched(turn);
  const optimizer = optimizerOf(turn);
  model.compile({ optimizer, loss: 'categoricalCrossentropy' });
  const x = tf.tensor(samples.inputs, [samples.count, ...shape]);
  const y = tf.tensor2d(samples.labels, [samples.count, classes]);
  await model.fit(x, y, { epochs: 1, batchSize: batch, shuffle: true, ...given() });
  tf.dispose([x, y]);
  optimizer.dispose();
  model.dispose();
};

/** tfjs-layers' loop on a tf.data pipeline, with the buffer for shuffling that its documentation uses. */
const fitDataset: Contender = async (turn) => {
  const { model: { batch, shape, classes }, samples } = turn;
  const model = watched(turn);
  const optimizer = optimizerOf(turn);
  model.compile({ optimizer, loss: 'categoricalCrossentropy' });
  const size = shape.reduce((product, each) => product * each, 1);
  const source = generator(function* () {
    for (let i = 0; i < samples.count; i += 1) {
      yield { xs: tf.tensor(samples.inputs.subarray(i * size, (i + 1) * size), [...shape]), ys: tf.tensor1d(samples.labels.subarray(i * classes, (i + 1) * classes)) };
    }
  });
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- a Dataset of samples, as the documentation of fitDataset has it
  await model.fitDataset(source.shuffle(4 * batch).batch(batch), { epochs: 1 });
  optimizer.dispose();
  model.dispose();
};

type Configured = Pick<TrainerOptions, 'plugins' | 'sinks' | 'logEvery'>;

/** Samples of validation data, where plugins want some. */
const probe = 16;

const trainscope = (configure: (turn: Turn) => Configured, needsValidation = false): Contender => async (turn) => {
  const { model: { batch, shape, classes }, samples, clock } = turn;
  const size = shape.reduce((product, each) => product * each, 1);
  const built: { model?: LayersModel } = {};
  const optimizer = optimizerOf(turn);
  const trainer = new Trainer({
    model: () => {
      built.model = turn.model.build();
      clock.watch(built.model);
      return built.model;
    },
    optimizer,
    loss: 'categoricalCrossentropy',
    progress: false,
    ...configure(turn),
  });
  const result = await trainer.fit(
    { inputs: { values: samples.inputs, shape: [samples.count, ...shape] }, labels: { values: samples.labels, shape: [samples.count, classes] } },
    {
      epochs: 1,
      batchSize: batch,
      // Made at the end of the epoch, after the last step that is timed: predictions are followed on samples of it.
      ...(needsValidation ? { validation: { inputs: { values: samples.inputs.subarray(0, probe * size), shape: [probe, ...shape] }, labels: { values: samples.labels.subarray(0, probe * classes), shape: [probe, classes] } } } : {}),
    },
  );
  if (result.reason !== 'completed') throw new Error(`the fit ended early: ${result.reason}`);
  await trainer.dispose();
  optimizer.dispose();
  built.model?.dispose();
};

/** The plugins that tell what the naive norms do, kept in memory as those are. */
const norms = (): Configured => ({ plugins: [plugins.gradientNorm({ every: 1 }), plugins.weightNorm({ every: 1 })], sinks: [memorySink()] });

/** The seven plugins of the README, each looking every so many steps, and all that they tell written to a log file. */
const seven = (every: number) => ({ folder }: Turn): Configured => ({
  logEvery: every,
  plugins: [
    plugins.seed({ seed: 1 }),
    plugins.gradientNorm({ every }),
    plugins.weightNorm({ every }),
    plugins.predictionDynamics({ every, samples: 16 }),
    plugins.lrScheduler({ schedule: { kind: 'cosine', learningRate, tMax: 1_000_000 }, per: 'step' }),
    plugins.earlyStopping({ monitor: 'loss', unit: 'steps', every, patience: 1_000_000 }),
    plugins.gpuProfiler({ every }),
  ],
  sinks: [fileSink({ path: join(folder, `seven-${String(every)}.ndjson`) })],
});

/** Whatever of the built-in plugins does not change what is trained, wants nothing from outside, and goes together; but not preflight, which is before the steps. */
const everything = (turn: Turn): Configured => ({
  ...seven(1)(turn),
  plugins: [
    ...(seven(1)(turn).plugins ?? []),
    plugins.confusionMatrix(),
    plugins.throughput(),
    plugins.timer(),
    plugins.diagnosis(),
    plugins.nonFinite(),
    plugins.leakWatch(),
    plugins.modelSummary(),
    plugins.histograms(),
    plugins.weightAverage(),
  ],
});

export const contenders = {
  'bare loop': bareLoop(),
  'naive norms': naiveNorms,
  'model.fit': modelFit(() => ({})),
  'model.fit, callbacks': modelFit(() => {
    const losses: number[] = [];
    // Of one kind: an array of instances and plain objects is refused.
    return { callbacks: [callbacks.earlyStopping({ monitor: 'loss' }), new CustomCallback({ onBatchEnd: (_batch, logs) => void losses.push(logs?.['loss'] ?? Number.NaN) })] };
  }),
  fitDataset,
  'trainscope': trainscope(() => ({})),
  'trainscope, norms': trainscope(norms),
  'trainscope, seven every 10th': trainscope(seven(10), true),
  'trainscope, seven': trainscope(seven(1), true),
  'trainscope, everything': trainscope(everything, true),
} as const satisfies Readonly<Record<string, Contender>>;

export type ContenderName = keyof typeof contenders;
export const contenderNames = Object.keys(contenders) as readonly ContenderName[];

