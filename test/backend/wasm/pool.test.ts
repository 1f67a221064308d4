import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { BackendError } from '../../../src/errors.js';
import { difference, fixed, leavingNothing, onBoth, useWasm } from '../on-backends.js';

type Pair = readonly [number, number];
type Pad = 'same' | 'valid' | number | [Pair, Pair, Pair, Pair];
type Rounding = 'floor' | 'ceil' | 'round';

const both = (window: Pair, strides: Pair, pad: Pad, rounding?: Rounding) => (x: tf.Tensor): tf.Tensor[] =>
  [tf.maxPool, tf.avgPool].map((pool) => pool(x as tf.Tensor4D, [...window], [...strides], pad as number, rounding));

describe('poolings whose sizes XNNPACK would work out otherwise', () => {
  test.each<[readonly number[], Pair, Pair, Pad, Rounding?]>([
    [[4, 1, 6, 8], [2, 1], [3, 2], 1, 'floor'],
    [[2, 7, 6, 3], [3, 2], [2, 2], 1, 'floor'],
    [[2, 7, 6, 3], [2, 3], [1, 2], 1, 'ceil'],
    [[1, 6, 5, 2], [3, 3], [2, 2], 0, 'ceil'],
    [[1, 6, 5, 2], [2, 2], [3, 3], 2, 'round'],
    [[2, 5, 4, 3], [3, 2], [2, 3], [[0, 0], [1, 2], [0, 1], [0, 0]], 'floor'],
    [[2, 5, 4, 3], [2, 2], [2, 2], [[0, 0], [3, 0], [0, 3], [0, 0]], 'ceil'],
    [[2, 4, 4, 3], [9, 7], [1, 1], 'same'],
    [[2, 5, 4, 3], [1, 1], [2, 3], 'same'],
    [[2, 5, 4, 3], [1, 1], [1, 1], 'valid'],
    [[2, 5, 4, 3], [2, 3], [5, 4], 'valid'],
    [[0, 5, 4, 3], [2, 2], [2, 2], 'same'],
  ])('%j, window %j, strides %j, pad %j, rounding %s agrees with cpu', async (x, window, strides, pad, rounding) => {
    const { cpu, wasm } = await onBoth(() => both(window, strides, pad, rounding)(fixed(x)));
    expect(wasm.map(({ shape }) => shape)).toEqual(cpu.map(({ shape }) => shape));
    for (const [at, { values }] of wasm.entries()) expect(difference(values, cpu[at]!.values)).toBeLessThan(1e-6);
  });

  test('leave the tensors around them as they were', async () => {
    await useWasm();
    const around = Array.from({ length: 40 }, () => tf.fill([4, 1, 6, 8], 3));
    for (const x of around.slice(0, 20)) tf.dispose(both([2, 1], [3, 2], 1, 'floor')(x));
    for (const x of around) expect(x.dataSync().every((value) => value === 3)).toBe(true);
    tf.dispose(around);
  });

  test('a window of 3 rows over 2 has no position: the result is empty, and so is what flows back', async () => {
    await useWasm();
    const [y, dx] = leavingNothing(() => {
      const pool = (x: tf.Tensor): tf.Tensor => tf.maxPool(x as tf.Tensor4D, 3, [5, 3], 'valid');
      return [pool(tf.ones([1, 2, 3, 4])), tf.grad(pool)(tf.ones([1, 2, 3, 4]))];
    });
    expect([y!.shape, y!.values]).toEqual([[1, 0, 1, 4], []]);
    expect(dx!.values).toEqual(Array(24).fill(0));
  });

  test('a window of 4 over 2 is refused with the sizes', async () => {
    await useWasm();
    const pool = (): unknown => tf.tidy(() => tf.maxPool(tf.ones<tf.Rank.R4>([1, 2, 2, 1]), 4, 1, 'valid'));
    expect(pool).toThrow(BackendError);
    expect(pool).toThrow('a pooling of 2x2 by windows of 4x4 has -1x-1 positions; windows fit into the padded input. Use a smaller window');
  });
});

describe('in three dimensions', () => {
  test.each<[readonly number[], readonly [number, number, number], readonly [number, number, number], 'same' | 'valid' | number, Rounding?]>([
    [[2, 5, 4, 6, 2], [2, 3, 2], [2, 2, 3], 1, 'ceil'],
    [[1, 4, 5, 3, 2], [3, 2, 1], [2, 3, 1], 2, 'floor'],
    [[1, 3, 2, 5, 3], [1, 1, 1], [2, 2, 2], 'same'],
    [[1, 2, 5, 5, 1], [3, 2, 2], [2, 1, 1], 'valid'],
  ])('%j, window %j, strides %j, pad %s, rounding %s: the maxima agree with cpu', async (x, window, strides, pad, rounding) => {
    const { cpu, wasm } = await onBoth(() => tf.maxPool3d(fixed(x) as tf.Tensor5D, [...window], [...strides], pad, rounding));
    expect(wasm[0]!.shape).toEqual(cpu[0]!.shape);
    expect(wasm[0]!.values).toEqual(cpu[0]!.values);
  });
});

describe('a NaN in a window', () => {
  beforeAll(useWasm);

  test('is its maximum (cpu passes over it) and its mean, and other windows are as they were', () => {
    // Windows of two: [NaN, 1], [2, 3], [4, NaN], [-5, -6].
    const x = (): tf.Tensor4D => tf.tensor4d([NaN, 1, 2, 3, 4, NaN, -5, -6], [1, 1, 8, 1]);
    const [max, mean, relu] = leavingNothing(() => [tf.maxPool(x(), [1, 2], [1, 2], 'valid'), tf.avgPool(x(), [1, 2], [1, 2], 'valid'), tf.relu(tf.maxPool(x(), [1, 2], [1, 2], 'valid'))]);
    expect(max!.values).toEqual([NaN, 3, NaN, -5]);
    expect(mean!.values).toEqual([NaN, 2.5, NaN, -5.5]);
    expect(relu!.values).toEqual([NaN, 3, NaN, 0]);
  });

  test('of all NaN is NaN, in three dimensions too', () => {
    const found = leavingNothing(() => [tf.maxPool(tf.fill<tf.Rank.R4>([1, 2, 2, 1], NaN), 2, 2, 'valid'), tf.maxPool3d(tf.fill<tf.Rank.R5>([1, 2, 2, 2, 1], NaN), 2, 2, 'valid'), tf.avgPool3d(tf.fill<tf.Rank.R5>([1, 2, 2, 2, 1], NaN), 2, 2, 'valid')]);
    expect(found.map(({ values }) => values)).toEqual([[NaN], [NaN], [NaN]]);
  });

  test('infinities of both signs stay what they are: of [Infinity, -Infinity] and [-Infinity, 1] the maxima are Infinity and 1', () => {
    const [y] = leavingNothing(() => tf.maxPool(tf.tensor4d([Infinity, -Infinity, -Infinity, 1], [1, 1, 4, 1]), [1, 2], [1, 2], 'valid'));
    expect(y!.values).toEqual([Infinity, 1]);
  });
});
