import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { difference, fixed, fixedValues, leavingNothing, onBoth, useWasm } from '../on-backends.js';

const size = (shape: readonly number[]): number => shape.reduce((all, each) => all * each, 1);

describe('sums and means', () => {
  beforeAll(useWasm);

  test('of [[1, 2, 3], [4, 5, 6]] down are [5, 7, 9] and [2.5, 3.5, 4.5], with and without the axis kept', () => {
    const found = leavingNothing(() => {
      const x = tf.tensor2d([[1, 2, 3], [4, 5, 6]]);
      return [tf.sum(x, 0), tf.mean(x, 0), tf.sum(x, 0, true), tf.mean(x, [-2], true)];
    });
    expect(found.map(({ shape, values }) => [shape, values])).toEqual([[[3], [5, 7, 9]], [[3], [2.5, 3.5, 4.5]], [[1, 3], [5, 7, 9]], [[1, 3], [2.5, 3.5, 4.5]]]);
  });

  // Columns: 16 and 4 at a time, then 1; rows: stretches of 256, four at a time, then 1.
  test.each([[1, 1], [1, 5], [7, 3], [5, 16], [255, 21], [257, 16], [1031, 7], [3, 37]])('%d rows of %d agree with double precision', (rows, columns) => {
    const x = fixedValues(rows * columns);
    const expected = new Float64Array(columns);
    x.forEach((value, at) => (expected[at % columns]! += value));
    const [sums, means] = leavingNothing(() => [tf.sum(tf.tensor2d(x, [rows, columns]), 0), tf.mean(tf.tensor2d(x, [rows, columns]), 0)]);
    expect(difference(sums!.values, expected)).toBeLessThan(2e-6);
    expect(difference(means!.values, expected.map((each) => each / rows))).toBeLessThan(1e-6);
  });

  test('a million of 0.1 are 100,000 within 10, where one float32 sum from end to end gives 100,958', () => {
    const [found] = leavingNothing(() => tf.sum(tf.fill([1_000_000, 3], 0.1), 0));
    for (const value of found!.values) expect(Math.abs(value - 100_000)).toBeLessThan(10);
  });

  test.each([[[3, 4, 5], [0]], [[3, 4, 5], [1]], [[3, 4, 5], [0, 1]], [[3, 4, 5], [2]], [[3, 4, 5], [0, 2]], [[2, 3, 4, 5], [1, 2]], [[2, 3, 4, 5], [0, 1, 2]], [[2, 3, 4, 5], [1, 3]], [[3, 4, 1], [0]], [[7], [0]]] as const)('%j over %j agree with cpu', async (shape, axes) => {
    const both = await onBoth(() => [tf.sum(fixed(shape), [...axes]), tf.mean(fixed(shape), [...axes]), tf.sum(fixed(shape), [...axes], true), tf.sum(fixed(shape))]);
    expect(both.wasm.map((each) => each.shape)).toEqual(both.cpu.map((each) => each.shape));
    both.wasm.forEach(({ values }, at) => expect(difference(values, both.cpu[at]!.values)).toBeLessThan(2e-6));
  });

  test('20,000,000 ones sum to 20,000,000 and have the mean 1, where one float32 sum stands still at 16,777,216', () => {
    const found = leavingNothing(() => {
      const x = tf.ones([20_000_000]);
      return [tf.sum(x), tf.mean(x)];
    });
    expect(found.map(({ values }) => values)).toEqual([[20_000_000], [1]]);
  });

  // Runs of 4096, 16 and 4 at a time, then 1; below 64, 4 at a time, then 1.
  test.each([[3, 1], [5, 3], [2, 17], [4, 63], [3, 64], [2, 79], [1, 4096], [2, 4115], [3, 10_001]])('%d runs of %d over the last axis agree with double precision', (rows, columns) => {
    const x = fixedValues(rows * columns);
    const expected = new Float64Array(rows);
    x.forEach((value, at) => (expected[Math.floor(at / columns)]! += value));
    const [sums, means] = leavingNothing(() => [tf.sum(tf.tensor2d(x, [rows, columns]), -1), tf.mean(tf.tensor2d(x, [rows, columns]), -1, true)]);
    // Values are within 1 of 0: half a unit in the last place of float32 for each.
    expect(difference(sums!.values, expected)).toBeLessThan(Math.max(1e-6, columns * 2 ** -24));
    expect(difference(means!.values, expected.map((each) => each / columns))).toBeLessThan(1e-6);
    expect(means!.shape).toEqual([rows, 1]);
  });

  test('of no rows are 0 and NaN; NaN and infinities stay in their columns', () => {
    const found = leavingNothing(() => [tf.sum(tf.zeros([0, 2]), 0), tf.mean(tf.zeros([0, 2]), 0), tf.sum(tf.tensor2d([[1, NaN, 2], [3, 1, Infinity]]), 0)]);
    expect(found.map(({ values }) => values)).toEqual([[0, 0], [NaN, NaN], [4, NaN, Infinity]]);
  });
});

describe('a row beside a tensor', () => {
  beforeAll(useWasm);

  test('[[1, 2, 3], [4, 5, 6]] plus, minus and times [10, 20, 30], and the row minus it', () => {
    const found = leavingNothing(() => {
      const [x, row] = [tf.tensor2d([[1, 2, 3], [4, 5, 6]]), tf.tensor1d([10, 20, 30])];
      return [tf.add(x, row), tf.sub(x, row), tf.mul(x, row), tf.add(row, x), tf.sub(row, x), tf.mul(row, x)];
    });
    const sums = [11, 22, 33, 14, 25, 36];
    const products = [10, 40, 90, 40, 100, 180];
    expect(found.map(({ values }) => values)).toEqual([sums, [-9, -18, -27, -6, -15, -24], products, sums, [9, 18, 27, 6, 15, 24], products]);
  });

  test.each([
    [[5, 3], [3]], [[5, 3], [1, 3]], [[2, 5, 7], [7]], [[2, 5, 7], [5, 7]], [[2, 5, 7], [1, 5, 7]], [[2, 5, 7], [5, 1]], [[2, 5, 7], [2, 1, 7]], [[3, 300], [300]],
    [[3], [1, 3]], [[1, 3], [2, 1, 3]], [[4, 1], [1]], [[3, 3], [3, 3]], [[0, 3], [3]], [[2, 3, 4, 13], [13]],
  ] as const)('%j and %j agree with cpu in either order', async (a, b) => {
    const both = await onBoth(() => [tf.add, tf.sub, tf.mul, tf.div].flatMap((op) => [op(fixed(a), fixed(b, 2)), op(fixed(b, 2), fixed(a))]));
    expect(both.wasm.map((each) => each.shape)).toEqual(both.cpu.map((each) => each.shape));
    both.wasm.forEach(({ values }, at) => {
      expect(values.length).toBe(size(both.cpu[at]!.shape));
      expect(difference(values, both.cpu[at]!.values)).toBeLessThan(1e-6);
    });
  });

  test('int32 stays int32: [[1, 2], [3, 4]] plus [10, 20]', () => {
    const [found] = leavingNothing(() => tf.add(tf.tensor2d([[1, 2], [3, 4]], [2, 2], 'int32'), tf.tensor1d([10, 20], 'int32')));
    expect(found).toEqual({ shape: [2, 2], dtype: 'int32', values: [11, 22, 13, 24] });
  });
});
