import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Experiment } from '../../src/diagnosis/index.js';
import { curves, histogram, type RulePlot, type Series } from './plot.js';
import { classifier, clusters, compared, dig, net, normals, numbersIn, oneHot, pick, range, regression, seeded, targets, type Measured } from './preflight-setups.js';

const rows = clusters(300, 3);
const oneHots = oneHot(rows.labels, 3);
const logits = (loss: Experiment['loss'], labels: number[][] = oneHots): Experiment => classifier({ model: () => net(6, 3), loss, data: { inputs: rows.inputs, labels } });

/** A number of one sample of three classes, the first of them right, over the logit of that class. */
async function overLogit(from: number, to: number, of: (logits: tf.Tensor2D) => tf.Tensor): Promise<Series> {
  const x = range(61).map((i) => from + ((to - from) * i) / 60);
  const y = await Promise.all(x.map(async (right) => (await of(tf.tensor2d([[right, 0, -0.5]])).data())[0] ?? NaN));
  return { x, y };
}
const right = (): tf.Tensor2D => tf.tensor2d([[1, 0, 0]]);
const crossEntropy = (x: tf.Tensor2D): tf.Tensor => tf.losses.softmaxCrossEntropy(right(), x);
const firstOf = (x: tf.Tensor): tf.Tensor => tf.slice(x, [0, 0], [1, 1]);
const withBias = (bias: readonly number[]) => (): LayersModel => {
  const model = net(6, bias.length, 'softmax');
  const last = model.layers.at(-1);
  const [kernel] = last?.getWeights() ?? [];
  if (kernel !== undefined) last?.setWeights([kernel, tf.tensor1d([...bias])]);
  return model;
};
const atStart = (measured: Measured): number => pick(measured, 'loss');
const rare = range(400).map((i) => Number(i % 20 === 0));
const predictions = async (units: 'sigmoid' | 'softmax'): Promise<number[]> => {
  const model = seeded(() => net(4, 1, units));
  const found = model.predict(tf.tensor2d(numbersIn)) as tf.Tensor;
  return [...(await found.data())];
};
const errors = range(81).map((i) => (i - 40) / 4);
const preference = (which: 'right' | 'wrong') => (measured: Measured): number => pick(measured, 'out', 'preference', 0, which);
const batchOf = (which: 'batch' | 'meanOfSingles') => (measured: Measured): number => pick(measured, 'out', which);
const squared = (y: tf.Tensor, p: tf.Tensor): tf.Tensor => tf.square(tf.sub(y, p));

