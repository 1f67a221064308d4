import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { compileLoss, lossNames, type LossEntry, type LossFunction, type LossName } from '../../../src/trainer/loss/index.js';
import { expectClose, expectNoLeak, onBackends, read } from '../on-backends.js';

type Row = readonly number[];
/** A sample's loss in double precision, written from the definition. */
type Reference = (y: Row, p: Row) => number;

const mean = (values: Row): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const sum = (values: Row): number => values.reduce((total, value) => total + value, 0);
const each = (y: Row, p: Row, f: (y: number, p: number) => number): number[] => y.map((value, i) => f(value, p[i]!));
const clip = (x: number): number => Math.min(Math.max(x, 1e-7), 1 - 1e-7);
const logSoftmax = (x: Row): number[] => {
  const top = Math.max(...x);
  const rest = Math.log(sum(x.map((value) => Math.exp(value - top))));
  return x.map((value) => value - top - rest);
};
const dot = (a: Row, b: Row): number => sum(each(a, b, (x, y) => x * y));

const oneHot = [[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 1]];
const classes = [[1], [0], [2], [2]];
const probabilities = [[0.2, 0.5, 0.3], [0.7, 0.2, 0.1], [0.25, 0.25, 0.5], [0.6, 0.3, 0.1]];
// Rows that do not sum to 1, and values beyond 0..1, where the limits and the scaling show.
const loose = [[0.2, 0.9, 0.3], [0.5, 0.2, 0.1], [0.05, 1.4, 0.5], [0.6, 0.3, 0.4]];
const logits = [[1.5, -0.5, 0.25], [-3, 2, 0.125], [4, 4, -4], [0, 0.5, -0.75]];
const bits = [[0, 1, 1], [1, 0, 0], [0, 0, 1], [1, 1, 1]];
const measured = [[1.5, -2, 0.25], [0.5, 3, -1.25], [-0.75, 0.125, 2], [4, -0.5, 1]];
const guessed = [[1.25, -2.5, 1.75], [0.75, -1, -1.5], [-3, 0.5, 2.25], [3.5, -0.25, 1.5]];
const signs = [[1, -1, 1], [-1, -1, 1], [1, 1, -1], [-1, 1, 1]];
const margins = [[0.5, 0.25, 2], [-1.5, 0.75, -0.5], [0.3, 1.25, -2], [0.4, -0.6, 0.9]];
const counts = [[0, 3, 1], [2, 0, 5], [1, 1, 0], [4, 2, 2]];
const rates = [[0.5, 2.5, 1.25], [1.75, 0.25, 4.5], [1.5, 0.75, 0.3], [3.5, 2.25, 1]];

interface Case {
  readonly loss: LossEntry;
  readonly labels: readonly Row[];
  readonly predictions: readonly Row[];
  readonly reference: Reference;
  /** Under which name tfjs-layers has it, if its value is right. */
  readonly layers?: string;
}

const crossentropy: Reference = (y, p) => -sum(each(y, p.map((value) => clip(value / sum(p))), (z, q) => z * Math.log(q)));
const binary: Reference = (y, p) => -mean(each(y, p.map(clip), (z, q) => z * Math.log(q) + (1 - z) * Math.log(1 - q)));

