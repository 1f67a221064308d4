import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { leavingNothing, onBoth, useWasm } from '../on-backends.js';

test('slopes of a row each: [[-1, -2], [-3, 4]] by [[2], [10]] is [[-2, -4], [-30, 4]]', async () => {
  await useWasm();
  const [y] = leavingNothing(() => tf.prelu(tf.tensor2d([[-1, -2], [-3, 4]]), tf.tensor2d([[2], [10]])));
  expect(y!.values).toEqual([-2, -4, -30, 4]);
});

test('a NaN stays, and infinities take their slope', async () => {
  await useWasm();
  const [y] = leavingNothing(() => tf.prelu(tf.tensor2d([[NaN, -Infinity], [Infinity, -1]]), tf.tensor2d([[2], [10]])));
  expect(y!.values).toEqual([NaN, -Infinity, Infinity, -10]);
});

test.each([[[3, 5], [5]], [[3, 5], [3, 1]], [[2, 3, 4], [3, 1]], [[2, 3, 4], [2, 1, 4]], [[2, 3, 4], [1, 3, 4]], [[2, 3, 4], [1]], [[2, 3, 4], []], [[2, 1, 4], [3, 1]], [[4], [2, 4]], [[0, 4], [4]]] as const)(
  'x of %j and slopes of %j agree with cpu, as floats and as integers',
  async (shape, slopes) => {
    const { cpu, wasm } = await onBoth(() => {
      const [x, alpha] = [tf.sub(tf.range(0, 24), 12), tf.add(tf.range(0, 24), 1)].map((all, at) => {
        const of = at === 0 ? shape : slopes;
        return tf.reshape(tf.slice(all, 0, of.reduce<number>((size, each) => size * each, 1)), [...of]);
      }) as [tf.Tensor, tf.Tensor];
      return [tf.prelu(x, alpha), tf.prelu(tf.cast(x, 'int32'), tf.cast(alpha, 'int32'))];
    });
    expect(wasm).toEqual(cpu);
  },
);