export const lossPlots: readonly RulePlot[] = [
  compared({
    rule: 'initial-loss',
    alt: 'Bars of the loss before training beside that of a model that knows nothing, ln 3 = 1.1: the faulty model, with a last bias of 20 for one class, begins at about 11; the sound one near 1.1.',
    check: 'initial-loss',
    title: 'Loss before training, and that of knowing nothing',
    yTitle: 'loss',
    faulty: () => classifier({ model: withBias([20, 0, 0]), data: rows }, 3),
    sound: () => classifier({ model: withBias([0, 0, 0]), data: rows }, 3),
    read: { 'before training': atStart, 'knowing nothing': (measured) => pick(measured, 'out', 'chance') },
  }),
  compared({
    rule: 'prior-bias',
    alt: 'Two bars: the loss before training where one of twenty samples is of class 1. It is about 1.2 with biases of 0, and about 0.25 with the labels\' prior as bias.',
    check: 'initial-loss',
    title: 'Loss before training: bias of 0 (faulty), of the prior (sound)',
    yTitle: 'loss',
    faulty: () => classifier({ model: withBias([0, 0]), data: { inputs: clusters(400).inputs, labels: rare } }),
    sound: () => classifier({ model: withBias([Math.log(0.95), Math.log(0.05)]), data: { inputs: clusters(400).inputs, labels: rare } }),
    read: { 'before training': atStart },
  }),
  {
    rule: 'logits-and-loss',
    alt: 'Two curves of the loss over the logit of the right class. Where a softmax goes into a loss that takes logits, it stays at 0.5 however sure the model is; with logits it goes down to 0.',
    spec: async () => curves({ title: 'Loss of a softmax taken for logits (faulty), and of logits (sound)', xTitle: 'logit of the right class', yTitle: 'loss', faulty: await overLogit(-4, 10, (x) => crossEntropy(tf.softmax(x))), healthy: await overLogit(-4, 10, crossEntropy) }),
  },
  {
    rule: 'output-activation',
    alt: 'Two curves of the loss over the logit of the right class. With ReLU on the logits it is flat below 0, where nothing is learned; without it falls all the way.',
    spec: async () => curves({ title: 'Loss of logits that go through ReLU (faulty), and as they are', xTitle: 'logit of the right class', yTitle: 'loss', faulty: await overLogit(-5, 5, (x) => crossEntropy(tf.relu(x))), healthy: await overLogit(-5, 5, crossEntropy) }),
  },
  {
    rule: 'output-range',
    alt: 'Histogram of the labels of a sigmoid output, which reaches 0 to 1. The faulty ones go from -3 to 3, most of them out of reach; the sound ones are scaled into 0 to 1.',
    spec: () => {
      const labels = targets.flat();
      const [least, most] = [Math.min(...labels), Math.max(...labels)];
      return Promise.resolve(histogram({ title: 'Labels of an output that reaches 0 to 1', xTitle: 'label', faulty: labels, healthy: labels.map((y) => (y - least) / (most - least)) }));
    },
  },
  {
    rule: 'softmax-of-one',
    alt: 'Histogram of the predictions of an untrained model for 300 samples: all are 1 with a softmax over one unit; with a sigmoid they are spread between 0 and 1.',
    spec: async () => histogram({ title: 'Predictions of one unit: softmax (faulty), sigmoid (sound)', xTitle: 'prediction', faulty: await predictions('softmax'), healthy: await predictions('sigmoid') }),
  },
  {
    rule: 'double-softmax',
    alt: 'Two curves of the probability of the right class over its logit. With softmax applied twice it stays below 0.58 however large the logit is; applied once it goes to 1.',
    spec: async () => curves({ title: 'Softmax applied twice (faulty) and once (sound)', xTitle: 'logit of the right class', yTitle: 'probability', faulty: await overLogit(-4, 10, (x) => firstOf(tf.softmax(tf.softmax(x)))), healthy: await overLogit(-4, 10, (x) => firstOf(tf.softmax(x))) }),
  },
  {
    rule: 'loss-arguments-swapped',
    alt: 'Two curves of the loss over the logit of the right class. With labels and logits in each other\'s place it is a straight line that rises with the logit of the right class, and falls for ever the other way; in the right order it bends and ends at 0.',
    spec: async () => curves({ title: 'Loss with arguments swapped (faulty), and in order (sound)', xTitle: 'logit of the right class', yTitle: 'loss', faulty: await overLogit(-4, 8, (x) => tf.losses.softmaxCrossEntropy(x, right())), healthy: await overLogit(-4, 8, crossEntropy) }),
  },
  {
    rule: 'loss-not-bounded',
    alt: 'Two curves of the loss over the error of a prediction. The squared error rises on both sides; the faulty loss rises up to an error of 5, and falls below 0 beyond 7.',
    spec: () => Promise.resolve(curves({ title: 'Loss over the error', xTitle: 'prediction - label', yTitle: 'loss', faulty: { x: errors, y: errors.map((e) => e ** 2 - 0.02 * e ** 4) }, healthy: { x: errors, y: errors.map((e) => e ** 2) }, threshold: 0 })),
  },
  compared({
    rule: 'loss-prefers-wrong',
    alt: 'Bars of the loss of right and of wrong predictions. In the faulty one, a log-likelihood without its minus, wrong ones cost less than right ones; in the sound one it is the other way round.',
    check: 'loss-soundness',
    title: 'Loss of right and of wrong predictions',
    yTitle: 'loss',
    faulty: () => logits((y, x) => tf.mean(tf.sum(tf.mul(y, tf.logSoftmax(x)), -1))),
    sound: () => logits((y, x) => tf.neg(tf.mean(tf.sum(tf.mul(y, tf.logSoftmax(x)), -1)))),
    read: { right: preference('right'), wrong: preference('wrong') },
  }),
  {
    rule: 'loss-broadcast',
    alt: 'Two curves of the loss while predictions go from the mean of the labels, at 0, to the labels themselves, at 1. Where labels of one axis meet predictions of two it rises, and the mean is the best answer; with equal shapes it falls to 0.',
    spec: async () => {
      const [labels, x] = [tf.tensor1d(targets.flat()), range(21).map((i) => i / 20)];
      const middle = tf.mean(labels);
      const along = (shape: number[]): Promise<number[]> =>
        Promise.all(x.map(async (by) => (await tf.mean(squared(labels, tf.reshape(tf.add(middle, tf.mul(tf.sub(labels, middle), by)), shape))).data())[0] ?? NaN));
      return curves({
        title: 'Loss with unequal shapes (faulty) and equal ones (sound)',
        xTitle: 'predictions: 0 the mean of the labels, 1 the labels',
        yTitle: 'mean squared error',
        faulty: { x, y: await along([targets.length, 1]) },
        healthy: { x, y: await along([targets.length]) },
      });
    },
  },
  compared({
    rule: 'loss-ignores-labels',
    alt: 'Two bars on a logarithmic axis: how much the gradient changes with the labels of other samples. It is 0, drawn at a billionth, where the mean error is taken without a square, below the line at 0.00001, and about 1 for the squared error.',
    check: 'loss-soundness',
    title: 'Change of the gradient with labels of other samples',
    yTitle: 'change / size',
    faulty: () => regression({ loss: (y, p) => tf.mean(tf.sub(p, y)) }),
    sound: () => regression({ loss: (y, p) => tf.mean(squared(y, p)) }),
    read: { gradient: (measured) => Math.max(2e-9, ...(dig(measured, 'out', 'gradientChangeWithOtherLabels') as readonly number[])) },
    threshold: 1e-5,
    logY: true,
  }),
  compared({
    rule: 'loss-mixes-samples',
    alt: 'Bars of the loss of a batch and of the mean loss of its samples one by one. For a correlation over the batch they differ; for the mean squared error they are the same.',
    check: 'loss-soundness',
    title: 'Loss of a batch, and mean loss of its samples',
    yTitle: 'loss',
    faulty: () =>
      regression({
        loss: (y, p) => {
          const [a, b] = [tf.sub(y, tf.mean(y)), tf.sub(p, tf.mean(p))];
          return tf.neg(tf.div(tf.sum(tf.mul(a, b)), tf.add(1e-6, tf.mul(tf.norm(a), tf.norm(b)))));
        },
      }),
    sound: () => regression({ loss: (y, p) => tf.mean(squared(y, p)) }),
    read: { 'as a batch': batchOf('batch'), 'one by one, mean': batchOf('meanOfSingles') },
  }),
  {
    rule: 'loss-sum-not-mean',
    alt: 'Two curves of the size of the gradient over the batch size. Of a loss that is a sum it grows in proportion; of one that is a mean it stays the same.',
    spec: async () => {
      const [y, p] = [normals(256, 'labels'), normals(256, 'predictions')];
      const counts = range(9).map((i) => 2 ** i);
      const slope = async (of: (error: tf.Tensor) => tf.Tensor, count: number): Promise<number> => {
        const [labels, predictions2] = [tf.tensor1d(y.slice(0, count)), tf.tensor1d(p.slice(0, count))];
        const gradient = tf.grad((offset) => of(squared(labels, tf.add(predictions2, offset))));
        return Math.abs((await gradient(tf.scalar(1)).data())[0] ?? NaN);
      };
      const [sums, means] = [await Promise.all(counts.map((count) => slope((e) => tf.sum(e), count))), await Promise.all(counts.map((count) => slope((e) => tf.mean(e), count)))];
      return curves({ title: 'Gradient by a bias: of a sum (faulty), of a mean (sound)', xTitle: 'batch size', yTitle: 'gradient', faulty: { x: counts, y: sums }, healthy: { x: counts, y: means }, logX: true, logY: true });
    },
  },
  compared({
    rule: 'targets-not-scaled',
    alt: 'Bars on a logarithmic axis: how far predictions are from the labels, and how far the planned steps can move them. In the faulty set-up, prices of 200,000, the steps reach a small part of the way; in the sound one, labels of about 20 and a higher rate, they reach further than is needed.',
    check: 'targets-scale',
    title: 'Way to the labels, and reach of the planned steps',
    yTitle: 'size, in units of the labels',
    faulty: () => regression({ optimizer: { name: 'adam', learningRate: 0.001 }, data: { inputs: numbersIn, labels: targets.map(([y = 0]) => [200_000 + 80_000 * y]) } }),
    sound: () => regression({ optimizer: { name: 'adam', learningRate: 0.02 }, data: { inputs: numbersIn, labels: targets.map(([y = 0]) => [20 + 8 * y]) } }),
    read: { 'way to the labels': (measured) => pick(measured, 'distance'), 'reach of the steps': (measured) => pick(measured, 'reach') },
    logY: true,
  }),
];
