import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { compile, generated } from '../../../scripts/build-wasm.js';
import { fusesUpdates } from '../../../src/backend/index.js';
import { difference, fixed, leavingNothing, useWasm } from '../on-backends.js';
import { withoutSimd } from './without-simd.js';

test('the module that is committed is wasm/, compiled', async () => {
  const committed = readFileSync(new URL('../../../src/backend/wasm/simd-module.ts', import.meta.url), 'utf8');
  expect(committed === generated(await compile()), 'run npm run build:wasm').toBe(true);
});

type Conv = Parameters<typeof tf.conv2d>;

/** Gradients of both operands, with a loss that gives each output its own weight. */
const both = (op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor[] =>
  tf.grads((x, y) => {
    const out = op(x, y);
    return tf.mul(out, fixed(out.shape, 5));
  })([a, b]);

const conv = (stride: Conv[2], pad: Conv[3]) => (x: tf.Tensor, w: tf.Tensor): tf.Tensor => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad);
const depthwise = (stride: Conv[2], pad: 'same' | 'valid') => (x: tf.Tensor, w: tf.Tensor): tf.Tensor => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad);

const examples: Readonly<Record<string, () => tf.Tensor[]>> = {
  'products, every transpose': () => [0, 1, 2, 3].flatMap((which) => {
    const [a, b] = [(which & 1) === 1, (which & 2) === 2];
    return [tf.matMul(fixed(a ? [40, 50] : [50, 40]), fixed(b ? [60, 40] : [40, 60], 2), a, b), tf.matMul(fixed(a ? [2, 3, 7, 5] : [2, 3, 5, 7]), fixed(b ? [3, 11, 7] : [3, 7, 11], 2), a, b)];
  }),
  'dense with bias and relu': () => [tf.fused.matMul({ a: fixed([9, 7]), b: fixed([7, 5], 2), bias: fixed([5], 3), activation: 'relu' }), tf.fused.matMul({ a: fixed([9, 7]), b: fixed([7, 5], 2), bias: fixed([5], 3), activation: 'sigmoid' })],
  'convolution, stride 1, same': () => both(conv(1, 'same'), fixed([3, 7, 6, 3]), fixed([3, 2, 3, 5], 2)),
  'convolution, strides 2 and 3, valid': () => both(conv([2, 3], 'valid'), fixed([3, 9, 8, 2]), fixed([3, 2, 2, 9], 2)),
  'convolution, filter wider than the input': () => both(conv(1, 'same'), fixed([2, 3, 2, 3]), fixed([5, 5, 3, 4], 2)),
  'depthwise, stride 1': () => both(depthwise(1, 'same'), fixed([2, 7, 6, 21]), fixed([3, 2, 21, 1], 2)),
  'depthwise, strides 3 and 2': () => both(depthwise([3, 2], 'same'), fixed([2, 7, 6, 5]), fixed([2, 3, 5, 1], 2)),
  'depthwise, two filters a channel': () => both(depthwise(1, 'same'), fixed([2, 5, 6, 3]), fixed([3, 3, 3, 2], 2)),
  'max pooling': () => [tf.grad((x) => tf.square(tf.maxPool(x as tf.Tensor4D, 3, 2, 'same')))(fixed([2, 9, 7, 6]))],
  'sums, means and rows': () => {
    const x = fixed([3, 5, 7]);
    return [tf.sum(x, 0), tf.mean(x, [0, 1]), tf.add(x, fixed([7], 2)), tf.sub(x, fixed([7], 2)), tf.mul(fixed([7], 2), x)];
  },
};

describe('a machine without vector instructions computes the same', () => {
  beforeAll(useWasm);

  test.each(Object.entries(examples))('%s', (_, example) => {
    const vectorised = leavingNothing(example);
    const plain = withoutSimd(() => leavingNothing(example));
    expect(plain.map(({ shape }) => shape)).toEqual(vectorised.map(({ shape }) => shape));
    plain.forEach(({ values }, at) => expect(difference(values, vectorised[at]!.values)).toBeLessThan(1e-5));
  });

  test('and leaves updates to the stock optimizers', () => {
    expect([fusesUpdates(), withoutSimd(fusesUpdates), fusesUpdates()]).toEqual([true, false, true]);
  });
});
