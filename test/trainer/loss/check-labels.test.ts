import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { DataError, type ErrorCode } from '../../../src/errors.js';
import { checkLabels, compileLoss, type LossSpec } from '../../../src/trainer/loss/index.js';
import { onBackends } from '../on-backends.js';

type Make = () => tf.Tensor;

/** What checkLabels says of these labels, or undefined when it lets them pass; no tensor may be left. */
async function verdict(spec: LossSpec, make: Make, predictions: readonly number[]): Promise<DataError | undefined> {
  const loss = compileLoss(spec, [{ name: 'out', shape: [null, ...Array<null>(predictions.length - 1).fill(null)] }]);
  const before = tf.memory().numTensors;
  const labels = make();
  try {
    await checkLabels(loss, [labels], [predictions]);
    return undefined;
  } catch (error) {
    if (error instanceof DataError) return error;
    throw error;
  } finally {
    labels.dispose();
    expect(tf.memory().numTensors).toBe(before);
  }
}

const wrong: [string, LossSpec, Make, readonly number[], ErrorCode, RegExp][] = [
  [
    'class numbers under categorical crossentropy',
    'categoricalCrossentropy',
    () => tf.zeros([32], 'int32'),
    [32, 10],
    'DATA_SHAPE',
    /labels of output "out" have shape \[32\]; categoricalCrossentropy expects \[32, 10\].*One-hot them with tf\.oneHot\(labels, 10\), or use sparseCategoricalCrossentropy/,
  ],
  ['class numbers in a column', 'categoricalCrossentropy', () => tf.zeros([32, 1]), [32, 10], 'DATA_SHAPE', /tf\.oneHot\(labels, 10\)/],
  ['one-hot labels under a sparse loss', 'sparseCategoricalCrossentropy', () => tf.zeros([32, 10]), [32, 10], 'DATA_SHAPE', /Use categoricalCrossentropy for one-hot labels/],
  ['a vector beside a column', 'meanSquaredError', () => tf.zeros([8]), [8, 1], 'DATA_SHAPE', /tf\.expandDims\(labels, -1\)/],
  ['a column beside a vector', 'meanSquaredError', () => tf.zeros([8, 1]), [8], 'DATA_SHAPE', /tf\.squeeze\(labels, \[-1\]\)/],
  ['a column beside ten numbers', 'mae', () => tf.zeros([8, 1]), [8, 10], 'DATA_SHAPE', /expects \[8, 10\]/],
  ['too few labels', 'mae', () => tf.zeros([7, 1]), [8, 1], 'DATA_SHAPE', /one label for every sample/],
  [
    'class 10 of ten',
    'sparseCategoricalCrossentropy',
    () => tf.tensor1d([0, 9, 10, 3], 'int32'),
    [4, 10],
    'LABEL_OUT_OF_RANGE',
    /is 10 \(sample 2\).*10 classes.*from 0 to 9.*Take 1 off/,
  ],
  ['class -1', 'sparseCategoricalCrossentropy', () => tf.tensor2d([[0], [-1]]), [2, 3], 'LABEL_OUT_OF_RANGE', /is -1 \(sample 1\)/],
  ['class 1.5', 'sparseCategoricalCrossentropyFromLogits', () => tf.tensor1d([1, 1.5]), [2, 3], 'LABEL_OUT_OF_RANGE', /is 1\.5 \(sample 1\)/],
  ['class NaN', 'sparseCategoricalCrossentropy', () => tf.tensor1d([Number.NaN, 1]), [2, 3], 'LABEL_OUT_OF_RANGE', /is NaN \(sample 0\)/],
  [
    'a wrong class within a sequence',
    'sparseCategoricalCrossentropy',
    () => tf.tensor2d([[0, 1], [2, 3]]),
    [2, 2, 3],
    'LABEL_OUT_OF_RANGE',
    /is 3 \(sample 1, value 1\)/,
  ],
  ['a negative probability', 'categoricalCrossentropy', () => tf.tensor2d([[0.5, 0.5], [1.25, -0.25]]), [2, 2], 'LABEL_OUT_OF_RANGE', /is 1\.25 \(sample 1, value 0\)/],
  ['-1 and 1 under a binary loss', 'binaryCrossentropy', () => tf.tensor2d([[1], [-1]]), [2, 1], 'LABEL_OUT_OF_RANGE', /is -1 \(sample 1\).*Use hinge/],
  ['bytes under a binary loss', 'binaryCrossentropy', () => tf.tensor2d([[0], [255]]), [2, 1], 'LABEL_OUT_OF_RANGE', /is 255/],
  ['a negative count', 'poisson', () => tf.tensor2d([[0], [-2]]), [2, 1], 'LABEL_OUT_OF_RANGE', /counts, from 0 up/],
  ['0 and 1 under hinge', 'hinge', () => tf.tensor2d([[1], [0]]), [2, 1], 'LABEL_OUT_OF_RANGE', /are 0 and 1 \(sample 1 is the first 0\).*-1 and 1/],
  ['classes along an axis of 1', 'sparseCategoricalCrossentropy', () => tf.zeros([4, 1]), [4, 1], 'LOSS_OUTPUT_MISMATCH', /is 1 wide/],
  ['a loss of the labels alone', (y) => tf.mean(y), () => tf.zeros([4, 1]), [4, 1], 'LOSS_NOT_DIFFERENTIABLE', /no gradient for the predictions/],
  [
    'a loss of the wrong shape',
    (y, p) => tf.sub(tf.squeeze(y, [-1]), p),
    () => tf.zeros([4, 1]),
    [4, 1],
    'LOSS_OUTPUT_MISMATCH',
    /has shape \[4, 4\] for predictions \[4, 1\]/,
  ],
  [
    'a loss that throws',
    (y, p) => tf.matMul(y, p),
    () => tf.zeros([4, 3]),
    [4, 3],
    'LOSS_OUTPUT_MISMATCH',
    /failed for labels \[4, 3\] and predictions \[4, 3\]/,
  ],
];

