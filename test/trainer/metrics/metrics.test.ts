import * as tf from '@tensorflow/tfjs-core';
import { metrics as layersMetrics } from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { ConfigError, DataError, type ErrorCode } from '../../../src/errors.js';
import { compileLoss, type LossSpec, type OutputSpec } from '../../../src/trainer/loss/index.js';
import { compileMetrics, type CompiledMetrics, type MetricsSpec } from '../../../src/trainer/metrics/index.js';
import { expectClose, expectNoLeak, onBackends, read } from '../on-backends.js';

type Batch = readonly [labels: tf.TensorLike, predictions: tf.TensorLike];

const compile = (spec: MetricsSpec, loss: LossSpec, width: number | null): CompiledMetrics =>
  compileMetrics(spec, compileLoss(loss, [{ name: 'out', shape: [null, width] }]));

/** The metrics over some batches of a model with one output, no tensor left behind. */
function over(spec: MetricsSpec, loss: LossSpec, batches: readonly Batch[], dtype: tf.DataType = 'float32'): number[] {
  const first = tf.tidy(() => tf.tensor(batches[0]![1]).shape.at(-1)!);
  const metrics = compile(spec, loss, first);
  const total = new Float64Array(metrics.width);
  let samples = 0;
  for (const [y, p] of batches) {
    const [labels, predictions] = [tf.tensor(y, undefined, dtype), tf.tensor(p, undefined, 'float32')];
    samples += predictions.shape[0];
    const sums = expectNoLeak(() => read(metrics.sums([labels], [predictions])));
    sums.forEach((sum, i) => (total[i]! += sum));
    tf.dispose([labels, predictions]);
  }
  return Object.values(metrics.finish(total, samples));
}

