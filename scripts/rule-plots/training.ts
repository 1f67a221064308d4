import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import type { Experiment } from '../../src/diagnosis/index.js';
import { bars, colours, curves, type RulePlot, type Series } from './plot.js';
import { dense, each, kernels, largestRatio, measured, numbers, overSteps, randomFor, running, shuffled, smooth, times, upright, watch, type Data } from './trainings.js';

type Loss = (labels: tf.Tensor, predictions: tf.Tensor) => tf.Tensor;
const loss = 'meanSquaredError';

/** What the check measured of two experiments. */
const both = async (check: string, faulty: Experiment, sound: Experiment): Promise<[Awaited<ReturnType<typeof measured>>, Awaited<ReturnType<typeof measured>>]> => [await measured(faulty, check), await measured(sound, check)];

/** The losses of one small batch, trained on again and again. */
const oneBatch = async (title: string, faulty: Experiment, sound: Experiment, { logY = false } = {}): Promise<ReturnType<typeof curves>> => {
  const [bad, good] = await both('overfit-one-batch', faulty, sound);
  return curves({ title, xTitle: 'step, on one batch', yTitle: 'loss', faulty: overSteps(numbers(bad.measured['losses'])), healthy: overSteps(numbers(good.measured['losses'])), logY });
};

const experiment = (rest: Partial<Experiment> = {}): Experiment => ({ model: () => dense(), loss, optimizer: { name: 'adam', learningRate: 0.01 }, data: smooth(200), fit: { batchSize: 16, epochs: 20 }, ...rest });

class Still extends tf.SGDOptimizer {
  override applyGradients(): void {
    // Forgets to assign.
  }
}

class Uphill extends tf.SGDOptimizer {
  override applyGradients(gradients: Parameters<tf.SGDOptimizer['applyGradients']>[0]): void {
    const turned = Array.isArray(gradients) ? gradients.map(({ name, tensor }) => ({ name, tensor: tf.neg(tensor) })) : Object.fromEntries(Object.entries(gradients).map(([name, tensor]) => [name, tf.neg(tensor)]));
    super.applyGradients(turned);
  }
}

/** A mean square whose gradient has the given factor. */
const scaled = (factor: number): Loss => (labels, predictions) =>
  tf.customGrad((y, p, save) => {
    (save as tf.GradSaveFunc)([y as tf.Tensor, p as tf.Tensor]);
    return {
      value: tf.mean(tf.squaredDifference(y as tf.Tensor, p as tf.Tensor)),
      gradFunc: (dy: tf.Tensor, [of, at]: tf.Tensor[]) => [tf.zerosLike(of!), tf.mul(dy, tf.mul((2 * factor) / at!.size, tf.sub(at!, of!)))],
    };
  })(labels, predictions);

/** Batch normalisation and nothing else between two layers. */
function normalised(): LayersModel {
  const model = sequential();
  model.add(layers.dense({ units: 16, inputShape: [4], kernelInitializer: initializers.glorotUniform({ seed: 1 }) }));
  model.add(layers.batchNormalization());
  model.add(layers.activation({ activation: 'relu' }));
  model.add(layers.dense({ units: 1, kernelInitializer: initializers.glorotUniform({ seed: 2 }) }));
  return model;
}

/** A cut that lets nothing back: what is read is no part of the graph. */
const cut = (values: tf.Tensor2D): tf.Tensor2D => tf.tensor2d(Array.from(values.dataSync()), values.shape);

/** Two kernels written by hand, the first cut off where it is said. */
function byHand(isCut: boolean): Experiment['model'] {
  const first = tf.variable(tf.randomNormal<tf.Rank.R2>([4, 8], 0, 0.5, 'float32', 1));
  const second = tf.variable(tf.randomNormal<tf.Rank.R2>([8, 1], 0, 0.5, 'float32', 2));
  return {
    forward: (input: tf.Tensor2D) => {
      const hidden: tf.Tensor2D = tf.tanh(tf.matMul(input, first as tf.Tensor2D));
      return tf.matMul(isCut ? cut(hidden) : hidden, second);
    },
    trainableWeights: { first, second },
  };
}

/** A loss with a plus for a minus: it is least where predictions are the labels' negative. */
const turned: Loss = (labels, predictions) => tf.mean(tf.square(tf.add(labels, predictions)));
const square: Loss = (labels, predictions) => tf.mean(tf.squaredDifference(labels, predictions));

