import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { leavingNothing, onBoth, useWasm } from '../on-backends.js';

const int32 = (...values: number[]): tf.Tensor1D => tf.tensor1d(values, 'int32');
const bool = (...values: boolean[]): tf.Tensor1D => tf.tensor1d(values, 'bool');

describe('integers in kernels that take them for floats', () => {
  test.each<[string, () => tf.Tensor, string, number[]]>([
    ['[-7, 3, 100] clipped to -10 .. 50', () => tf.clipByValue(int32(-7, 3, 100), -10, 50), 'int32', [-7, 3, 50]],
    ['[-7, 3, 100] clipped to -5 .. 50.9', () => tf.clipByValue(int32(-7, 3, 100), -5, 50.9), 'int32', [-5, 3, 50]],
    ['[256, 3, 0, -512] cast to bool', () => tf.cast(int32(256, 3, 0, -512), 'bool'), 'bool', [1, 1, 0, 1]],
    ['[1, 2, 4] turned into 1 / x', () => tf.reciprocal(int32(1, 2, -1)), 'int32', [1, 0, -1]],
    ['log(1 + x) of [0, 1, 20]', () => tf.log1p(int32(0, 1, 20)), 'int32', [0, 0, 3]],
    ['[1, NaN as bits] asked for NaN', () => tf.isNaN(int32(1, 2_143_289_344)), 'bool', [0, 0]],
    ['[1, infinity as bits] asked for infinity', () => tf.isInf(int32(1, 2_139_095_040)), 'bool', [0, 0]],
    ['[1, infinity as bits] asked whether they are finite', () => tf.isFinite(int32(1, 2_139_095_040)), 'bool', [1, 1]],
    ['[true, false, false] turned around', () => tf.reverse(bool(true, false, false)), 'bool', [0, 0, 1]],
  ])('%s', async (_, compute, dtype, expected) => {
    const { cpu, wasm } = await onBoth(compute);
    expect(wasm[0]).toMatchObject({ dtype, values: expected });
    expect(wasm).toEqual(cpu);
  });

  test('a mask that is turned around leaves the tensors beside it as they were', async () => {
    await useWasm();
    const mask = tf.ones([16, 5], 'bool');
    const beside = Array.from({ length: 100 }, () => tf.fill([20], 3));
    const turned = leavingNothing(() => Array.from({ length: 100 }, () => tf.reverse(mask, 1)));
    expect(turned.every(({ values }) => values.every((value) => value === 1))).toBe(true);
    expect(beside.every((each) => each.dataSync().every((value) => value === 3))).toBe(true);
    tf.dispose([mask, beside]);
  });
});
