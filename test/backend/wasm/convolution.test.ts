import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { difference, fixed, fixedValues, leavingNothing, onBoth, useWasm } from '../on-backends.js';

type Pad = 'same' | 'valid' | number | [[number, number], [number, number], [number, number], [number, number]];

interface Case {
  readonly x: readonly [number, number, number, number];
  readonly filter: readonly [number, number, number, number];
  readonly strides: readonly [number, number];
  readonly pad: Pad;
  readonly dilations?: readonly [number, number];
}

/** [top, left] padding and the output's size, from TensorFlow's documented rule for each kind of padding. */
function geometry({ x, filter, strides, pad, dilations = [1, 1] }: Case) {
  const [padTop, outHeight] = axis(0);
  const [padLeft, outWidth] = axis(1);
  return { padTop, padLeft, outHeight, outWidth };
  function axis(at: 0 | 1): [number, number] {
    const size = x[at + 1]!;
    const reach = (filter[at] - 1) * dilations[at] + 1;
    if (pad === 'same') {
      const out = Math.ceil(size / strides[at]);
      return [Math.floor(Math.max(0, (out - 1) * strides[at] + reach - size) / 2), out];
    }
    const [before, after] = pad === 'valid' ? [0, 0] : typeof pad === 'number' ? [pad, pad] : pad[at + 1]!;
    return [before, Math.floor((size + before + after - reach) / strides[at]) + 1];
  }
}

/** All three of a convolution's products in double precision, straight from the definition. */
function reference(example: Case, xs: ArrayLike<number>, filters: ArrayLike<number>, gradients: ArrayLike<number>, depthwise: boolean) {
  const { x: [batch, height, width, channels], filter: [rows, columns, , last], strides, dilations = [1, 1] } = example;
  const { padTop, padLeft, outHeight, outWidth } = geometry(example);
  const outChannels = depthwise ? channels * last : last;
  const y = new Float64Array(batch * outHeight * outWidth * outChannels);
  const dx = new Float64Array(batch * height * width * channels);
  const dw = new Float64Array(rows * columns * channels * last);
  for (let n = 0; n < batch; n++)
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++)
        for (let r = 0; r < rows; r++)
          for (let c = 0; c < columns; c++) {
            const iy = oy * strides[0] + r * dilations[0] - padTop;
            const ix = ox * strides[1] + c * dilations[1] - padLeft;
            if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
            for (let i = 0; i < channels; i++)
              for (let k = 0; k < last; k++) {
                const from = ((n * height + iy) * width + ix) * channels + i;
                const tap = ((r * columns + c) * channels + i) * last + k;
                const to = ((n * outHeight + oy) * outWidth + ox) * outChannels + (depthwise ? i * last + k : k);
                y[to]! += xs[from]! * filters[tap]!;
                dx[from]! += gradients[to]! * filters[tap]!;
                dw[tap]! += gradients[to]! * xs[from]!;
              }
          }
  return { y, dx, dw, outShape: [batch, outHeight, outWidth, outChannels] as [number, number, number, number] };
}

const cases: Case[] = [];
const paddings: Pad[] = ['same', 'valid', [[0, 0], [1, 2], [0, 1], [0, 0]]];
for (const pad of paddings) {
  for (const strides of [[1, 1], [2, 2], [3, 3], [1, 2], [3, 2]] as const) {
    for (const [rows, columns] of [[1, 1], [3, 3], [2, 3], [5, 1]] as const) {
      cases.push({ x: [2, 7, 7, 3], filter: [rows, columns, 3, 4], strides, pad });
      cases.push({ x: [1, 8, 5, 1], filter: [rows, columns, 1, 5], strides, pad });
      cases.push({ x: [3, 5, 11, 2], filter: [rows, columns, 2, 1], strides, pad });
    }
  }
}
for (const pad of [1, 2, 0]) cases.push({ x: [2, 7, 7, 3], filter: [3, 3, 3, 4], strides: [2, 2], pad });
// Padding wider than the filter: the turned convolution of the input's gradient would need negative padding.
cases.push({ x: [2, 4, 4, 2], filter: [2, 2, 2, 3], strides: [1, 1], pad: 3 });
const dilated: Case[] = [];
for (const pad of paddings) {
  for (const dilations of [[2, 2], [1, 3]] as const) dilated.push({ x: [2, 9, 8, 3], filter: [3, 2, 3, 4], strides: [1, 1], pad, dilations });
}

const title = ({ x, filter, strides, pad, dilations = [1, 1] }: Case): string =>
  `[${x}] by [${filter}], strides ${strides}, dilations ${dilations}, pad ${JSON.stringify(pad)}`;
const rounding = (pad: Pad) => (typeof pad === 'string' ? undefined : 'floor');
const pairs = (values: readonly [number, number]): [number, number] => [...values];
const product = (shape: readonly number[]): number => shape.reduce((all, each) => all * each, 1);

/** float32 sums of up to 154 products of numbers below 1, against double precision. */
const tolerance = 1e-5;

