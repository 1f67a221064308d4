import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { compileOptimizer } from '../../src/trainer/optimizer/index.js';
import { fixed, useWasm } from './on-backends.js';

interface Heap {
  readonly HEAPU8: Uint8Array;
  _malloc: (bytes: number) => number;
  _free: (at: number) => void;
}
const heap = (): Heap => (tf.backend() as unknown as { wasm: Heap }).wasm;

const mebibyte = 2 ** 20;

test('10,000 steps of a small network keep tensors, buffers and the wasm heap as they were after 500, and the process within 100 MiB', async () => {
  await useWasm();
  const model = sequential({ layers: [layers.dense({ units: 3, activation: 'tanh', inputShape: [2] }), layers.dense({ units: 1 })] });
  const variables = model.trainableWeights.map((weight) => weight.read()).filter((weight): weight is tf.Variable => weight instanceof tf.Variable);
  const optimizer = compileOptimizer({ name: 'adam', learningRate: 0.01 });
  const [x, y] = [fixed([4, 2]), fixed([4, 1], 2)];
  const losses: number[] = [];
  const run = (steps: number): void => {
    for (let at = 0; at < steps; at++) {
      const { value, grads } = tf.variableGrads(() => tf.mean<tf.Scalar>(tf.squaredDifference(model.apply(x, { training: true }) as tf.Tensor, y)), variables);
      optimizer.apply(new Map(variables.map((variable) => [variable, grads[variable.name]!])));
      if (at === 0 || at === steps - 1) losses.push(value.dataSync()[0]!);
      tf.dispose([value, grads]);
    }
  };
  const state = (): readonly number[] => [tf.memory().numTensors, tf.backend().numDataIds(), heap().HEAPU8.buffer.byteLength];
  run(500);
  const before = state();
  const resident = process.memoryUsage.rss();
  run(9_500);
  expect(state()).toEqual(before);
  expect((process.memoryUsage.rss() - resident) / mebibyte).toBeLessThan(100);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 10);
  optimizer.dispose();
  model.dispose();
  tf.dispose([x, y]);
}, 240_000);

/** Bytes that `work` takes from the heap at most, beside those that its result keeps: what TensorFlow.js and our kernels ask for. */
function temporaries(work: () => tf.Tensor): number {
  const module = heap();
  const { _malloc, _free } = module;
  const sizes = new Map<number, number>();
  let [now, peak] = [0, 0];
  module._malloc = (bytes) => {
    const at = _malloc(bytes);
    sizes.set(at, bytes);
    now += bytes;
    peak = Math.max(peak, now);
    return at;
  };
  module._free = (at) => {
    now -= sizes.get(at) ?? 0;
    sizes.delete(at);
    _free(at);
  };
  try {
    work().dispose();
  } finally {
    module._malloc = _malloc;
    module._free = _free;
  }
  expect(now).toBe(0);
  return peak;
}

const bytes = (...shapes: readonly (readonly number[])[]): number => shapes.reduce((sum, shape) => sum + 4 * shape.reduce((all, each) => all * each, 1), 0);

/** A kernel alone, without what its op makes around it. */
const kernel = (name: string, inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap) => (): tf.Tensor => tf.engine().runKernel(name, inputs, attrs) as unknown as tf.Tensor;

interface Bounded {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly attrs: tf.NamedAttrMap;
  readonly out: readonly number[];
  /** Bytes of temporaries at most, beside the result. */
  readonly bound: number;
}

const dense = bytes([512 * 8 + 16]);
/** The budget of patches, and the part of dy that they are made of. */
const patches = 16 * mebibyte;

