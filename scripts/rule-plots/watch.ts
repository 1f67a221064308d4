import * as tf from '@tensorflow/tfjs-core';
import { lrScheduler } from '../../plugins/index.js';
import { curves, type RulePlot, type Series } from './plot.js';
import { pluginPlots } from './plugins.js';
import { clouds, dense, each, kernels, powers, randomFor, range, ring, shuffled, smooth, times, watch, type Ask, type Data, type Watched } from './trainings.js';

type Loss = (labels: tf.Tensor, predictions: tf.Tensor) => tf.Tensor;
type Curves = ReturnType<typeof curves>;
const loss = 'meanSquaredError';
const adam = (learningRate: number): { readonly name: 'adam'; readonly learningRate: number } => ({ name: 'adam', learningRate });
const sgd = (learningRate: number): { readonly name: 'sgd'; readonly learningRate: number } => ({ name: 'sgd', learningRate });

/** One look at a faulty and at a sound training. */
async function two(drawn: Omit<Parameters<typeof curves>[0], 'faulty' | 'healthy'>, faulty: Ask, sound: Ask, look: (of: Watched) => Series): Promise<Curves> {
  return curves({ ...drawn, faulty: look(await watch(faulty)), healthy: look(await watch(sound)) });
}

const regression = (rest: Partial<Ask> = {}): Ask => ({ model: () => dense(), loss, optimizer: adam(0.01), data: smooth(128), fit: { epochs: 10 }, ...rest });
const classifier = (rest: Partial<Ask> = {}): Ask => ({
  model: () => dense({ inputs: 2, units: [16], activation: 'relu', kernels: 'he', outputs: 3, last: 'softmax' }),
  loss: 'sparseCategoricalCrossentropy',
  optimizer: adam(0.01),
  data: clouds(150),
  fit: { epochs: 10 },
  ...rest,
});

const losses = ({ losses: all }: Watched): Series => all;
const correlation = (of: Watched): Series => each(of, ({ outputs }) => outputs[0]?.correlation ?? NaN);
/** Each value over the median of the first ten. */
const overStart = ({ x, y }: Series): Series => {
  const start = y.slice(0, 10).toSorted((a, b) => a - b)[4] ?? 1;
  return { x, y: y.map((value) => value / start) };
};

/** Label and prediction as probabilities, the label turned round. */
const inverted: Loss = (labels, predictions) => tf.mean(tf.squaredDifference(tf.sub(1, labels), predictions));
/** The mean of -label times prediction: there is no least value. */
const unbounded: Loss = (labels, predictions) => tf.neg(tf.mean(tf.mul(labels, predictions)));

/** Batches each of which takes a while, as from a slow disk. */
const slowly = (data: Data, milliseconds: number): Ask['data'] =>
  async function* () {
    for (let i = 0; i + 16 <= data.inputs.length; i += 16) {
      if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
      yield { inputs: data.inputs.slice(i, i + 16), labels: data.labels.slice(i, i + 16) };
    }
  };

