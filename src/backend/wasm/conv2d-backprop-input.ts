import * as tf from '@tensorflow/tfjs-core';
import { addPatches, imagesAtATime } from './columns.js';
import { convolutionShape, type Conv2DInfo } from './convolution-shape.js';
import { address, simdOf } from './simd.js';
import { compose, filled, floats, input, zeros, type Kernel, type TrainingKernel } from './training-kernel.js';

/** Padding of the gradient under which a convolution with the turned filter gives the input's size; undefined when it would be negative. */
export function turnedPadding(info: Conv2DInfo): number[][] | undefined {
  const { top, bottom, left, right } = info.padInfo;
  const rows = [info.effectiveFilterHeight - 1 - top, info.effectiveFilterHeight - 1 - bottom];
  const columns = [info.effectiveFilterWidth - 1 - left, info.effectiveFilterWidth - 1 - right];
  return [...rows, ...columns].some((each) => each < 0) ? undefined : [[0, 0], rows, columns, [0, 0]];
}

/** With stride 1 the gradient is a convolution again: of dy, by the filter turned half round, with its channels exchanged. */
const asConvolution = (pad: number[][]): Kernel => (call) =>
  compose(call.backend, (run) => {
    const turned = run(tf.Reverse, { x: input(call, 'filter') }, { dims: [0, 1] });
    const filter = run(tf.Transpose, { x: turned }, { perm: [0, 1, 3, 2] });
    return run(tf.Conv2D, { x: input(call, 'dy'), filter }, { strides: [1, 1], dilations: [1, 1], pad, dataFormat: 'NHWC' });
  });

/** With other strides: the gradients of all patches as a product of matrices, added back to their pixels. */
const asPatches = (info: Conv2DInfo): Kernel => (call) => {
  const { backend } = call;
  const dy = input(call, 'dy');
  return filled(backend, info.inShape, (out) => {
    const images = imagesAtATime(info);
    const taps = info.filterHeight * info.filterWidth * info.inChannels;
    for (let first = 0; first < info.batchSize; first += images) {
      const count = Math.min(images, info.batchSize - first);
      const patches = compose(backend, (run) => {
        const gradient = run(tf.Slice, { x: dy }, { begin: [first, 0, 0, 0], size: [count, ...dy.shape.slice(1)] });
        const rows = run(tf.Reshape, { x: gradient }, { shape: [count * info.outHeight * info.outWidth, info.outChannels] });
        const filter = run(tf.Reshape, { x: input(call, 'filter') }, { shape: [taps, info.outChannels] });
        return run(tf.BatchMatMul, { a: rows, b: filter }, { transposeA: false, transposeB: true });
      });
      const simd = simdOf(backend);
      if (simd === undefined) addPatches(floats(backend, patches), floats(backend, out), info, first, count);
      else {
        const image = info.inHeight * info.inWidth * info.inChannels;
        simd.addPatches(
          address(backend, patches), address(backend, out) + 4 * first * image, count, info.inHeight, info.inWidth, info.inChannels,
          info.outHeight, info.outWidth, info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth, info.padInfo.top, info.padInfo.left);
      }
      backend.disposeData(patches.dataId);
    }
  });
};

/**
 * The gradient of a convolution's input, which is also what a transposed convolution computes forward. The stock
 * kernel is a scalar loop (8.4 ms for [64, 11, 11, 16] by 3x3x8x16, against 0.7 ms for the forward pass).
 * Temporaries: with stride 1 the filter, turned, twice; else patches of up to 16 MiB (of one image at least) and
 * the slice of dy that they are made of.
 */
export const conv2DBackpropInput: TrainingKernel = {
  name: tf.Conv2DBackpropInput,
  make: () => (call) => {
    const { attrs, backend } = call;
    const filter = input(call, 'filter');
    const shape = attrs['inputShape'] as number[];
    // The gradient of a dilated convolution is refused by TensorFlow.js itself: the kernel has no such attribute.
    const info = convolutionShape({ kernel: tf.Conv2DBackpropInput, input: shape, filter: filter.shape, attrs: { ...attrs, dilations: [1, 1] } });
    if (input(call, 'dy').shape.includes(0) || shape.includes(0)) return zeros(backend, shape);
    const pad = info.strideHeight === 1 && info.strideWidth === 1 ? turnedPadding(info) : undefined;
    return pad === undefined ? asPatches(info)(call) : asConvolution(pad)(call);
  },
};
