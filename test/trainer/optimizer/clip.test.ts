import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { clipByGlobalNorm, compileClipping, type ClippingOptions } from '../../../src/trainer/optimizer/index.js';
import { expectClose, onBackends } from '../on-backends.js';

/** Clips, and gives the values by name; nothing but what was there is left. */
function clip(options: ClippingOptions, given: Readonly<Record<string, number[]>>): Record<string, number[]> {
  const gradients = new Map(Object.entries(given).map(([name, values]) => [name, tf.tensor1d(values)]));
  const before = tf.memory().numTensors;
  const clipped = compileClipping(options)!(gradients);
  const values = Object.fromEntries([...clipped].map(([name, tensor]) => [name, Array.from(tensor.dataSync())]));
  tf.dispose([...clipped.values()]);
  expect(tf.memory().numTensors).toBe(before);
  for (const [name, tensor] of gradients) expect(Array.from(tensor.dataSync())).toEqual(given[name]!.map((value) => Math.fround(value)));
  tf.dispose([...gradients.values()]);
  return values;
}

onBackends('clipping', () => {
  test('by value: each entry into [-2, 2]', () => {
    expect(clip({ value: 2 }, { a: [-3, -2, 0.5], b: [2.5] })).toEqual({ a: [-2, -2, 0.5], b: [2] });
  });

  test('by norm: [3, 4] to [0.6, 0.8] and [0, 0.5] as it is', () => {
    const { a, b } = clip({ norm: 1 }, { a: [3, 4], b: [0, 0.5] });
    expectClose(a!, [0.6, 0.8]);
    expect(b).toEqual([0, 0.5]);
  });

  test('by global norm: [3, 4] and [12], 13 long together, to 6.5', () => {
    const { a, b } = clip({ globalNorm: 6.5 }, { a: [3, 4], b: [12] });
    expectClose(a!, [1.5, 2]);
    expectClose(b!, [6]);
  });

  test('by global norm: what is short enough is not touched, zeros included', () => {
    expect(clip({ globalNorm: 5 }, { a: [3, 4], b: [0] })).toEqual({ a: [3, 4], b: [0] });
    expect(clip({ globalNorm: 5 }, { a: [0, 0] })).toEqual({ a: [0, 0] });
    expect(clip({ norm: 5 }, { a: [0, 0] })).toEqual({ a: [0, 0] });
  });

  test('the norm before clipping is given on the device: 13', () => {
    const gradients = new Map<string, tf.Tensor>([['a', tf.tensor2d([[3], [4]])], ['b', tf.tensor1d([12])]]);
    const before = tf.memory().numTensors;
    const { gradients: clipped, norm } = clipByGlobalNorm(gradients, 1);
    expect(norm.shape).toEqual([]);
    expectClose(norm.dataSync(), [13]);
    tf.dispose([norm, ...clipped.values()]);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([...gradients.values()]);
  });

  test('NaN stays where it is by value, and infinities become the limits', () => {
    expect(clip({ value: 1 }, { a: [Number.NaN, 3], b: [Infinity, -Infinity] })).toEqual({ a: [Number.NaN, 1], b: [1, -1] });
  });

  test.each([Number.NaN, Infinity, -Infinity])('a gradient of %s makes all that are scaled with it NaN, not 0', (bad) => {
    expect(clip({ globalNorm: 1 }, { a: [bad, 3], b: [0.5] })).toEqual({ a: [Number.NaN, Number.NaN], b: [Number.NaN] });
    expect(clip({ norm: 1 }, { a: [bad, 3], b: [0.5] })).toEqual({ a: [Number.NaN, Number.NaN], b: [0.5] });
  });

  test('sums of squares that a measurement has made are used, not made again', () => {
    const gradients = new Map<string, tf.Tensor>([['a', tf.tensor1d([3, 4])]]);
    // A wrong sum on purpose: only one that is used shows, 100 for a norm of 10.
    const shared = tf.tensor1d([100]);
    const asked: string[] = [];
    const memo = { memo: (key: string): tf.Tensor => (asked.push(key), shared) };
    const clipped = compileClipping({ globalNorm: 1 })!(gradients, memo);
    expectClose(clipped.get('a')!.dataSync(), [0.3, 0.4]);
    expect(asked).toEqual(['sumsOfSquares:gradients']);
    expect(shared.isDisposed).toBe(false);
    tf.dispose([shared, ...gradients.values(), ...clipped.values()]);
  });

  test('no gradients are clipped to none', () => {
    for (const options of [{ value: 1 }, { norm: 1 }, { globalNorm: 1 }]) expect(clip(options, {})).toEqual({});
  });
});

test('no options are no clipping', () => {
  expect(compileClipping(undefined)).toBeUndefined();
});
