import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { difference, fixedValues, leavingNothing, useWasm } from '../on-backends.js';

const size = (shape: readonly number[]): number => shape.reduce((all, each) => all * each, 1);

/** d f / d x by central differences in double precision; exact but for rounding, as every f here is a product of its operands. */
function central(f: () => number, x: Float64Array): Float64Array {
  return Float64Array.from(x, (value, at) => {
    const h = 1e-3;
    x[at] = value + h;
    const above = f();
    x[at] = value - h;
    const below = f();
    x[at] = value;
    return (above - below) / (2 * h);
  });
}

interface Operation {
  readonly a: readonly number[];
  readonly b: readonly number[];
  /** The forward pass in double precision, with the shape of its result. */
  readonly reference: (a: Float64Array, b: Float64Array) => { readonly shape: readonly number[]; readonly values: Float64Array };
  readonly op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
}

function check({ a, b, reference, op }: Operation): void {
  const [x, y] = [Float64Array.from(fixedValues(size(a))), Float64Array.from(fixedValues(size(b), 2))];
  const { shape } = reference(x, y);
  const weights = fixedValues(size(shape), 3);
  const loss = (): number => reference(x, y).values.reduce((sum, value, at) => sum + value * weights[at]!, 0);
  const [da, db] = leavingNothing(() => tf.grads((left, right) => op(left, right))([tf.tensor(Float32Array.from(x), [...a]), tf.tensor(Float32Array.from(y), [...b])], tf.tensor(weights, [...shape])));
  expect([da!.shape, db!.shape]).toEqual([a, b]);
  // Sums of up to some hundred products in float32.
  expect(difference(da!.values, central(loss, x))).toBeLessThan(1e-5);
  expect(difference(db!.values, central(loss, y))).toBeLessThan(1e-5);
}

interface Geometry {
  readonly x: readonly [batch: number, height: number, width: number, channels: number];
  readonly filter: readonly [height: number, width: number, channels: number, last: number];
  readonly strides: readonly [number, number];
  readonly pad: 'same' | 'valid' | readonly [top: number, bottom: number, left: number, right: number];
}

/** Output size and padding before, along one axis: TensorFlow's rules for 'same' and 'valid'. */
function axis(length: number, filter: number, stride: number, pad: 'same' | 'valid' | readonly [number, number]): readonly [positions: number, before: number] {
  if (pad === 'same') {
    const positions = Math.ceil(length / stride);
    return [positions, Math.floor(Math.max(0, (positions - 1) * stride + filter - length) / 2)];
  }
  const [before, after] = pad === 'valid' ? [0, 0] : pad;
  return [Math.floor((length + before + after - filter) / stride) + 1, before];
}

const convolution = ({ x, filter, strides, pad }: Geometry, depthwise: boolean): Operation => ({
  a: x,
  b: filter,
  reference: (values, taps) => {
    const [batch, height, width, channels] = x;
    const [filterHeight, filterWidth, , last] = filter;
    const [outHeight, top] = axis(height, filterHeight, strides[0], typeof pad === 'string' ? pad : [pad[0], pad[1]]);
    const [outWidth, left] = axis(width, filterWidth, strides[1], typeof pad === 'string' ? pad : [pad[2], pad[3]]);
    const outChannels = depthwise ? channels * last : last;
    const out = new Float64Array(batch * outHeight * outWidth * outChannels);
    for (let at = 0; at < out.length; at++) {
      const channel = at % outChannels;
      const column = Math.floor(at / outChannels) % outWidth;
      const row = Math.floor(at / outChannels / outWidth) % outHeight;
      const image = Math.floor(at / outChannels / outWidth / outHeight);
      for (let r = 0; r < filterHeight; r++) {
        for (let c = 0; c < filterWidth; c++) {
          const [y, z] = [row * strides[0] + r - top, column * strides[1] + c - left];
          if (y < 0 || y >= height || z < 0 || z >= width) continue;
          const pixel = ((image * height + y) * width + z) * channels;
          const tap = (r * filterWidth + c) * channels;
          if (depthwise) out[at]! += values[pixel + Math.floor(channel / last)]! * taps[tap * last + channel]!;
          else for (let i = 0; i < channels; i++) out[at]! += values[pixel + i]! * taps[(tap + i) * last + channel]!;
        }
      }
    }
    return { shape: [batch, outHeight, outWidth, outChannels], values: out };
  },
  op: (a, b) => {
    const padding = typeof pad === 'string' ? pad : ([[0, 0], [pad[0], pad[1]], [pad[2], pad[3]], [0, 0]] as [[number, number], [number, number], [number, number], [number, number]]);
    return depthwise
      ? tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, [...strides], padding)
      : tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, [...strides], padding);
  },
});