const right: [string, LossSpec, Make, readonly number[]][] = [
  ['class numbers under a sparse loss', 'sparseCategoricalCrossentropy', () => tf.tensor1d([0, 9]), [2, 10]],
  ['class numbers in a column', 'sparseCategoricalCrossentropy', () => tf.tensor2d([[0], [9]], [2, 1], 'int32'), [2, 10]],
  ['several tags a sample', 'binaryCrossentropy', () => tf.tensor2d([[1, 0, 1], [0, 0, 0]]), [2, 3]],
  ['smoothed labels', 'categoricalCrossentropy', () => tf.tensor2d([[0.9, 0.1]]), [1, 2]],
  ['a masked sample of zeros', 'categoricalCrossentropy', () => tf.tensor2d([[0, 0], [1, 0]]), [2, 2]],
  ['NaN where numbers are measured', 'mse', () => tf.tensor2d([[Number.NaN]]), [1, 1]],
  ['-1 and 1 under hinge', 'hinge', () => tf.tensor2d([[1], [-1]]), [2, 1]],
  ['a batch of 1 alone under hinge', 'hinge', () => tf.tensor2d([[1], [1]]), [2, 1]],
  ['labels of any shape for a loss of one’s own', (y, p) => tf.mean(tf.mul(p, tf.sum(y))), () => tf.zeros([2, 7, 7]), [2, 3]],
];

onBackends('checkLabels', () => {
  test.each(wrong)('refuses %s', async (_, spec, labels, predictions, code, message) => {
    const error = await verdict(spec, labels, predictions);
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(message);
  });

  test.each(right)('lets %s pass', async (_, spec, labels, predictions) => {
    expect(await verdict(spec, labels, predictions)).toBeUndefined();
  });

  test('a loss that reads its values has no gradient, and the message says where to look', async () => {
    const loss = compileLoss((_, p) => tf.scalar(p.dataSync()[0]!), [{ name: 'out', shape: [null, 1] }]);
    const labels = tf.zeros([1, 1]);
    await expect(checkLabels(loss, [labels], [[1, 1]])).rejects.toThrow(/Look for dataSync\(\)/);
    labels.dispose();
  });

  test('labels are asked for as many outputs as there are', async () => {
    const loss = compileLoss('mse', [{ name: 'a', shape: [null, 1] }, { name: 'b', shape: [null, 1] }]);
    const labels = tf.zeros([1, 1]);
    await expect(checkLabels(loss, [labels], [[1, 1], [1, 1]])).rejects.toThrow(/1 label tensors for 2 predictions; the model has 2 outputs \(a, b\)/);
    labels.dispose();
  });
});

test('the shapes are held to in every batch, not in the first alone', () => {
  const loss = compileLoss('mse', [{ name: 'out', shape: [null, 1] }]);
  const [labels, predictions] = [tf.zeros([4]), tf.zeros([4, 1])];
  expect(() => loss.compute([labels], [predictions])).toThrow(DataError);
  tf.dispose([labels, predictions]);
});