onBackends('metrics', () => {
  test('accuracy of one sigmoid is binary: 3 of 4, over batches of 3 and 1', () => {
    const batches: Batch[] = [[[[1], [0], [1]], [[0.9], [0.4], [0.2]]], [[[0]], [[0.1]]]];
    expectClose(over(['accuracy'], 'binaryCrossentropy', batches), [0.75]);
    expectClose(over(['acc'], 'meanSquaredError', batches), [0.75]);
  });

  test('accuracy from logits has its threshold at 0: 0.3 is a yes', () => {
    const batch: Batch = [[[1], [0], [1]], [[0.3], [-0.2], [-4]]];
    expectClose(over('accuracy', 'binaryCrossentropyFromLogits', [batch]), [2 / 3]);
    // Smoothed labels stand for what they are nearer to: yes, no, yes beside yes, yes, yes.
    expectClose(over('accuracy', 'binaryCrossentropy', [[[[0.9], [0.1], [0.6]], [[0.8], [0.7], [0.9]]]]), [2 / 3]);
    expectClose(over('binaryAccuracy', 'binaryCrossentropyFromLogits', [batch]), [2 / 3]);
    // A probability of 0.6 is a logit of 0.405.
    expectClose(over({ name: 'binaryAccuracy', threshold: 0.6 }, 'binaryCrossentropyFromLogits', [batch]), [1 / 3]);
  });

  test('accuracy under a hinge loss compares signs', () => {
    expectClose(over('accuracy', 'hinge', [[[[1], [-1], [-1], [1]], [[0.2], [-3], [0.1], [0.4]]]]), [0.75]);
  });

  test('accuracy of several tags counts each: 5 of 6', () => {
    expectClose(over('accuracy', 'binaryCrossentropy', [[[[1, 0, 1], [0, 0, 1]], [[0.9, 0.1, 0.8], [0.2, 0.7, 0.6]]]]), [5 / 6]);
  });

  test.each(['float32', 'int32', 'bool'] as const)('accuracy of one-hot labels of type %s is categorical, of class numbers sparse', (dtype) => {
    const scores = [[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.4, 0.35, 0.25]];
    expectClose(over('accuracy', 'categoricalCrossentropy', [[[[1, 0, 0], [0, 0, 1], [0, 1, 0]], scores]], dtype), [2 / 3]);
    expectClose(over('categoricalAccuracy', 'mse', [[[[1, 0, 0], [0, 0, 1], [0, 1, 0]], scores]], dtype), [2 / 3]);
    if (dtype === 'bool') return;
    for (const labels of [[0, 2, 1], [[0], [2], [1]]]) {
      expectClose(over(['accuracy', 'sparseCategoricalAccuracy'], 'sparseCategoricalCrossentropy', [[labels, scores]], dtype), [2 / 3, 2 / 3]);
      // Under a loss of one's own the shape of the labels tells.
      expectClose(over('accuracy', (_, p) => tf.mean(p), [[labels, scores]], dtype), [2 / 3]);
    }
  });

  test('the k best guesses: the class with the second score counts for k = 2, equal scores share a place', () => {
    const scores = [[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.4, 0.4, 0.2], [0.2, 0.5, 0.3]];
    const [rows, numbers] = [[[0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], [1, 0, 1, 2]];
    for (const [loss, labels] of [['categoricalCrossentropy', rows], ['sparseCategoricalCrossentropy', numbers]] as const) {
      expectClose(over([{ name: 'topKCategoricalAccuracy', k: 1 }], loss, [[labels, scores]]), [0.25]);
      expectClose(over([{ name: 'topKCategoricalAccuracy', k: 2 }], loss, [[labels, scores]]), [0.75]);
      expectClose(over([{ name: 'topKCategoricalAccuracy', k: 3 }], loss, [[labels, scores]]), [1]);
    }
    expectClose(over([{ name: 'sparseTopKCategoricalAccuracy', k: 2 }], 'sparseCategoricalCrossentropy', [[[0], [[Number.NaN, 1, 2]]]]), [0]);
  });

  test('precision and recall of an epoch are of its counts, not means of its batches', () => {
    // tp 1, fp 1, fn 0, then tp 3, fp 0, fn 2: the means of batches would be 0.75 and 0.8.
    const batches: Batch[] = [
      [[[1], [0], [0]], [[0.9], [0.8], [0.1]]],
      [[[1], [1], [1], [1], [1], [0]], [[0.9], [0.8], [0.7], [0.1], [0.2], [0.3]]],
    ];
    expectClose(over(['precision', 'recall', 'f1'], 'binaryCrossentropy', batches), [4 / 5, 4 / 6, 8 / 11]);
    expectClose(over([{ name: 'precision', threshold: 0.85 }], 'binaryCrossentropy', batches), [1]);
    expectClose(over(['precision', 'recall', 'f1'], 'binaryCrossentropy', [[[[0], [0]], [[0.1], [0.2]]]]), [0, 0, 0]);
  });

  test('precision of one class of three, from class numbers, rows and logits', () => {
    const logits = [[3, 0, 0], [3, 0, 0], [0, 3, 0], [0, 0, 3]];
    const numbers = [0, 1, 1, 0];
    const rows = [[1, 0, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0]];
    const spec: MetricsSpec = [{ name: 'precision', classId: 0 }, { name: 'recall', classId: 0 }, { name: 'precision', as: 'all' }];
    // Class 0 was said twice, once rightly; of its two samples one was found. In all, 2 of 4 are right.
    const expected = [0.5, 0.5, 0.5];
    expectClose(over(spec, 'sparseCategoricalCrossentropyFromLogits', [[numbers, logits]]), expected);
    expectClose(over(spec, 'softmaxCrossEntropy', [[rows, logits]]), expected);
    const softmax = tf.tidy(() => tf.softmax(tf.tensor2d(logits)).arraySync());
    expectClose(over(spec, 'sparseCategoricalCrossentropy', [[numbers, softmax]]), expected);
  });

  test('the root of the mean square is of all samples: sqrt((1 + 1 + 16) / 3)', () => {
    const batches: Batch[] = [[[[0], [0]], [[1], [-1]]], [[[0]], [[4]]]];
    expectClose(over(['rmse', 'mse', 'mae'], 'mse', batches), [Math.sqrt(6), 6, 2]);
  });

  test('r2 of two batches is that of their union: 1 - 1.5 / 20', () => {
    // Labels 1, 3, 5, 7: the mean is 4, the squares about it 9 + 1 + 1 + 9. Errors 1, 0.5, 0.5 and 0.
    const batches: Batch[] = [[[[1], [3], [5]], [[2], [3.5], [4.5]]], [[[7]], [[7]]]];
    expectClose(over('r2Score', 'mse', batches), [1 - 1.5 / 20]);
    expectClose(over('r2', 'mse', [[[[2], [2]], [[2], [2]]]]), [1]);
    expectClose(over('r2', 'mse', [[[[2], [2]], [[2], [3]]]]), [0]);
    expectClose(over('r2', 'mse', [[[[2], [3]], [[2], [Number.NaN]]]]), [Number.NaN]);
  });

  test('r2 of labels far from 0 keeps its digits with a center', () => {
    // As the test above, 100,000 further up: squares of 1e10 in float32 would leave no digit of a spread of 20.
    const far = (values: number[][]): number[][] => values.map(([value]) => [100_000 + value!]);
    const batches: Batch[] = [[far([[1], [3], [5]]), far([[2], [3.5], [4.5]])], [far([[7]]), far([[7]])]];
    expectClose(over({ name: 'r2Score', center: 100_000 }, 'mse', batches), [1 - 1.5 / 20]);
  });

  test('a loss by name is a metric, from logits where the loss says so', () => {
    const batch: Batch = [[[1], [0]], [[2], [-1]]];
    // log(1 + e^-2) and log(1 + e^-1)
    const expected = (0.126928011 + 0.3132616875) / 2;
    expectClose(over(['binaryCrossentropy', 'ce'], 'binaryCrossentropyFromLogits', [batch]), [expected, expected]);
    const crossentropies = over(['crossentropy'], 'sparseCategoricalCrossentropy', [[[0, 1], [[0.5, 0.5], [0.75, 0.25]]]]);
    expectClose(crossentropies, [(Math.LN2 + 2 * Math.LN2) / 2]);
    expectClose(over([{ name: 'huber', delta: 2 }], 'mse', [[[[0], [0]], [[1], [5]]]]), [(0.5 + 8) / 2]);
  });

  test('a function is a metric, its mean over samples', () => {
    const batches: Batch[] = [[[[0], [0]], [[1], [-1]]], [[[0]], [[4]]]];
    const worst = (y: tf.Tensor, p: tf.Tensor): tf.Tensor => tf.max(tf.abs(tf.sub(p, y)));
    expectClose(over([worst, layersMetrics.meanAbsoluteError], 'mse', batches), [(2 * 1 + 4) / 3, 2]);
  });

  test('on one batch they are those of tfjs-layers', () => {
    const scores = [[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.4, 0.35, 0.25], [0.25, 0.5, 0.25]];
    const rows = [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]];
    const [y, p] = [tf.tensor2d(rows), tf.tensor2d(scores)];
    for (const name of ['categoricalAccuracy', 'binaryAccuracy', 'meanAbsoluteError', 'cosineProximity', 'categoricalCrossentropy'] as const) {
      expectClose(over(name, 'mse', [[rows, scores]]), read(tf.tidy(() => tf.mean(layersMetrics[name](y, p)))));
    }
    const hard = [[1, 0, 0], [0, 0, 1], [1, 1, 0], [0, 1, 0]];
    const decided = tf.tensor2d(hard);
    for (const name of ['precision', 'recall'] as const) expectClose(over(name, 'mse', [[rows, hard]]), read(layersMetrics[name](y, decided)));
    tf.dispose([y, p, decided]);
  });

  test('a sequence [2, 2 steps, 3 classes] has an accuracy of 3 of 4 steps', () => {
    const metrics = compileMetrics('accuracy', compileLoss('sparseCategoricalCrossentropy', [{ name: 'out', shape: [null, 2, 3] }]));
    const labels = tf.tensor2d([[0, 1], [2, 2]], undefined, 'int32');
    const predictions = tf.tensor3d([[[1, 0, 0], [0, 1, 0]], [[0, 0, 1], [0, 1, 0]]]);
    expectClose(Object.values(metrics.finish(read(metrics.sums([labels], [predictions])), 2)), [0.75]);
    tf.dispose([labels, predictions]);
  });

  test('labels of a shape that would spread are refused', () => {
    const metrics = compile('mse', (_, p) => tf.mean(p), 1);
    const [labels, predictions] = [tf.zeros([4]), tf.zeros([4, 1])];
    expect(() => metrics.sums([labels], [predictions])).toThrow(DataError);
    expect(() => metrics.sums([labels], [predictions])).toThrow(/the metric mse expects \[4, 1\]/);
    tf.dispose([labels, predictions]);
  });

  test('of two outputs each has its own, under its name', () => {
    const loss = compileLoss({ digit: 'categoricalCrossentropy', size: 'mse' }, [{ name: 'digit', shape: [null, 2] }, { name: 'size', shape: [null, 1] }]);
    const metrics = compileMetrics({ size: ['mae', { name: 'mse', as: 'square' }], digit: 'accuracy' }, loss);
    expect(metrics.names).toEqual(['size_mae', 'size_square', 'digit_accuracy']);
    expect(metrics.width).toBe(3);
    const labels = [tf.tensor2d([[1, 0], [0, 1]]), tf.tensor2d([[1], [2]])];
    const predictions = [tf.tensor2d([[0.9, 0.1], [0.8, 0.2]]), tf.tensor2d([[1], [5]])];
    const sums = expectNoLeak(() => read(metrics.sums(labels, predictions)));
    expect(metrics.finish(sums, 2)).toEqual({ size_mae: 1.5, size_square: 4.5, digit_accuracy: 0.5 });
    tf.dispose([labels, predictions]);
  });

  test('no metrics are a vector of no sums', () => {
    const metrics = compile([], 'mse', 1);
    expect(metrics.width).toBe(0);
    expect(read(metrics.sums([], []))).toEqual([]);
    expect(metrics.finish([], 3)).toEqual({});
  });
});