describe('convolutions on wasm agree with the definition in double precision', () => {
  beforeAll(useWasm);

  test.each([...cases, ...dilated].map((each) => [title(each), each] as const))('forward: %s', (_, example) => {
    const { x, filter, strides, pad, dilations = [1, 1] } = example;
    const expected = reference(example, fixedValues(product(x)), fixedValues(product(filter), 2), new Float64Array(5000), false);
    const [found] = leavingNothing(() => tf.conv2d(fixed(x) as tf.Tensor4D, fixed(filter, 2) as tf.Tensor4D, pairs(strides), pad, 'NHWC', pairs(dilations), rounding(pad)));
    expect(found!.shape).toEqual(expected.outShape);
    expect(difference(found!.values, expected.y)).toBeLessThan(tolerance);
  });

  test.each(cases.map((each) => [title(each), each] as const))('gradients: %s', (_, example) => {
    const { x, filter, strides, pad } = example;
    const { outHeight, outWidth } = geometry(example);
    const dy = [x[0], outHeight, outWidth, filter[3]];
    const expected = reference(example, fixedValues(product(x)), fixedValues(product(filter), 2), fixedValues(product(dy), 3), false);
    const [dx, dw] = leavingNothing(() => {
      const gradients = tf.grads((a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, pairs(strides), pad, 'NHWC', 1, rounding(pad)));
      return gradients([fixed(x), fixed(filter, 2)], fixed(dy, 3));
    });
    expect(dx!.shape).toEqual([...x]);
    expect(dw!.shape).toEqual([...filter]);
    expect(difference(dx!.values, expected.dx)).toBeLessThan(tolerance);
    expect(difference(dw!.values, expected.dw)).toBeLessThan(tolerance);
  });

  test.each([...cases, ...dilated].filter(({ strides }) => strides[0] === strides[1]).map((each) => [title(each), each] as const))('depthwise: %s', (_, example) => {
    const { x, filter, strides, pad, dilations = [1, 1] } = example;
    const { outHeight, outWidth } = geometry(example);
    const dyShape = [x[0], outHeight, outWidth, x[3] * filter[3]];
    const expected = reference(example, fixedValues(product(x)), fixedValues(product(filter), 2), fixedValues(product(dyShape), 3), true);
    const [y, dx, dw] = leavingNothing(() => {
      const a = fixed(x) as tf.Tensor4D;
      const b = fixed(filter, 2) as tf.Tensor4D;
      const dy = fixed(dyShape, 3) as tf.Tensor4D;
      const attrs = { strides: pairs(strides), pad, dilations: pairs(dilations), dimRoundingMode: rounding(pad) } as unknown as tf.NamedAttrMap;
      return [
        tf.depthwiseConv2d(a, b, pairs(strides), pad, 'NHWC', pairs(dilations), rounding(pad)),
        // The kernels take dilations, which the gradient of the op refuses.
        tf.engine().runKernel<tf.Tensor>(tf.DepthwiseConv2dNativeBackpropInput, { dy, filter: b }, { ...attrs, inputShape: [...x] }),
        tf.engine().runKernel<tf.Tensor>(tf.DepthwiseConv2dNativeBackpropFilter, { x: a, dy }, { ...attrs, filterShape: [...filter] }),
      ];
    });
    expect(difference(y!.values, expected.y)).toBeLessThan(tolerance);
    expect(difference(dx!.values, expected.dx)).toBeLessThan(tolerance);
    expect(difference(dw!.values, expected.dw)).toBeLessThan(tolerance);
  });

  test('a batch whose patches exceed the 16 MiB budget is summed in parts: gradient of a sum over 6 images of 130x130x9 by 3x3', () => {
    // 128 * 128 positions * 81 taps = 1.33 million floats an image, so 3 images at a time. With ones everywhere
    // each tap of each filter meets 6 * 128 * 128 positions, and dx counts the 9 taps x 2 filters that reach an inner pixel.
    const [dx, dw] = leavingNothing(() =>
      tf.grads((a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'valid'))([tf.ones([6, 130, 130, 9]), tf.ones([3, 3, 9, 2])], tf.ones([6, 128, 128, 2])));
    expect(new Set(dw!.values)).toEqual(new Set([98_304]));
    expect(Math.max(...dx!.values.slice(0, 1000).concat(dx!.values.slice(65 * 130 * 9, 65 * 130 * 9 + 100)))).toBe(18);
  });

  test('a strided input gradient in parts reaches every pixel of 20 images: 590 thousand floats an image make parts of 7, 7 and 6', () => {
    const [dx] = leavingNothing(() => tf.conv2dTranspose(tf.ones<tf.Rank.R4>([20, 128, 128, 2]), tf.ones<tf.Rank.R4>([2, 2, 9, 2]), [20, 256, 256, 9], 2, 'valid'));
    // Each pixel belongs to one patch alone, and 2 output channels of ones add up in it.
    expect(dx!.values.every((value) => value === 2)).toBe(true);
  });
});