const cases: readonly Case[] = [
  { loss: 'categoricalCrossentropy', labels: oneHot, predictions: probabilities, reference: crossentropy, layers: 'categoricalCrossentropy' },
  { loss: 'categorical_crossentropy', labels: oneHot, predictions: loose, reference: crossentropy, layers: 'categoricalCrossentropy' },
  {
    loss: { name: 'categoricalCrossentropy', fromLogits: true },
    labels: oneHot,
    predictions: logits,
    reference: (y, x) => -dot(y, logSoftmax(x)),
  },
  {
    loss: 'softmaxCrossEntropy',
    labels: [[0.25, 0.5, 0.25], [1, 0, 0], [0.1, 0.9, 0], [0, 0, 0]],
    predictions: logits,
    reference: (y, x) => -dot(y, logSoftmax(x)),
  },
  {
    loss: 'sparseCategoricalCrossentropy',
    labels: classes,
    predictions: probabilities,
    reference: (y, p) => -Math.log(clip(clip(p[y[0]!]!) / sum(p.map(clip)))),
    layers: 'sparseCategoricalCrossentropy',
  },
  {
    loss: 'sparseCategoricalCrossentropy',
    labels: classes,
    predictions: loose,
    reference: (y, p) => -Math.log(clip(clip(p[y[0]!]!) / sum(p.map(clip)))),
    layers: 'sparseCategoricalCrossentropy',
  },
  {
    loss: 'sparseCategoricalCrossentropyFromLogits',
    labels: classes,
    predictions: logits,
    reference: (y, x) => -logSoftmax(x)[y[0]!]!,
  },
  { loss: 'binaryCrossentropy', labels: bits, predictions: probabilities, reference: binary, layers: 'binaryCrossentropy' },
  {
    loss: { name: 'binaryCrossentropy', fromLogits: true },
    labels: bits,
    predictions: logits,
    reference: (y, x) => mean(each(y, x, (z, v) => Math.max(v, 0) - v * z + Math.log1p(Math.exp(-Math.abs(v))))),
  },
  {
    loss: 'kullbackLeiblerDivergence',
    labels: [[0.25, 0.5, 0.25], [1, 0, 0], [0.1, 0.9, 0], [0.3, 0.3, 0.4]],
    predictions: probabilities,
    reference: (y, p) => sum(each(y, p, (z, q) => z * Math.log(Math.max(z, 1e-7) / q))),
    layers: 'kullbackLeiblerDivergence',
  },
  { loss: 'mse', labels: measured, predictions: guessed, reference: (y, p) => mean(each(y, p, (a, b) => (b - a) ** 2)), layers: 'meanSquaredError' },
  { loss: 'mae', labels: measured, predictions: guessed, reference: (y, p) => mean(each(y, p, (a, b) => Math.abs(b - a))), layers: 'meanAbsoluteError' },
  {
    loss: 'mape',
    labels: measured,
    predictions: guessed,
    reference: (y, p) => 100 * mean(each(y, p, (a, b) => Math.abs(b - a) / Math.abs(a))),
    layers: 'meanAbsolutePercentageError',
  },
  {
    loss: 'msle',
    labels: counts,
    predictions: rates,
    reference: (y, p) => mean(each(y, p, (a, b) => (Math.log1p(Math.max(b, 1e-7)) - Math.log1p(Math.max(a, 1e-7))) ** 2)),
    layers: 'meanSquaredLogarithmicError',
  },
  {
    loss: { name: 'huber', delta: 0.6 },
    labels: measured,
    predictions: guessed,
    reference: (y, p) => mean(each(y, p, (a, b) => (Math.abs(b - a) <= 0.6 ? (b - a) ** 2 / 2 : 0.6 * Math.abs(b - a) - 0.18))),
  },
  { loss: 'logcosh', labels: measured, predictions: guessed, reference: (y, p) => mean(each(y, p, (a, b) => Math.log(Math.cosh(b - a)))), layers: 'logcosh' },
  { loss: 'poisson', labels: counts, predictions: rates, reference: (y, p) => mean(each(y, p, (a, b) => b - a * Math.log(b + 1e-7))), layers: 'poisson' },
  {
    loss: 'cosineProximity',
    labels: measured,
    predictions: guessed,
    reference: (y, p) => -dot(y, p) / Math.sqrt(dot(y, y) * dot(p, p)),
    layers: 'cosineProximity',
  },
  { loss: 'hinge', labels: signs, predictions: margins, reference: (y, p) => mean(each(y, p, (a, b) => Math.max(0, 1 - a * b))), layers: 'hinge' },
  {
    loss: 'squaredHinge',
    labels: signs,
    predictions: margins,
    reference: (y, p) => mean(each(y, p, (a, b) => Math.max(0, 1 - a * b) ** 2)),
    layers: 'squaredHinge',
  },
  {
    loss: 'categoricalHinge',
    labels: oneHot,
    predictions: margins,
    reference: (y, p) => Math.max(0, 1 + Math.max(...each(y, p, (a, b) => (1 - a) * b)) - dot(y, p)),
    layers: 'categoricalHinge',
  },
];

