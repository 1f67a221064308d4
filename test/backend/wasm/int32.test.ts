import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { onBoth } from '../on-backends.js';

/**
 * 32-bit integers wrap around at 2^31: 2^31 - 1 plus 1 is -2^31, and no error says it. cpu computes in doubles, which hold
 * whole numbers up to 2^53: what these hold is that the two agree that far.
 */
describe('int32 beyond its range wraps as on cpu', () => {
  const most = 2_147_483_647;
  const int32 = (...values: number[]): tf.Tensor1D => tf.tensor1d(values, 'int32');

  test.each<[string, () => tf.Tensor, number[]]>([
    ['add', () => tf.add(int32(most, -most - 1), int32(1, -1)), [-most - 1, most]],
    ['sub', () => tf.sub(int32(-most - 1), int32(1)), [most]],
    ['mul', () => tf.mul(int32(65_536, most), int32(65_536, 2)), [0, -2]],
    // 65,537 x 196,611 = 12,885,295,107 = 3 x 2^32 + 393,219.
    ['mul below 2^53', () => tf.mul(int32(65_537), int32(196_611)), [393_219]],
    ['sum', () => tf.sum(int32(most, 1, 5)), [-most + 4]],
    ['cumsum', () => tf.cumsum(int32(most, 1, 1)), [most, -most - 1, -most]],
    ['cast of 2.9, -2.9 and true', () => tf.concat([tf.cast([2.9, -2.9], 'int32'), tf.cast(tf.tensor1d([true], 'bool'), 'int32')]), [2, -2, 1]],
  ])('%s', async (_, compute, expected) => {
    const both = await onBoth(compute);
    expect(both.cpu[0]).toMatchObject({ dtype: 'int32', values: expected });
    expect(both.wasm[0]).toEqual(both.cpu[0]);
  });
});

test('a product beyond 2^53 is exact modulo 2^32 on wasm alone: (2^31 - 1)^2 = 2^62 - 2^32 + 1 is 1, and 0 on cpu', async () => {
  const both = await onBoth(() => tf.square(tf.tensor1d([2_147_483_647], 'int32')));
  expect([both.wasm[0]!.values, both.cpu[0]!.values]).toEqual([[1], [0]]);
});