describe('what would write outside of its output is refused', () => {
  beforeAll(useWasm);

  test('a padding in numbers with a filter that is not square, for which TensorFlow.js computes 3 columns where 7 are covered', () => {
    expect(() => tf.tidy(() => tf.conv2d(tf.ones<tf.Rank.R4>([2, 7, 7, 3]), tf.ones<tf.Rank.R4>([5, 1, 3, 4]), 1, 0))).toThrow(/covers 3x7 positions.*computed 3x3/);
  });

  test('a dilated filter larger than its input', () => {
    expect(() => tf.tidy(() => tf.conv2d(tf.ones<tf.Rank.R4>([2, 7, 7, 3]), tf.ones<tf.Rank.R4>([5, 1, 3, 4]), 1, 'valid', 'NHWC', 2))).toThrow(/by a filter of 9x1/);
  });
});

describe('a filter larger than its input', () => {
  beforeAll(useWasm);

  test.each(['conv2d', 'depthwiseConv2d'] as const)('%s: 3 rows over 2 have no position; the result is empty and the gradients are zeros, as on cpu', async (name) => {
    const { cpu, wasm } = await onBoth(() => {
      const convolved = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor => tf[name](x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'valid');
      const operands = [tf.ones([2, 2, 4, 1]), tf.ones([3, 2, 1, 5])];
      return [convolved(operands[0]!, operands[1]!), ...tf.grads(convolved)(operands)];
    });
    expect(wasm.map(({ shape, values }) => [shape, values])).toEqual([[[2, 0, 3, 5], []], [[2, 2, 4, 1], Array(16).fill(0)], [[3, 2, 1, 5], Array(30).fill(0)]]);
    expect(wasm).toEqual(cpu);
  });

  test('its empty gradient is not handed to XNNPACK, which would leave the result as it was: one filter a channel', () => {
    const garbage = tf.fill([2, 2, 4, 1], 9);
    garbage.dispose();
    const [dx] = leavingNothing(() => tf.grad((x) => tf.depthwiseConv2d(x as tf.Tensor4D, tf.ones([3, 2, 1, 1]), 1, 'valid'))(tf.ones([2, 2, 4, 1])));
    expect(dx!.values).toEqual(Array(16).fill(0));
  });

  test('by two rows more is refused with the sizes', () => {
    expect(() => tf.tidy(() => tf.conv2d(tf.ones<tf.Rank.R4>([1, 2, 4, 1]), tf.ones<tf.Rank.R4>([4, 2, 1, 5]), 1, 'valid'))).toThrow('of 2x4 by a filter of 4x2 has -1x3 positions; the filter fits into the padded input. Use a smaller filter');
  });
});

describe('special values', () => {
  beforeAll(useWasm);

  test.each(['relu', 'relu6'] as const)('a fused convolution with %s passes NaN on: 1 of 2 images is NaN', (activation) => {
    const x = tf.tensor4d([NaN, 1, 1, 1, 2, 2, 2, 2], [2, 2, 2, 1]);
    const [found] = leavingNothing(() => [tf.fused.conv2d({ x, filter: tf.ones([2, 2, 1, 1]), strides: 1, pad: 'valid', activation })]);
    x.dispose();
    expect(found!.values).toEqual([NaN, activation === 'relu' ? 8 : 6]);
  });

  test('an empty batch gives an empty output and gradients of zeros', () => {
    const [y, dw] = leavingNothing(() => [
      tf.conv2d(tf.zeros<tf.Rank.R4>([0, 5, 5, 2]), tf.ones<tf.Rank.R4>([3, 3, 2, 4]), 1, 'same'),
      tf.grad((w) => tf.conv2d(tf.zeros<tf.Rank.R4>([0, 5, 5, 2]), w as tf.Tensor4D, 1, 'same'))(tf.ones([3, 3, 2, 4]), tf.zeros([0, 5, 5, 4])),
    ]);
    expect(y!.shape).toEqual([0, 5, 5, 4]);
    expect(dw!.values).toEqual(Array(72).fill(0));
  });

  test('fused convolutions agree with cpu under every activation', async () => {
    for (const activation of ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const) {
      const both = await onBoth(() => {
        const slopes = activation === 'prelu' ? { preluActivationWeights: fixed([6], 5) } : {};
        const shared = { x: fixed([2, 7, 6, 3]) as tf.Tensor4D, strides: 2, pad: 'same' as const, bias: fixed([6], 4), activation, leakyreluAlpha: 0.3, ...slopes };
        return [tf.fused.conv2d({ ...shared, filter: fixed([3, 2, 3, 6], 2) as tf.Tensor4D }), tf.fused.depthwiseConv2d({ ...shared, filter: fixed([3, 2, 3, 2], 3) as tf.Tensor4D })];
      });
      expect(difference(both.wasm[0]!.values, both.cpu[0]!.values), activation).toBeLessThan(tolerance);
      expect(difference(both.wasm[1]!.values, both.cpu[1]!.values), `depthwise ${activation}`).toBeLessThan(tolerance);
    }
  });
});