const kernels: Readonly<Record<string, Bounded>> = {
  'BatchMatMul, transposed': { inputs: { a: [3, 100, 70], b: [3, 50, 100] }, attrs: { transposeA: true, transposeB: true }, out: [3, 70, 50], bound: dense },
  _FusedMatMul: { inputs: { a: [1, 100, 70], b: [1, 70, 50], bias: [50] }, attrs: { transposeA: false, transposeB: false, activation: 'linear' }, out: [1, 100, 50], bound: dense },
  Conv2DBackpropFilter: {
    inputs: { x: [32, 64, 64, 8], dy: [32, 64, 64, 4] }, attrs: { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', filterShape: [5, 5, 8, 4] }, out: [5, 5, 8, 4], bound: 0,
  },
  'Conv2DBackpropInput, stride 1: the turned filter, twice': {
    inputs: { dy: [8, 32, 32, 4], filter: [5, 5, 8, 4] }, attrs: { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', inputShape: [8, 32, 32, 8] }, out: [8, 32, 32, 8], bound: 2 * bytes([5, 5, 8, 4]),
  },
  'Conv2DBackpropInput, stride 2, of which all patches would be 52 MB': {
    inputs: { dy: [64, 32, 32, 4], filter: [5, 5, 8, 4] }, attrs: { strides: [2, 2], pad: 'same', dataFormat: 'NHWC', inputShape: [64, 64, 64, 8] }, out: [64, 64, 64, 8], bound: patches + bytes([64, 32, 32, 4]) + dense,
  },
  DepthwiseConv2dNativeBackpropFilter: {
    inputs: { x: [8, 32, 32, 12], dy: [8, 16, 16, 12] }, attrs: { strides: [2, 2], dilations: [1, 1], pad: 'same', filterShape: [3, 3, 12, 1] }, out: [3, 3, 12, 1], bound: 0,
  },
  DepthwiseConv2dNativeBackpropInput: {
    inputs: { dy: [8, 16, 16, 12], filter: [3, 3, 12, 1] }, attrs: { strides: [2, 2], dilations: [1, 1], pad: 'same', inputShape: [8, 32, 32, 12] }, out: [8, 32, 32, 12], bound: 0,
  },
  MaxPoolGrad: {
    inputs: { dy: [8, 16, 16, 12], input: [8, 32, 32, 12], output: [8, 16, 16, 12] }, attrs: { filterSize: [2, 2], strides: [2, 2], pad: 'valid' }, out: [8, 32, 32, 12], bound: 0,
  },
  MaxPool: { inputs: { x: [8, 32, 32, 12] }, attrs: { filterSize: [2, 2], strides: [2, 2], pad: 'valid' }, out: [8, 16, 16, 12], bound: 0 },
  AvgPool: { inputs: { x: [8, 32, 32, 12] }, attrs: { filterSize: [3, 2], strides: [2, 2], pad: 1, dimRoundingMode: 'ceil' }, out: [8, 17, 17, 12], bound: 0 },
  'Conv3DBackpropInputV2: of one plane of the filter, the planes that it meets of dy, of which all are, and of the result, of which half are': {
    inputs: { dy: [4, 8, 8, 8, 6], filter: [3, 3, 3, 8, 6] }, attrs: { strides: [2, 2, 2], pad: 'same', inputShape: [4, 16, 16, 16, 8] }, out: [4, 16, 16, 16, 8],
    bound: bytes([32, 16, 16, 8]) + 2 * bytes([4, 8, 8, 8, 6]) + bytes([32 * 64, 9 * 8]) + bytes([3, 3, 8, 6]) + dense,
  },
  'Sum, of more rows than a block has': { inputs: { x: [10_000, 8] }, attrs: { axis: [0], keepDims: false }, out: [8], bound: bytes([8]) },
  Sum: { inputs: { x: [1000, 8] }, attrs: { axis: [0], keepDims: false }, out: [8], bound: 0 },
  Mean: { inputs: { x: [10, 100, 8] }, attrs: { axis: [1], keepDims: false }, out: [10, 8], bound: 0 },
  Add: { inputs: { a: [1000, 8], b: [8] }, attrs: {}, out: [1000, 8], bound: 0 },
  Tile: { inputs: { x: [10, 1, 8] }, attrs: { reps: [1, 100, 1] }, out: [10, 100, 8], bound: 0 },
  Identity: { inputs: { x: [1000, 8] }, attrs: {}, out: [], bound: 0 },
};

describe('temporaries of one call stay within what its kernel says', () => {
  beforeAll(useWasm);

  test.each(Object.entries(kernels))('%s', (name, { inputs, attrs, out, bound }) => {
    const given = Object.fromEntries(Object.entries(inputs).map(([key, shape], at) => [key, fixed(shape, at + 1)]));
    const peak = temporaries(kernel(name.split(/[,:]/)[0]!, given, attrs));
    tf.dispose(given);
    expect(peak - (name === 'Identity' ? 0 : bytes(out))).toBeLessThanOrEqual(bound);
  });

  test('a gather of rows, beside its indices', () => {
    const [x, indices] = [fixed([100, 8]), tf.tensor1d([1, 2, 3], 'int32')];
    expect(temporaries(kernel(tf.GatherV2, { x, indices }, { axis: 0, batchDims: 0 }))).toBe(bytes([3, 8]));
    tf.dispose([x, indices]);
  });

  test('UnsortedSegmentSum', () => {
    const [x, segmentIds] = [fixed([100, 8]), tf.tensor1d(Array.from({ length: 100 }, (_, i) => i % 7), 'int32')];
    expect(temporaries(kernel(tf.UnsortedSegmentSum, { x, segmentIds }, { numSegments: 7 }))).toBe(bytes([7, 8]));
    tf.dispose([x, segmentIds]);
  });
});