const title = ({ loss, predictions }: Case): string => `${JSON.stringify(loss)} of ${JSON.stringify(predictions[0])}`;
const fnOf = (loss: LossEntry): LossFunction => compileLoss(loss, [{ name: 'out', shape: [null, 3] }]).outputs[0]!.fn;

/** d(mean loss)/d(prediction) of the reference, by central differences in double precision. */
function slopes({ labels, predictions, reference }: Case): number[] {
  const h = 1e-6;
  return predictions.flatMap((row, i) =>
    row.map((_, j) => {
      const moved = (by: number): number => reference(labels[i]!, row.map((value, k) => (k === j ? value + by : value)));
      return (moved(h) - moved(-h)) / (2 * h) / predictions.length;
    }),
  );
}

/** The function that tfjs-layers minimises under a name. */
function layersLoss(name: string): LossFunction {
  const model = sequential({ layers: [layers.dense({ units: 3, inputShape: [1] })] });
  model.compile({ loss: name, optimizer: 'sgd' });
  const found = (model as unknown as { model: { lossFunctions: LossFunction[] } }).model.lossFunctions[0]!;
  model.dispose();
  return found;
}

const gradientOf = (fn: LossFunction, labels: tf.Tensor, predictions: tf.Tensor): number[] =>
  read(tf.grad((p) => tf.mean(fn(labels, p)))(predictions));

test('every named loss is among the cases', () => {
  const tested = new Set(cases.map(({ loss }) => compileLoss(loss, [{ name: 'out', shape: [null, 3] }]).outputs[0]!.name as LossName));
  expect([...tested].sort()).toEqual([...lossNames].sort());
});

