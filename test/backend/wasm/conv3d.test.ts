import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { difference, fixed, leavingNothing, onBoth, useWasm } from '../on-backends.js';

type Triple = readonly [number, number, number];
type Shape = readonly [number, number, number, number, number];

/** The gradient of the input under a gradient of ones. */
const inputGradient = (x: Shape, filter: tf.Tensor5D, strides: Triple | number, pad: 'same' | 'valid'): tf.Tensor =>
  tf.grad((at) => tf.sum(tf.conv3d(at as tf.Tensor5D, filter, strides as [number, number, number], pad)))(tf.ones([...x]));

describe('the gradient of a three-dimensional input', () => {
  beforeAll(useWasm);

  test('windows of 2 cubed, side by side in 4 cubed: each of the 64 is in one', () => {
    const [dx] = leavingNothing(() => inputGradient([1, 4, 4, 4, 1], tf.ones([2, 2, 2, 1, 1]), 2, 'valid'));
    expect(dx!.values).toEqual(Array(64).fill(1));
  });

  test("a filter of 2 with 'same' padding over 3: the first is met by tap 0 alone, the others by both", () => {
    // Positions 0, 1, 2 read [0, 1], [1, 2] and [2, padding].
    const [dx] = leavingNothing(() => inputGradient([1, 3, 1, 1, 1], tf.ones([2, 1, 1, 1, 1]), 1, 'same'));
    expect(dx!.values).toEqual([1, 2, 2]);
  });

  test('a filter of [2, 1, 3] at strides [1, 1, 3] over [3, 1, 4]: the last column is in no window, the middle row in two', () => {
    const [dx] = leavingNothing(() => inputGradient([1, 3, 1, 4, 1], tf.ones([2, 1, 3, 1, 1]), [1, 1, 3], 'valid'));
    expect(dx!.values).toEqual([1, 1, 1, 0, 2, 2, 2, 0, 1, 1, 1, 0]);
  });

  test('a transposed convolution at stride 2 spreads [1, 10] by the filter [2, 3] to [2, 3, 20, 30]', () => {
    const [y] = leavingNothing(() => tf.conv3dTranspose(tf.tensor5d([1, 10], [1, 2, 1, 1, 1]), tf.tensor5d([2, 3], [2, 1, 1, 1, 1]), [1, 4, 1, 1, 1], [2, 1, 1], 'valid'));
    expect(y!.values).toEqual([2, 3, 20, 30]);
  });

  test.each<[Shape, Triple, number, Triple, 'same' | 'valid']>([
    [[2, 5, 4, 3, 2], [2, 3, 2], 3, [2, 2, 2], 'same'],
    [[1, 7, 5, 6, 3], [3, 2, 3], 2, [2, 1, 3], 'valid'],
    [[2, 4, 4, 4, 1], [2, 2, 4], 5, [1, 1, 1], 'same'],
    // Strides larger than the filter: TensorFlow.js gives 'same' a padding of -1.
    [[2, 5, 5, 5, 2], [1, 1, 2], 2, [3, 3, 3], 'same'],
    [[1, 3, 1, 3, 3], [3, 3, 2], 5, [3, 1, 2], 'valid'],
    [[0, 4, 4, 4, 1], [2, 2, 2], 1, [2, 2, 2], 'same'],
  ])('of %j, filter %j to %d channels, strides %j, %s, agrees with cpu, the filter\'s and the result too', async (x, window, out, strides, pad) => {
    const both = await onBoth(() => {
      const convolved = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.conv3d(a as tf.Tensor5D, b as tf.Tensor5D, [...strides], pad);
      const [a, b] = [fixed(x), fixed([...window, x[4], out], 2)];
      const y = convolved(a, b);
      return [y, ...tf.grads(convolved)([a, b], fixed(y.shape, 3))];
    });
    expect(both.wasm.map(({ shape }) => shape)).toEqual(both.cpu.map(({ shape }) => shape));
    for (const [at, { values }] of both.wasm.entries()) expect(difference(values, both.cpu[at]!.values), `result ${at}`).toBeLessThan(2e-6);
  });
});

test('a transposed convolution can be trained: y = [2, 3, 20, 30] of x = [1, 10] and w = [2, 3] has the gradients [5, 5] and [11, 11]', async () => {
  await useWasm();
  const y = (x: tf.Tensor, w: tf.Tensor): tf.Tensor => tf.sum(tf.conv3dTranspose(x as tf.Tensor5D, w as tf.Tensor5D, [1, 4, 1, 1, 1], [2, 1, 1], 'valid'));
  const found = leavingNothing(() => tf.grads(y)([tf.tensor5d([1, 10], [1, 2, 1, 1, 1]), tf.tensor5d([2, 3], [2, 1, 1, 1, 1])]));
  expect(found.map(({ values }) => values)).toEqual([[5, 5], [11, 11]]);
});
