import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { leavingNothing, onBoth, useWasm } from '../on-backends.js';

beforeAll(useWasm);

/** As kernels are called with the axes given: ops check them, and some let repetitions through. */
const values = (f: () => tf.Tensor[]): number[][] => leavingNothing(f).map((each) => each.values);

describe('an axis that is named twice counts once', () => {
  test('of [[1, 2, 3], [4, 5, 6]] the sums, means, maxima, minima and products down are those of [0]', () => {
    const x = (): tf.Tensor => tf.tensor2d([[1, 2, 3], [4, 5, 6]]);
    const down = (axis: number[]): tf.Tensor[] => [tf.sum(x(), axis), tf.mean(x(), axis), tf.max(x(), axis), tf.min(x(), axis), tf.prod(x(), axis), tf.sum(tf.cast(x(), 'int32'), axis)];
    const expected = [[5, 7, 9], [2.5, 3.5, 4.5], [4, 5, 6], [1, 2, 3], [4, 10, 18], [5, 7, 9]];
    expect(values(() => down([0, 0]))).toEqual(expected);
    expect(values(() => down([0, -2]))).toEqual(expected);
  });

  test('of both axes, and kept', () => {
    const [all] = leavingNothing(() => tf.sum(tf.ones([2, 3]), [0, 1, 1, 0], true));
    expect(all).toMatchObject({ shape: [1, 1], values: [6] });
  });
});

describe('many', () => {
  test('20,000,000 ones of int32 and of bool have the mean 1', () => {
    const found = leavingNothing(() => [tf.mean(tf.ones([20_000_000], 'int32')), tf.mean(tf.ones([20_000_000], 'bool'))]);
    expect(found.map(({ dtype, values: of }) => [dtype, of])).toEqual([['float32', [1]], ['float32', [1]]]);
  });

  test('10,000,000 rows of two 0.1 sum to 1,000,000 within 2 and have the mean 0.1, where blocks in float32 alone gave 1,000,374', () => {
    const [sum, mean] = values(() => {
      const x = tf.fill([10_000_000, 2], 0.1);
      return [tf.sum(x, 0), tf.mean(x, 0)];
    });
    for (const each of sum!) expect(Math.abs(each - 1_000_000)).toBeLessThan(2);
    for (const each of mean!) expect(Math.abs(each - 0.1)).toBeLessThan(1e-6);
  });

  test('the rows of several blocks go to their own sums: 2 times 8197 rows of three', () => {
    // Sums of 1, 10 and 100 a row, the second image twice as much.
    const found = values(() => {
      const rows = tf.tile(tf.tensor3d([[[1, 10, 100]], [[2, 20, 200]]]), [1, 8197, 1]);
      return [tf.sum(rows, 1), tf.mean(rows, 1)];
    });
    expect(found[0]).toEqual([8197, 81_970, 819_700, 16_394, 163_940, 1_639_400]);
    found[1]!.forEach((value, at) => expect(Math.abs(value / [1, 10, 100, 2, 20, 200][at]! - 1)).toBeLessThan(1e-6));
  });
});

describe('of no elements', () => {
  test.each([[[0], [0]], [[2, 0], [1]], [[0, 3], [0]], [[2, 0, 3], [1, 2]], [[4, 0, 0, 3], [2]]] as const)('%j over %j is what it is on cpu: maxima and minima NaN, products 1, sums 0', async (shape, axes) => {
    // The heap is handed out with what it held before.
    tf.dispose(tf.fill([4096], 77));
    const { cpu, wasm } = await onBoth(() => {
      const [x, counts, truths] = [tf.zeros([...shape]), tf.zeros([...shape], 'int32'), tf.zeros([...shape], 'bool')];
      return [x, counts].flatMap((each) => [tf.max(each, [...axes]), tf.min(each, [...axes], true), tf.prod(each, [...axes]), tf.sum(each, [...axes])]).concat([tf.any(truths, [...axes]), tf.all(truths, [...axes])]);
    });
    expect(wasm).toEqual(cpu);
    if (wasm[0]!.values.length > 0) expect(wasm.slice(0, 8).map((each) => each.values[0])).toEqual([NaN, NaN, 1, 0, 0, 0, 1, 0]);
  });
});