/** Batches of which every eighth takes a while. */
const stopping = (milliseconds: number): Ask['data'] => {
  const { inputs, labels } = smooth(512);
  return async function* () {
    for (let i = 0; i < 32; i += 1) {
      if (i % 8 === 7 && milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
      yield { inputs: inputs.slice(16 * i, 16 * i + 16), labels: labels.slice(16 * i, 16 * i + 16) };
    }
  };
};

/** Inputs 10 times too large: SGD diverges slowly at a small rate. */
const growing = (learningRate: number, epochs: number): Ask => regression({ model: () => dense({ units: [] }), optimizer: sgd(learningRate), data: times(smooth(128), 10), fit: { epochs } });

/** Samples that say nothing of their labels, which have a mean of 3. */
const pure = (useful: boolean): Data => {
  const { inputs, labels } = useful ? smooth(128) : shuffled(smooth(128));
  return { inputs, labels: labels.map(([y = 0]) => [y + 3]) };
};

/** One batch in the middle of the run with labels 100 times too large. */
const withOutlier = (factor: number): Ask['data'] => {
  const { inputs, labels } = smooth(640);
  return range(40).map((i) => ({ inputs: inputs.slice(16 * i, 16 * i + 16), labels: labels.slice(16 * i, 16 * i + 16).map(([y = 0]) => [i === 30 ? factor * y : y]) }));
};

/** A task that noise makes hard, and a validation of samples without it. */
const noisyLabels = (count: number, deviation: number, name: string): Data => {
  const random = randomFor(`noise/${name}`);
  const { inputs, labels } = smooth(count, name);
  return { inputs, labels: labels.map(([y = 0]) => [y + deviation * random.normal()]) };
};

const normOver = (of: Watched): Series => {
  const norms = each(of, (now) => kernels(now)[0]?.norm ?? NaN);
  const middle = norms.y[Math.floor(norms.y.length / 2)] ?? 1;
  return { x: norms.x, y: norms.y.map((norm) => norm / middle) };
};

const rulePlots: readonly RulePlot[] = [
  {
    rule: 'class-collapse',
    alt: 'Share of the class that is predicted most, by step, with a dashed line at 0.99. Where all hidden units have died one class has all samples of each batch; in the sound training the most frequent of three has half of them or so.',
    spec: () =>
      two({ title: 'A rate at which all units die, and a sound one', xTitle: 'step', yTitle: 'share of one class', threshold: 0.99 }, classifier({ optimizer: sgd(300) }), classifier(), (of) => each(of, ({ outputs }) => outputs[0]?.classes?.topPredicted ?? NaN)),
  },
  {
    rule: 'dead-units',
    alt: 'Share of the hidden units that are 0 for the whole batch, by step, with a dashed line at 0.7. After a few steps at a rate of 2 most are dead; at 0.01 hardly any is.',
    spec: () =>
      two(
        { title: 'Adam at a rate of 2, and of 0.01', xTitle: 'step', yTitle: 'share of dead units', threshold: 0.7 },
        regression({ model: () => dense({ units: [32, 16], activation: 'relu', kernels: 'he' }), optimizer: adam(2), fit: { epochs: 20, batchSize: 32 } }),
        regression({ model: () => dense({ units: [32, 16], activation: 'relu', kernels: 'he' }), fit: { epochs: 20, batchSize: 32 } }),
        (of) => each(of, ({ layers }) => layers['hidden2']?.deadUnits ?? NaN),
      ),
  },
  {
    rule: 'first-non-finite',
    alt: 'Largest value of the output layer by step, on a logarithmic scale. At the rate 0.05 it grows tenfold every step and the line ends where it is no number any more; at 0.001 it stays level.',
    spec: async () => powers(await two({ title: 'SGD at 0.05, and at 0.001, on inputs that are not scaled', xTitle: 'step', yTitle: 'largest value', logY: true }, growing(0.05, 7), growing(0.001, 7), (of) => each(of, ({ layers }) => Object.values(layers).at(-1)?.maxAbs ?? NaN))),
  },
  {
    rule: 'loss-oscillating',
    alt: 'Loss by epoch. SGD at a rate of 10 makes it jump by more than a fifth from one epoch to the next, and it does not fall; at 0.1 it falls and stays.',
    spec: () => {
      const task = (learningRate: number): Ask => ({
        model: () => dense({ inputs: 2, units: [], outputs: 3 }),
        loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true },
        optimizer: sgd(learningRate),
        data: clouds(30, { spread: 1.5 }),
        fit: { epochs: 25, batchSize: 10 },
        every: 10,
      });
      return two({ title: 'SGD at a rate of 10, and of 0.1', xTitle: 'epoch', yTitle: 'loss' }, task(10), task(0.1), ({ epochs }) => epochs);
    },
  },
  {
    rule: 'loss-rising',
    alt: 'Loss by step on a logarithmic scale. At the rate 0.012 it rises without an end; at 0.001 it falls.',
    spec: async () => powers(await two({ title: 'SGD at 0.012, and at 0.001, on inputs that are not scaled', xTitle: 'step', yTitle: 'loss', logY: true }, growing(0.012, 5), growing(0.001, 5), losses)),
  },
  {
    rule: 'loss-slow',
    alt: 'Loss by epoch over that of the first, with a dashed line at 0.9. At the rate 0.0001 it falls steadily and stays above the line; at 0.02 it crosses it at once.',
    spec: () =>
      two({ title: 'SGD at a rate of 0.0001, and of 0.02', xTitle: 'epoch', yTitle: 'loss / first loss', threshold: 0.9 }, regression({ optimizer: sgd(1e-4), fit: { epochs: 20 }, every: 10 }), regression({ optimizer: sgd(0.02), fit: { epochs: 20 }, every: 10 }), ({ epochs: { x, y } }) => ({ x, y: y.map((value) => value / (y[0] ?? NaN)) })),
  },
  {
    rule: 'loss-stuck',
    alt: 'Loss by epoch. With labels in another order than the inputs it comes to the variance of the labels and stays there; with labels in their places it falls.',
    spec: () => two({ title: 'Labels in another order, and in their places', xTitle: 'epoch', yTitle: 'loss' }, regression({ model: () => dense({ units: [] }), data: shuffled(smooth(512)), fit: { epochs: 12 }, every: 8 }), regression({ model: () => dense({ units: [] }), data: smooth(512), fit: { epochs: 12 }, every: 8 }), ({ epochs }) => epochs),
  },
  {
    rule: 'metric-contradicts-loss',
    alt: 'Correlation of predicted probabilities and labels by step, with a dashed line at -0.3. Under a loss that takes 1 - label it falls far below the line while the loss falls; under the right loss it rises.',
    spec: () => {
      const task = (of: Ask['loss']): Ask => ({ model: () => dense({ inputs: 2, units: [16], last: 'sigmoid' }), loss: of, optimizer: adam(0.01), data: ring(256), fit: { epochs: 12 } });
      return two({ title: 'A loss of 1 - label, and of the label', xTitle: 'step', yTitle: 'correlation with the labels', threshold: -0.3 }, task(inverted), task('meanSquaredError'), correlation);
    },
  },
  {
    rule: 'overfitting',
    alt: 'Validation loss by epoch over its best, with a dashed line at 1.1. A network of 256 units on 24 samples with noise is best in an early epoch and gets worse from there; a small one on 512 samples stays near its best.',
    spec: () => {
      const validation = noisyLabels(128, 0.8, 'held');
      const over = ({ validation: { x, y } }: Watched): Series => {
        const best = y.map((_, i) => Math.min(...y.slice(0, i + 1)));
        return { x, y: y.map((value, i) => value / (best[i] ?? NaN)) };
      };
      return two(
        { title: '256 units on 24 samples, and 16 units on 512', xTitle: 'epoch', yTitle: 'validation loss / best so far', threshold: 1.1 },
        regression({ model: () => dense({ units: [256], activation: 'relu', kernels: 'he' }), data: noisyLabels(24, 0.8, 'few'), validation, fit: { epochs: 30, batchSize: 8 }, every: 10 }),
        regression({ data: noisyLabels(512, 0.8, 'many'), validation, optimizer: adam(0.003), fit: { epochs: 30, batchSize: 64 }, every: 10 }),
        over,
      );
    },
  },
  {
    rule: 'risky-values',
    alt: 'Largest logit by step, with a dashed line at 80. Adam at a rate of 1 drives it over the line; at 0.01 it stays far below.',
    spec: () => {
      const task = (learningRate: number): Ask => ({ model: () => dense({ inputs: 2, units: [32], activation: 'relu', kernels: 'he', outputs: 3 }), loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true }, optimizer: adam(learningRate), data: clouds(150), fit: { epochs: 8 } });
      return two({ title: 'Adam at a rate of 1, and of 0.01', xTitle: 'step', yTitle: 'largest logit', threshold: 80 }, task(1), task(0.01), (of) => each(of, ({ layers }) => layers['out']?.maxAbs ?? NaN));
    },
  },
  {
    rule: 'saturated-activations',
    alt: 'Share of the outputs of a tanh layer beyond 0.995, by step, with a dashed line at 0.8. Inputs 100 times too large are above the line; at unit variance hardly any is.',
    spec: () => two({ title: 'Inputs 100 times too large, and of unit variance', xTitle: 'step', yTitle: 'share of flat outputs', threshold: 0.8 }, regression({ data: times(smooth(128), 100) }), regression(), (of) => each(of, ({ layers }) => layers['hidden1']?.beyondTanh ?? NaN)),
  },
  {
    rule: 'underfitting',
    alt: 'Correlation of predictions and labels by step, with a dashed line at 0.1, while the loss falls in both. Where the inputs tell nothing of the labels it stays about 0; where they do it climbs.',
    spec: () => {
      const task = (useful: boolean): Ask => regression({ data: pure(useful), model: () => dense({ units: useful ? [16] : [2] }), optimizer: adam(0.01), fit: { epochs: 20, batchSize: 32 } });
      return two({ title: 'Inputs that tell nothing of the labels, and inputs that do', xTitle: 'step', yTitle: 'correlation with the labels', threshold: 0.1 }, task(false), task(true), correlation);
    },
  },
  {
    rule: 'validation-better-than-training',
    alt: 'Validation loss over the training loss of the epoch after it, with a dashed line at 0.5. With training labels that have noise and validation labels that have none it is below the line; with both alike it is near 1.',
    spec: () => {
      const ratio = ({ epochs, validation }: Watched): Series => ({ x: validation.x.slice(0, -1), y: validation.y.slice(0, -1).map((value, i) => value / (epochs.y[i + 1] ?? NaN)) });
      return two(
        { title: 'A validation of easier samples, and one of the same kind', xTitle: 'epoch', yTitle: 'validation / training loss', threshold: 0.5 },
        regression({ data: noisyLabels(512, 1.5, 'many'), validation: noisyLabels(128, 0, 'held'), fit: { epochs: 12 }, every: 10 }),
        regression({ data: noisyLabels(512, 0.3, 'many'), validation: noisyLabels(128, 0.3, 'held'), fit: { epochs: 12 }, every: 10 }),
        ratio,
      );
    },
  },
  {
    rule: 'vanishing-gradients',
    alt: 'Gradient of the first kernel over that of the last, by step, with a dashed line at 0.001. Through eight sigmoid layers it is far below the line, through eight relu layers near 1.',
    spec: () => {
      const deep = (activation: 'sigmoid' | 'relu'): Ask => regression({ model: () => dense({ units: range(8).map(() => 16), activation, kernels: activation === 'relu' ? 'he' : 'glorot' }), optimizer: adam(0.001), fit: { epochs: 4 } });
      return two({ title: 'Eight layers of sigmoid, and of relu', xTitle: 'step', yTitle: 'first / last gradient', logY: true, threshold: 1e-3 }, deep('sigmoid'), deep('relu'), (of) => each(of, (now) => (kernels(now)[0]?.gradientNorm ?? NaN) / (kernels(now).at(-1)?.gradientNorm ?? NaN)));
    },
  },
  {
    rule: 'exploding-gradients',
    alt: 'Gradient norm over that of the start, by step, with a dashed line at 10. On inputs that are not scaled the rate 0.012 makes it grow without an end; at 0.001 it falls.',
    spec: async () => powers(await two({ title: 'SGD at 0.012, and at 0.001, on inputs that are not scaled', xTitle: 'step', yTitle: 'norm / norm at the start', logY: true, threshold: 10 }, growing(0.012, 5), growing(0.001, 5), (of) => overStart(each(of, ({ gradientNorm }) => gradientNorm)))),
  },
  {
    rule: 'gradient-spike',
    alt: 'Gradient norm by step, with a dashed line at ten times the usual. One batch with labels 100 times too large stands out far above the line; without it none does.',
    spec: async () => {
      const run = async (factor: number): Promise<Series> => each(await watch(regression({ data: withOutlier(factor), optimizer: sgd(0.005), fit: { epochs: 1 } })), ({ gradientNorm }) => gradientNorm);
      const faulty = await run(100);
      const usual = faulty.y.slice(0, 30).toSorted((a, b) => a - b)[15] ?? NaN;
      return curves({ title: 'One batch with labels 100 times too large, and none', xTitle: 'step', yTitle: 'gradient norm', faulty, healthy: await run(1), logY: true, threshold: 10 * usual });
    },
  },
  {
    rule: 'weights-growing',
    alt: 'Norm of the kernel over that in the middle of the run, with a dashed line at 2. Under a loss without a least value it doubles from the middle to the end; under the mean square it is level.',
    spec: () => two({ title: 'A loss without a lower bound, and the mean square', xTitle: 'step', yTitle: 'norm / norm in the middle', threshold: 2 }, regression({ model: () => dense({ units: [] }), loss: unbounded, optimizer: { name: 'momentum', learningRate: 0.05, momentum: 0.9 } }), regression({ model: () => dense({ units: [] }), optimizer: sgd(0.05) }), normOver),
  },
  {
    rule: 'weights-unchanged',
    alt: 'Norm of what each step changes in the first kernel. Behind units that are dead it is exactly 0, in a sound network it is not.',
    spec: () =>
      two({ title: 'A kernel of dead units, and one of sound units', xTitle: 'step', yTitle: 'norm of the update' }, regression({ model: () => dense({ activation: 'relu', bias: -50 }), fit: { epochs: 5 } }), regression({ model: () => dense({ activation: 'relu' }), fit: { epochs: 5 } }), (of) => each(of, (now) => kernels(now)[0]?.updateNorm ?? NaN)),
  },
  {
    rule: 'data-bound',
    alt: 'Share of the time that the loop waits for data, by step, with a dashed line at 0.5. A source that takes 15 ms a batch is above the line; the same data in memory is near 0.',
    spec: () =>
      two({ title: 'A source that takes 15 ms a batch, and data in memory', xTitle: 'step', yTitle: 'share of waiting', threshold: 0.5 }, regression({ data: slowly(smooth(512), 15), fit: { epochs: 2, prefetch: 0 } }), regression({ data: slowly(smooth(512), 0), fit: { epochs: 2 } }), (of) => each(of, ({ times: { data, total } }) => data / total)),
  },
  {
    rule: 'learning-rate-zero',
    alt: 'Learning rate by step. A cosine schedule for 20 steps has come to 0 after a quarter of the run and stays there; one for all 80 steps comes to 0 at the end.',
    spec: () => {
      const task = (tMax: number): Ask => regression({ optimizer: adam(0.01), plugins: [lrScheduler({ schedule: (step) => 0.005 * (1 + Math.cos(Math.PI * Math.min(1, step / tMax))), logEvery: 1 })] });
      return two({ title: 'A schedule for 20 steps of a run of 80, and one for 80', xTitle: 'step', yTitle: 'learning rate' }, task(20), task(80), (of) => each(of, ({ learningRate }) => learningRate));
    },
  },
  {
    rule: 'step-time-outlier',
    alt: 'Milliseconds of each step. A source that stops for 100 ms at every eighth batch stands out; one without stops is level.',
    spec: async () => {
      const run = async (milliseconds: number): Promise<Series> => {
        const loop = each(await watch(regression({ data: stopping(milliseconds), fit: { epochs: 3, prefetch: 0 } })), ({ times: { loop: ms } }) => ms ?? NaN);
        return { x: loop.x.slice(6), y: loop.y.slice(6).map((value, i) => value - (loop.y[i + 5] ?? NaN)) };
      };
      return curves({ title: 'A source that stops at every eighth batch, and one that does not', xTitle: 'step', yTitle: 'ms', faulty: await run(100), healthy: await run(0) });
    },
  },
  {
    rule: 'validation-overfitting',
    alt: 'Validation loss by epoch of a model that has learned all it can. On 16 samples and at the rate 0.2 it goes up and down by much, and its lowest is luck; on 512 samples and at 0.02 it is nearly level.',
    spec: () => {
      const task = (count: number, learningRate: number): Ask => regression({ model: () => dense({ units: [] }), data: noisyLabels(256, 0.8, 'many'), validation: noisyLabels(count, 0.8, 'held'), optimizer: adam(learningRate), fit: { epochs: 40, batchSize: 32 }, every: 10 });
      return two({ title: 'Validation on 16 samples at a rate of 0.2, on 512 at 0.02', xTitle: 'epoch', yTitle: 'validation loss' }, task(16, 0.2), task(512, 0.02), ({ validation }) => validation);
    },
  },
];

export const watchPlots: readonly RulePlot[] = [...rulePlots, ...pluginPlots];