export const correlations = async (of: Parameters<typeof watch>[0]): Promise<Series> => each(await watch(of), ({ outputs }) => outputs[0]?.correlation ?? NaN);

interface Rung {
  readonly size: number;
  readonly start: number;
  readonly best: number;
}
const falls = (rungs: unknown): Series => {
  const all = rungs as readonly Rung[];
  return { x: all.map(({ size }) => size), y: all.map(({ start, best }) => (start - best) / Math.abs(start)) };
};

export const trainingPlots: readonly RulePlot[] = [
  {
    rule: 'accumulates-over-epochs',
    alt: 'Loss over epochs. With gradients of 40 batches in an update an epoch of 13 batches makes one update, and the loss falls slowly; with 2 batches in an update it falls at once.',
    spec: async () => {
      const run = async (accumulateSteps: number): Promise<Series> => (await watch({ model: () => dense(), loss, optimizer: { name: 'adam', learningRate: 0.01 }, accumulateSteps, data: smooth(200), fit: { epochs: 12 } })).epochs;
      return curves({ title: 'An update from 40 batches, and from 2', xTitle: 'epoch of 13 batches', yTitle: 'loss', faulty: await run(40), healthy: await run(2) });
    },
  },
  {
    rule: 'batch-larger-than-data',
    alt: 'Loss over epochs. With one batch of all 100 samples an epoch is one step, and the loss falls slowly; with batches of 10 it falls ten times as often.',
    spec: async () => {
      const run = async (batchSize: number): Promise<Series> => (await watch({ model: () => dense(), loss, optimizer: { name: 'adam', learningRate: 0.01 }, data: smooth(100), fit: { epochs: 20, batchSize } })).epochs;
      return curves({ title: 'Batches of 512, of 100 samples, and batches of 10', xTitle: 'epoch', yTitle: 'loss', faulty: await run(512), healthy: await run(10) });
    },
  },
  {
    rule: 'batch-too-small-for-batchnorm',
    alt: 'Loss over epochs of a network with batch normalisation. With batches of 1 sample it stays near the variance of the labels; with batches of 16 it falls.',
    spec: async () => {
      const run = async (batchSize: number): Promise<Series> => (await watch({ model: normalised, loss, optimizer: { name: 'adam', learningRate: 0.01 }, data: smooth(96), fit: { epochs: 12, batchSize }, every: 50 })).epochs;
      return curves({ title: 'Batch normalisation over 1 sample and over 16', xTitle: 'epoch', yTitle: 'loss', faulty: await run(1), healthy: await run(16) });
    },
  },
  {
    rule: 'cannot-fit-one-batch',
    alt: 'Loss of one batch of 16 samples over 150 steps. Where the inputs are a millionth of what they should be it stays near the variance of the labels; at their usual size it comes close to 0.',
    spec: () => oneBatch('Inputs of a millionth of their size, and as they are', experiment({ data: times(smooth(200), 1e-6) }), experiment()),
  },
  {
    rule: 'clipping-too-tight',
    alt: 'Norm of the gradient over the limit of clipping, by step. With a limit of 0.001 every step is cut by a factor of some thousand, above the line at 100; with a limit of 5 none is cut.',
    spec: async () => {
      const run = async (limit: number): Promise<Series> => {
        const { measured: seen } = await measured(experiment({ optimizer: { name: 'sgd', learningRate: 0.05 }, clip: { globalNorm: limit } }), 'optimizer-settings');
        return overSteps(numbers(seen['norms']).map((norm) => norm / limit));
      };
      return curves({ title: 'Clipping to a norm of 0.001, and of 5', xTitle: 'step', yTitle: 'gradient norm / limit', faulty: await run(0.001), healthy: await run(5), logY: true, threshold: 100 });
    },
  },
  {
    rule: 'inputs-do-not-explain-labels',
    alt: 'Loss on held-out samples over epochs, with a dashed line at the loss without inputs. With labels in another order than the inputs it never gets below the line; with labels in their places it does at once.',
    spec: async () => {
      const run = async (data: Data): Promise<Series> => (await watch({ model: () => dense({ units: [32, 32], activation: 'relu', kernels: 'he' }), loss, optimizer: { name: 'adam', learningRate: 0.005 }, data, validation: smooth(128, 'held'), fit: { epochs: 25 }, every: 100 })).validation;
      const held = smooth(128, 'held').labels.map(([y = 0]) => y);
      const mean = held.reduce((sum, y) => sum + y, 0) / held.length;
      const variance = held.reduce((sum, y) => sum + (y - mean) ** 2, 0) / held.length;
      return curves({ title: 'Labels in another order, and in their places', xTitle: 'epoch', yTitle: 'loss on held-out samples', faulty: await run(shuffled(smooth(256))), healthy: await run(smooth(256)), threshold: variance });
    },
  },
  {
    rule: 'inputs-ignored',
    alt: 'Spread of the outputs over different inputs, before training and after 10 steps. With hidden units that are all dead it is 0, drawn as 0.00000001, below the line at 0.000001; in a sound network it is near 1.',
    spec: async () => {
      const faulty = await measured(experiment({ model: () => dense({ activation: 'relu', bias: -50 }) }), 'sees-inputs');
      const sound = await measured(experiment(), 'sees-inputs');
      const least = 1e-8;
      const of = ({ measured: seen }: typeof faulty, name: string): number => Math.max(least, Number(seen[name] ?? seen['spread']));
      return bars({ title: 'Outputs of hidden units that are dead, and of sound ones', yTitle: 'spread / size of the outputs', groups: [['before', 'spread'], ['after 10 steps', 'trained']].map(([name = '', key = '']) => ({ name, faulty: of(faulty, key), healthy: of(sound, key) })), logY: true, threshold: 1e-6 });
    },
  },
  {
    rule: 'ladder-does-not-improve',
    alt: 'Share by which the loss of held-out samples falls, for networks of 2, 4, 8, 16 and 32 units. With hidden units that are all dead none comes to the line at 0.05; with sound ones all do.',
    spec: async () => {
      const run = async (bias: number): Promise<Series> => {
        const { measured: seen } = await measured(experiment({ ladder: { sizes: [2, 4, 8, 16, 32], model: (size) => dense({ units: [size], activation: bias === 0 ? 'tanh' : 'relu', bias }) } }), 'ladder');
        return falls(seen['rungs']);
      };
      return curves({ title: 'Hidden units that are all dead, and sound ones', xTitle: 'hidden units', yTitle: 'fall / loss at the start', faulty: await run(-50), healthy: await run(0), logX: true, threshold: 0.05 });
    },
  },
  {
    rule: 'learning-rate-range',
    alt: 'Smoothed loss while the learning rate grows from 0.000001 to 10, one step a rate, with grey lines where the loss begins to fall and where it is least. An upright line at 3 lies far to the right of them, one at 0.03 between them.',
    spec: async () => {
      const { measured: seen } = await measured(experiment({ optimizer: { name: 'sgd', learningRate: 3 }, data: smooth(1024), fit: { batchSize: 256 } }), 'learning-rate-range');
      const all: Series = { x: numbers(seen['rates']), y: numbers(seen['losses']) };
      const end = all.y.findIndex((value) => value > 1.2 * (all.y[0] ?? Infinity));
      const sweep: Series = end < 0 ? all : { x: all.x.slice(0, end), y: all.y.slice(0, end) };
      const ends = [Number(seen['min']), Number(seen['max'])];
      return upright(curves({ title: 'A sweep of the rate; rates of 3 (faulty) and 0.03 (sound)', xTitle: 'learning rate', yTitle: 'smoothed loss', faulty: { x: [], y: [] }, healthy: sweep, logX: true }), [...ends.map((x) => ({ x, colour: colours.threshold })), { x: 3, colour: colours.faulty }, { x: 0.03, colour: colours.healthy }]);
    },
  },
  {
    rule: 'learning-rate-too-high',
    alt: 'Update of a kernel over its norm, the largest of each step, with a dashed line at 0.1. With Adam at the rate 1 it is above the line, at the rate 0.003 some hundred times below.',
    spec: async () => {
      const run = async (learningRate: number): Promise<Series> => each(await watch({ model: () => dense({ units: [16, 16] }), loss, optimizer: { name: 'adam', learningRate }, data: smooth(200), fit: { epochs: 6 } }), largestRatio);
      return curves({ title: 'Adam at a rate of 1, and of 0.003', xTitle: 'step', yTitle: 'update / weight', faulty: await run(1), healthy: await run(0.003), logY: true, threshold: 0.1 });
    },
  },
  {
    rule: 'learning-rate-too-low',
    alt: 'Updates over the weight, summed up over the steps. At the rate 0.000001 the sum stays below the dashed line at 0.01 for the whole run; at 0.003 it crosses it in the first steps.',
    spec: async () => {
      const run = async (learningRate: number): Promise<Series> => running(each(await watch({ model: () => dense(), loss, optimizer: { name: 'sgd', learningRate }, data: smooth(200), fit: { epochs: 12 } }), largestRatio), (sum, ratio) => sum + ratio, 0);
      return curves({ title: 'SGD at a rate of 0.000001, and of 0.003', xTitle: 'step', yTitle: 'updates / weight, summed', faulty: await run(1e-6), healthy: await run(0.003), logY: true, threshold: 0.01 });
    },
  },
  {
    rule: 'loss-improves-predictions-worsen',
    alt: 'Correlation of predictions and labels by step, with a dashed line at -0.3. Under a loss with a wrong sign it goes to -1, under the right one to 1.',
    spec: async () => {
      const run = (each: Loss): Promise<Series> => correlations({ model: () => dense(), loss: each, optimizer: { name: 'adam', learningRate: 0.01 }, data: smooth(128), fit: { epochs: 15, batchSize: 32 } });
      return curves({ title: 'Mean of (label + prediction)², and of (label - prediction)²', xTitle: 'step', yTitle: 'correlation with the labels', faulty: await run(turned), healthy: await run(square), threshold: -0.3 });
    },
  },
  {
    rule: 'loss-rises',
    alt: 'Loss of one batch over the steps. An optimizer that adds the gradient raises it from the first step on, one that takes it off lowers it.',
    spec: () => oneBatch('An optimizer that goes up the gradient, and one that goes down', experiment({ optimizer: new Uphill(0.002) as tf.Optimizer }), experiment({ optimizer: { name: 'sgd', learningRate: 0.002 } })),
  },
  {
    rule: 'no-gradient',
    alt: 'Norm of the gradient of three kernels. Where the second hidden layer is dead, those of the first two are exactly 0; in a sound network all are above 0.',
    spec: async () => {
      const model = (bias: number): LayersModel => {
        const net = sequential();
        net.add(layers.dense({ units: 16, activation: 'relu', inputShape: [4], kernelInitializer: initializers.heNormal({ seed: 1 }) }));
        net.add(layers.dense({ units: 16, activation: 'relu', kernelInitializer: initializers.heNormal({ seed: 2 }), biasInitializer: initializers.constant({ value: bias }) }));
        net.add(layers.dense({ units: 1, kernelInitializer: initializers.heNormal({ seed: 3 }) }));
        return net;
      };
      const norms = async (bias: number): Promise<number[]> => kernels((await watch({ model: () => model(bias), loss, data: smooth(32), fit: { epochs: 1 } })).statistics[0]!.of).map(({ gradientNorm }) => gradientNorm ?? 0);
      const [faulty, sound] = [await norms(-50), await norms(0)];
      return bars({ title: 'A second layer of dead units, and of sound ones', yTitle: 'gradient norm', groups: ['first kernel', 'second kernel', 'last kernel'].map((name, i) => ({ name, faulty: faulty[i] ?? 0, healthy: sound[i] ?? 0 })) });
    },
  },
  {
    rule: 'gradient-lost',
    alt: 'How fast the loss changes with the first kernel: as the gradient says, and as moving the kernel shows. Behind dataSync() the gradient says 0 and the loss changes all the same; in a sound model both agree.',
    spec: async () => {
      const [bad, good] = await both('gradient-check', experiment({ model: byHand(true) }), experiment({ model: byHand(false) }));
      const lost = (bad.evidence('gradient-lost')['lost'] as { numeric: number }[] | undefined)?.[0]?.numeric ?? 0;
      const [sound] = good.measured['compared'] as { analytic: number; numeric: number }[];
      return bars({ title: 'A value read by dataSync() on the way, and none', yTitle: 'change of the loss per unit', groups: [{ name: 'by the gradient', faulty: 0, healthy: sound?.analytic ?? 0 }, { name: 'by moving it', faulty: Math.abs(lost), healthy: sound?.numeric ?? 0 }] });
    },
  },
  {
    rule: 'wrong-gradient',
    alt: 'How fast the loss changes with the first kernel: as the gradient says, and as moving the kernel shows. With a wrong sign in tf.customGrad the two have opposite signs; in a sound loss they agree.',
    spec: async () => {
      const [bad, good] = await both('gradient-check', experiment({ loss: scaled(-1) }), experiment({ loss: scaled(1) }));
      const of = ({ measured: seen }: typeof bad): { analytic: number; numeric: number } => (seen['compared'] as { analytic: number; numeric: number }[])[0]!;
      return bars({ title: 'A wrong sign in tf.customGrad, and the right one', yTitle: 'change of the loss per unit', groups: [{ name: 'by the gradient', faulty: of(bad).analytic, healthy: of(good).analytic }, { name: 'by moving it', faulty: of(bad).numeric, healthy: of(good).numeric }] });
    },
  },
  {
    rule: 'not-reproducible',
    alt: 'Difference of the losses of two runs from one state, by step. With noise from a generator that goes on from run to run they differ at every step; with all random numbers from Math.random they are the same to the bit.',
    spec: async () => {
      const own = randomFor('own-noise');
      const noisy = (draw: () => number): Loss => (labels, predictions) => tf.mean(tf.squaredDifference(labels, tf.add(predictions, 0.3 * draw())));
      const run = async (of: Loss): Promise<Series> => {
        const { measured: seen } = await measured(experiment({ loss: of }), 'reproducible');
        const [one = [], two = []] = (seen['losses'] as number[][] | undefined) ?? [];
        return overSteps(one.map((value, i) => Math.abs(value - (two[i] ?? NaN))));
      };
      return curves({ title: 'Noise from a generator of its own, and from Math.random', xTitle: 'step', yTitle: 'difference of two runs', faulty: await run(noisy(() => own.float())), healthy: await run(noisy(() => Math.random())) });
    },
  },
  {
    rule: 'optimizer-does-not-update',
    alt: 'Loss of one batch over the steps. Under an optimizer that assigns nothing it is one level line, under SGD it falls.',
    spec: () => oneBatch('An optimizer that assigns nothing, and SGD', experiment({ optimizer: new Still(0.05) as tf.Optimizer }), experiment({ optimizer: { name: 'sgd', learningRate: 0.05 } })),
  },
  {
    rule: 'optimizer-settings',
    alt: 'Loss of one batch over the steps. Adam with an epsilon of 100 hardly moves it; with the usual 0.0000001 it falls.',
    spec: () => oneBatch('Adam with an epsilon of 100, and of 0.0000001', experiment({ optimizer: { name: 'adam', learningRate: 0.01, epsilon: 100 } }), experiment()),
  },
  {
    rule: 'weight-decay-too-strong',
    alt: 'Loss of one batch over the steps. With a decay that takes a fifth off every weight in each step it falls little; with 0.01 it falls to near 0.',
    spec: () => oneBatch('A weight decay of 20 at a rate of 0.01, and of 0.01', experiment({ weightDecay: { rate: 20 } }), experiment({ weightDecay: { rate: 0.01 } })),
  },
  {
    rule: 'non-finite-at-start',
    alt: 'Share of the batches before the first update that give a loss which is no number. Under the logarithm of a prediction that may be below 0 all do; with a floor of 0.0000001 under the logarithm none does.',
    spec: async () => {
      const logarithm = (floor: number): Loss => (labels, predictions) => tf.mean(tf.squaredDifference(labels, tf.log(floor > 0 ? tf.maximum(predictions, floor) : predictions)));
      const [bad, good] = await both('finite-at-start', experiment({ loss: logarithm(0) }), experiment({ loss: logarithm(1e-7) }));
      const share = ({ measured: seen }: typeof bad): number => Number(seen['notFinite']) / Number(seen['batches']);
      return bars({ title: 'The logarithm of a prediction below 0, and one with a floor', yTitle: 'share of batches', groups: [{ name: 'not finite', faulty: share(bad), healthy: share(good) }] });
    },
  },
];
