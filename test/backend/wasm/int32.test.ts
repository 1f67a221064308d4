import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { onBoth } from '../on-backends.js';

/**
 * 32-bit integers wrap around at 2^31: 2^31 - 1 plus 1 is -2^31. That is so on cpu and on wasm, and no error says it; what
 * these hold is that the two agree, so that a training does not depend on the backend that it found.
 */
describe('int32 beyond its range wraps as on cpu', () => {
  const most = 2_147_483_647;
  const int32 = (...values: number[]): tf.Tensor1D => tf.tensor1d(values, 'int32');

  test.each<[string, () => tf.Tensor, number[]]>([
    ['add', () => tf.add(int32(most, -most - 1), int32(1, -1)), [-most - 1, most]],
    ['sub', () => tf.sub(int32(-most - 1), int32(1)), [most]],
    ['mul', () => tf.mul(int32(65_536, most), int32(65_536, 2)), [0, -2]],
    ['sum', () => tf.sum(int32(most, 1, 5)), [-most + 4]],
    ['cumsum', () => tf.cumsum(int32(most, 1, 1)), [most, -most - 1, -most]],
    ['cast of 2.9, -2.9 and true', () => tf.concat([tf.cast([2.9, -2.9], 'int32'), tf.cast(tf.tensor1d([true], 'bool'), 'int32')]), [2, -2, 1]],
  ])('%s', async (_, compute, expected) => {
    const both = await onBoth(compute);
    expect(both.cpu[0]).toMatchObject({ dtype: 'int32', values: expected });
    expect(both.wasm[0]).toEqual(both.cpu[0]);
  });
});