test('no samples give NaN', () => {
  expect(compile(['mse', 'precision'], 'mse', 1).finish([0, 0, 0, 0], 0)).toEqual({ mse: Number.NaN, precision: Number.NaN });
});

const one: OutputSpec[] = [{ name: 'out', shape: [null, 3] }];
const two: OutputSpec[] = [...one, { name: 'aux', shape: [null, 1] }];

test.each<[string, MetricsSpec, readonly OutputSpec[], ErrorCode, RegExp]>([
  ['a mistyped name', ['acuracy'], one, 'METRIC_UNKNOWN', /did you mean "accuracy"\?/],
  ['a name like no other', ['zzzzzzzzzz'], one, 'METRIC_UNKNOWN', /known are accuracy, binaryAccuracy/],
  ['an option of another metric', [{ name: 'mse', k: 3 }], one, 'OPTIONS_INVALID', /mse has no option "k"/],
  ['half a guess', [{ name: 'topKCategoricalAccuracy', k: 1.5 }], one, 'OPTIONS_INVALID', /k/],
  ['a mistyped output', { uot: 'mse', aux: 'mse' }, two, 'OPTION_UNKNOWN', /unknown output "uot"/],
  ['two of a name', ['precision', { name: 'precision', threshold: 0.9 }], one, 'OPTIONS_INVALID', /two metrics are called "precision"/],
  ['the name of the loss', [{ name: 'mse', as: 'loss' }], one, 'OPTIONS_INVALID', /"loss" is the name of the loss/],
])('%s is refused', (_, spec, outputs, code, message) => {
  const loss = compileLoss('mse', outputs);
  let error: unknown;
  try {
    compileMetrics(spec, loss);
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).code).toBe(code);
  expect((error as ConfigError).message).toMatch(message);
});
