import * as tf from '@tensorflow/tfjs-core';
import './batches.js';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { classSampleWeights, type ClassWeights } from '../../src/data/index.js';
import { errorOf, expectDataError, withoutLeak } from './batches.js';

const weigh = (labels: () => tf.Tensor, classWeights: ClassWeights, sampleWeights?: () => tf.Tensor): Promise<number[]> =>
  withoutLeak(() => {
    const given = labels();
    const samples = sampleWeights?.();
    const weights = classSampleWeights(given, classWeights, samples);
    expect([weights.dtype, weights.shape]).toEqual(['float32', [given.shape[0]]]);
    const numbers = [...weights.dataSync()];
    tf.dispose([given, weights]);
    samples?.dispose();
    return numbers;
  });

describe('class weights', () => {
  it('class indices take the weight of their class, as int32, as float32, and in a column', async () => {
    expect(await weigh(() => tf.tensor1d([0, 2, 1, 2], 'int32'), [1, 0.5, 4])).toEqual([1, 4, 0.5, 4]);
    expect(await weigh(() => tf.tensor1d([0, 2, 1, 2]), [1, 0.5, 4])).toEqual([1, 4, 0.5, 4]);
    expect(await weigh(() => tf.tensor2d([[0], [1]]), { 0: 1, 1: 8 })).toEqual([1, 8]);
  });

  it('one-hot rows take the weight of their class', async () => {
    expect(await weigh(() => tf.tensor2d([[0, 0, 1], [1, 0, 0], [0, 1, 0]]), [1, 0.5, 4])).toEqual([4, 1, 0.5]);
    expect(await weigh(() => tf.tensor2d([[0, 1], [1, 0]], [2, 2], 'int32'), [3, 5])).toEqual([5, 3]);
  });

  it('class numbers of several time steps are not taken for one-hot rows where it is known what they are', async () => {
    const labels = tf.tensor2d([[0, 1, 1], [1, 0, 0]]);
    await expectDataError(() => classSampleWeights(labels, [1, 0.5, 4], undefined, 'indices'), 'DATA_SHAPE', '[2, 3], with 3 class numbers a sample');
    labels.dispose();
    expect(await weigh(() => tf.tensor2d([[0], [1]]), [3, 5])).toEqual([3, 5]);
  });

  it('a row that is shared among classes takes the mean of their weights', async () => {
    // 0.75 x 2 + 0.25 x 4
    expect(await weigh(() => tf.tensor2d([[0.75, 0.25]]), [2, 4])).toEqual([2.5]);
    // So does a yes or no that is smoothed: of 0.25 a quarter is class 1. Beyond the last class all count 1.
    expect(await weigh(() => tf.tensor1d([0, 0.25, 1, 1.5]), [2, 4])).toEqual([2, 2.5, 4, 2.5]);
  });

  it('classes that a record leaves out count 1, also beyond its last', async () => {
    expect(await weigh(() => tf.tensor1d([0, 1, 2, 9], 'int32'), { 1: 5 })).toEqual([1, 5, 1, 1]);
    expect(await weigh(() => tf.tensor2d([[0, 0, 1], [0, 1, 0]]), { 1: 5 })).toEqual([1, 5]);
  });

  it('sample weights multiply in', async () => {
    expect(await weigh(() => tf.tensor1d([0, 1], 'int32'), [2, 3], () => tf.tensor1d([10, 100]))).toEqual([20, 300]);
  });

  it('the number of classes has to be that of the labels', async () => {
    const labels = tf.tensor2d([[1, 0, 0]]);
    await expectDataError(() => classSampleWeights(labels, [1, 2]), 'DATA_SHAPE', '[1, 3]', '2 classes', 'Give 3 weights');
    await expectDataError(() => classSampleWeights(labels, { 3: 2 }), 'DATA_SHAPE', '4 classes');
    labels.dispose();
  });

  it('labels of a third dimension have no class of their own', async () => {
    const labels = tf.zeros([2, 4, 3]);
    await expectDataError(() => classSampleWeights(labels, [1, 2, 3]), 'DATA_SHAPE', '[2, 4, 3]', 'sampleWeights');
    labels.dispose();
  });

  it.each<[string, ClassWeights]>([
    ['a negative weight', [1, -1]],
    ['NaN', { 0: NaN }],
    ['a class that is no index', { 1.5: 1 }],
    ['nothing', []],
  ])('%s is refused', async (_, classWeights) => {
    const labels = tf.zeros([2]);
    const error = await errorOf(() => classSampleWeights(labels, classWeights));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.code).toBe('OPTIONS_INVALID');
    labels.dispose();
  });
});