onBackends('losses', () => {
  test.each(cases.map((each) => [title(each), each] as const))('%s has the value and gradient of its definition', (_, each) => {
    const labels = tf.tensor2d(each.labels as number[][]);
    const predictions = tf.tensor2d(each.predictions as number[][]);
    const fn = fnOf(each.loss);
    const value = expectNoLeak(() => read(tf.tidy(() => fn(labels, predictions))));
    expectClose(value, each.predictions.map((row, i) => each.reference(each.labels[i]!, row)));
    expectClose(expectNoLeak(() => gradientOf(fn, labels, predictions)), slopes(each), 3e-5);
    tf.dispose([labels, predictions]);
  });

  test.each(cases.flatMap((each) => (each.layers === undefined ? [] : [[title(each), each.layers, each] as const])))(
    '%s is what tfjs-layers computes as %s, gradient included',
    (_, name, each) => {
      const labels = tf.tensor2d(each.labels as number[][]);
      const predictions = tf.tensor2d(each.predictions as number[][]);
      const [ours, theirs] = [fnOf(each.loss), layersLoss(name)];
      expectClose(read(tf.tidy(() => ours(labels, predictions))), read(theirs(labels, predictions)), 2e-6);
      expectClose(gradientOf(ours, labels, predictions), gradientOf(theirs, labels, predictions), 5e-6);
      tf.dispose([labels, predictions]);
    },
  );

  test('at and beyond the limits the crossentropies are those of tfjs-layers, gradient included', () => {
    const labels = tf.tensor2d([[0, 1], [1, 0], [0, 1], [1, 0]]);
    const predictions = tf.tensor2d([[0, 1], [0, 1], [1, 0], [1e-8, 1]]);
    for (const name of ['binaryCrossentropy', 'categoricalCrossentropy'] as const) {
      const [ours, theirs] = [fnOf(name), layersLoss(name)];
      expectClose(read(tf.tidy(() => ours(labels, predictions))), read(theirs(labels, predictions)), 1e-4);
      expectClose(gradientOf(ours, labels, predictions), gradientOf(theirs, labels, predictions));
    }
    tf.dispose([labels, predictions]);
  });

  test('labels of whole numbers and of truth values are taken as numbers', () => {
    const predictions = tf.tensor2d([[0.25, 0.75]]);
    for (const dtype of ['int32', 'bool'] as const) {
      const labels = tf.tensor2d([[0, 1]], [1, 2], dtype);
      // -log(0.75) in both, the binary one as the mean of two equal terms.
      expectClose(read(tf.tidy(() => fnOf('categoricalCrossentropy')(labels, predictions))), [0.2876820724]);
      expectClose(read(tf.tidy(() => fnOf('binaryCrossentropy')(labels, predictions))), [0.2876820724]);
      expectClose(read(tf.tidy(() => fnOf('mse')(labels, predictions))), [0.0625]);
      labels.dispose();
    }
    predictions.dispose();
  });

  test('from logits of 1000 and -1000 the losses are 2000 and 0 with gradients of 1 and 0, not NaN', () => {
    const x = tf.tensor2d([[1000, -1000], [1000, -1000]]);
    const y = tf.tensor2d([[0, 1], [1, 0]]);
    const sparse = tf.tensor1d([1, 0], 'int32');
    for (const [labels, loss] of [[y, 'categoricalCrossentropyFromLogits'], [sparse, 'sparseCategoricalCrossentropyFromLogits']] as const) {
      expectClose(read(tf.tidy(() => fnOf(loss)(labels, x))), [2000, 0]);
      expectClose(gradientOf(fnOf(loss), labels, x), [0.5, -0.5, 0, 0]);
    }
    expectClose(read(tf.tidy(() => fnOf('sigmoidCrossEntropy')(y, x))), [1000, 0]);
    expectClose(gradientOf(fnOf('sigmoidCrossEntropy'), y, x), [0.25, -0.25, 0, 0]);
    tf.dispose([x, y, sparse]);
  });

  test('the binary gradient from a logit of 0 is sigmoid(0) - label: 0.5 and -0.5', () => {
    const x = tf.tensor2d([[0], [0]]);
    const y = tf.tensor2d([[0], [1]]);
    expectClose(gradientOf(fnOf('binaryCrossentropyFromLogits'), y, x), [0.25, -0.25]);
    tf.dispose([x, y]);
  });

  test('a class masked by a logit of -Infinity leaves the sparse loss of the others at log 2', () => {
    const x = tf.tensor2d([[0, 0, -Infinity]]);
    const y = tf.tensor1d([1], 'int32');
    expectClose(read(tf.tidy(() => fnOf('sparseCategoricalCrossentropyFromLogits')(y, x))), [Math.LN2]);
    expectClose(gradientOf(fnOf('sparseCategoricalCrossentropyFromLogits'), y, x), [0.5, -0.5, 0]);
    tf.dispose([x, y]);
  });

  test('a prediction of NaN makes the loss NaN in every loss: it is not hidden by limits', () => {
    for (const { loss, labels } of cases) {
      const y = tf.tensor2d(labels as number[][]);
      const p = tf.fill([4, 3], Number.NaN);
      const values = read(tf.tidy(() => fnOf(loss)(y, p)));
      expect(values.filter(Number.isNaN), JSON.stringify(loss)).toHaveLength(4);
      tf.dispose([y, p]);
    }
  });

  test('a sequence [2 samples, 3 steps, 2 classes] has a loss for each step', () => {
    const p = tf.tensor3d([[[0.5, 0.5], [0.25, 0.75], [1, 0]], [[0.1, 0.9], [0.5, 0.5], [0.75, 0.25]]]);
    const y = tf.tensor2d([[0, 1, 0], [1, 1, 0]], undefined, 'int32');
    const loss = tf.tidy(() => fnOf('sparseCategoricalCrossentropy')(y, p));
    expect(loss.shape).toEqual([2, 3]);
    expectClose(read(loss), [0.69314718, 0.28768207, 0, 0.10536052, 0.69314718, 0.28768207]);
    const last = tf.expandDims(y, -1);
    expect(read(tf.tidy(() => fnOf('sparseCategoricalCrossentropy')(last, p)))).toHaveLength(6);
    tf.dispose([p, y, last]);
  });

  test('logcosh of errors of 0, 100 and -100 is 0 and 100 - log 2', () => {
    const y = tf.tensor2d([[0], [0], [0]]);
    const p = tf.tensor2d([[0], [100], [-100]]);
    expectClose(read(tf.tidy(() => fnOf('logcosh')(y, p))), [0, 99.3068528194, 99.3068528194]);
    tf.dispose([y, p]);
  });
});
