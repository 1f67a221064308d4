import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { fixed, leavingNothing, onBoth, useWasm } from '../on-backends.js';

describe('a gather of rows', () => {
  beforeAll(useWasm);

  test('rows 2, 0, 2 of [[1, 2], [3, 4], [5, 6]] are [[5, 6], [1, 2], [5, 6]], as float32, int32 and bool', () => {
    const rows = [[1, 2], [3, 4], [5, 6]];
    const found = leavingNothing(() => {
      const order = tf.tensor1d([2, 0, 2], 'int32');
      return [tf.gather(tf.tensor2d(rows), order), tf.gather(tf.tensor2d(rows, [3, 2], 'int32'), order), tf.gather(tf.tensor2d([[1, 0], [0, 0], [0, 1]], [3, 2], 'bool'), order)];
    });
    expect(found.map(({ shape, dtype }) => [shape, dtype])).toEqual([[[3, 2], 'float32'], [[3, 2], 'int32'], [[3, 2], 'bool']]);
    expect(found.map(({ values }) => values)).toEqual([[5, 6, 1, 2, 5, 6], [5, 6, 1, 2, 5, 6], [0, 1, 1, 0, 0, 1]]);
  });

  test.each([
    ['scalars of a vector', [7], [[6, 0, 3]]],
    ['rows of a tensor of rank 4', [5, 2, 3, 2], [[4, 1]]],
    ['indices of rank 2', [5, 3], [[4, 1, 0], [2, 2, 3]]],
    ['a single row by a single index', [1, 3], [[0]]],
  ] as const)('%s agree with cpu', async (_, shape, indices) => {
    const both = await onBoth(() => tf.gather(fixed(shape), indices.length === 1 ? tf.tensor1d([...indices[0]], 'int32') : tf.tensor2d(indices.map((row) => [...row]), undefined, 'int32')));
    expect(both.wasm).toEqual(both.cpu);
  });

  test('no indices give no rows, and rows of no values are of no values', () => {
    const found = leavingNothing(() => [tf.gather(tf.ones([3, 2]), tf.tensor1d([], 'int32')), tf.gather(tf.zeros([3, 0]), tf.tensor1d([1, 2], 'int32'))]);
    expect(found.map(({ shape, values }) => [shape, values])).toEqual([[[0, 2], []], [[2, 0], []]]);
  });

  test.each([-1, 3])('index %d of 3 rows is refused, and says which', (index) => {
    expect(() => leavingNothing(() => tf.gather(tf.ones([3, 2]), tf.tensor1d([0, index], 'int32')))).toThrow(`the index value ${index} is not in [0, 2]`);
  });

  test('other axes and batch dimensions agree with cpu', async () => {
    const both = await onBoth(() => [tf.gather(fixed([3, 5, 2]), tf.tensor1d([4, 0], 'int32'), 1), tf.gather(fixed([2, 3, 2]), tf.tensor2d([[2, 0], [1, 1]], [2, 2], 'int32'), 1, 1)]);
    expect(both.wasm).toEqual(both.cpu);
  });
});