const geometries: readonly Geometry[] = [
  { x: [1, 1, 1, 1], filter: [1, 1, 1, 1], strides: [1, 1], pad: 'valid' },
  { x: [2, 5, 7, 3], filter: [3, 3, 3, 5], strides: [1, 1], pad: 'same' },
  { x: [2, 7, 5, 2], filter: [3, 2, 2, 4], strides: [3, 1], pad: 'valid' },
  { x: [1, 7, 7, 1], filter: [2, 5, 1, 3], strides: [3, 3], pad: 'same' },
  { x: [2, 5, 5, 3], filter: [1, 1, 3, 2], strides: [3, 2], pad: 'same' },
  { x: [1, 5, 6, 2], filter: [3, 2, 2, 11], strides: [2, 3], pad: [2, 1, 0, 3] },
  { x: [2, 3, 2, 2], filter: [5, 5, 2, 1], strides: [1, 1], pad: 'same' },
  { x: [3, 4, 1, 5], filter: [2, 1, 5, 3], strides: [1, 5], pad: 'valid' },
];
const named = geometries.map((geometry) => [`${geometry.x.join('x')} by ${geometry.filter.join('x')}, strides ${geometry.strides.join(' and ')}, ${JSON.stringify(geometry.pad)}`, geometry] as const);

describe('gradients agree with central differences in double precision', () => {
  beforeAll(useWasm);

  test.each(named)('convolution of %s', (_, geometry) => check(convolution(geometry, false)));

  test.each(named)('depthwise convolution of %s', (_, geometry) => check(convolution({ ...geometry, filter: [geometry.filter[0], geometry.filter[1], geometry.x[3], 1] }, true)));

  test.each(named)('depthwise convolution of %s, 3 filters a channel', (_, geometry) => check(convolution({ ...geometry, filter: [geometry.filter[0], geometry.filter[1], geometry.x[3], 3] }, true)));

  test.each([[1, 1, 1], [1, 7, 5], [7, 1, 5], [7, 5, 1], [5, 13, 11]].flatMap(([m, k, n]) => [[false, false], [true, false], [false, true], [true, true]].map(([tA, tB]) => [m!, k!, n!, tA!, tB!] as const)))(
    'product %dx%dx%d, transposed: %j and %j',
    (m, k, n, transposeA, transposeB) => {
      check({
        a: transposeA ? [k, m] : [m, k],
        b: transposeB ? [n, k] : [k, n],
        reference: (a, b) => {
          const values = new Float64Array(m * n);
          for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) for (let l = 0; l < k; l++) values[i * n + j]! += a[transposeA ? l * m + i : i * k + l]! * b[transposeB ? j * k + l : l * n + j]!;
          return { shape: [m, n], values };
        },
        op: (a, b) => tf.matMul(a, b, transposeA, transposeB),
      });
    },
  );

  test.each([[7, 3, 5], [1, 1, 1], [3, 1, 11], [5, 13, 2]])('a gather from %d rows of %d by %d indices (its gradient is UnsortedSegmentSum), times a second operand', (rows, columns, count) => {
    const indices = Array.from({ length: count }, (_, i) => (i * i + 1) % rows);
    check({
      a: [rows, columns],
      b: [count, columns],
      reference: (a, b) => ({ shape: [count, columns], values: b.map((value, at) => value * a[indices[Math.floor(at / columns)]! * columns + (at % columns)]!) }),
      op: (a, b) => tf.mul(tf.gather(a, tf.tensor1d(indices, 'int32')), b),
    });
  });
});

describe('an empty batch', () => {
  beforeAll(useWasm);

  test('of a dense layer has an empty output, and gives its weights gradients of 0', () => {
    const found = leavingNothing(() => {
      const y = tf.fused.matMul({ a: tf.zeros([0, 3]), b: tf.ones([3, 2]), bias: tf.ones([2]), activation: 'relu' });
      const [dw, db] = tf.grads((w, b) => tf.add(tf.matMul(tf.zeros([0, 3]), w), b))([tf.ones([3, 2]), tf.ones([2])], tf.zeros([0, 2]));
      return [y, dw!, db!];
    });
    expect(found.map(({ shape, values }) => [shape, values])).toEqual([[[0, 2], []], [[3, 2], [0, 0, 0, 0, 0, 0]], [[2], [0, 0]]]);
  });

  test.each([['convolution', [2, 2, 3, 1]], ['depthwise convolution', [2, 2, 3, 1]]] as const)('of a %s: gradients of 0 for the filter, none for the images', (name, filter) => {
    const op = name === 'convolution' ? tf.conv2d : tf.depthwiseConv2d;
    const [dx, dw] = leavingNothing(() => {
      const outChannels = name === 'convolution' ? 1 : 3;
      return tf.grads((x, w) => op(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'valid'))([tf.zeros([0, 5, 5, 3]), tf.ones([...filter])], tf.zeros([0, 4, 4, outChannels]));
    });
    expect(dx!.shape).toEqual([0, 5, 5, 3]);
    expect(dw!.shape).toEqual([...filter]);
    expect(dw!.values.every((each) => each === 0)).toBe(true);
  });

  test('of max pooling and of a gather has an empty gradient, and one of 0', () => {
    const found = leavingNothing(() => [
      tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'))(tf.zeros([0, 4, 4, 2]), tf.zeros([0, 2, 2, 2])),
      tf.grad((x) => tf.gather(x, tf.tensor1d([], 'int32')))(tf.ones([2, 2]), tf.zeros([0, 2])),
    ]);
    expect(found.map(({ shape, values }) => [shape, values])).toEqual([[[0, 4, 4, 2], []], [[2, 2], [0, 0, 0, 0]]]);
  });
});
