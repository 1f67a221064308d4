import * as tf from '@tensorflow/tfjs-core';
import { columnReach, rowReach } from './columns.js';
import { turnedPadding } from './conv2d-backprop-input.js';
import { convolutionShape, type Conv2DInfo } from './convolution-shape.js';
import { address, simdOf } from './simd.js';
import { compose, floats, input, filled, zeros, type TrainingKernel } from './training-kernel.js';

/** Visits each pair of an input pixel and an output position that a filter tap connects, by the index of its first channel. */
function eachConnection(info: Conv2DInfo, visit: (tap: number, pixel: number, position: number) => void): void {
  for (let tapRow = 0; tapRow < info.filterHeight; tapRow++) {
    const rows = rowReach(info, tapRow);
    for (let tapColumn = 0; tapColumn < info.filterWidth; tapColumn++) {
      const span = columnReach(info, tapColumn);
      const tap = (tapRow * info.filterWidth + tapColumn) * info.outChannels;
      for (let image = 0; image < info.batchSize; image++) {
        for (let y = rows.from; y < rows.to; y++) {
          const line = (image * info.inHeight + rows.offset + y * info.strideHeight) * info.inWidth + span.offset;
          const outLine = (image * info.outHeight + y) * info.outWidth;
          for (let x = span.from; x < span.to; x++) {
            visit(tap, (line + x * info.strideWidth) * info.inChannels, (outLine + x) * info.outChannels);
          }
        }
      }
    }
  }
}

const geometry = (info: Conv2DInfo): number[] => [
  info.batchSize, info.inHeight, info.inWidth, info.inChannels, info.outHeight, info.outWidth, info.filterHeight, info.filterWidth,
  info.strideHeight, info.strideWidth, info.dilationHeight, info.dilationWidth, info.padInfo.top, info.padInfo.left,
];

/**
 * The gradient of a depthwise filter: each tap's is a sum over every position of every image, without a product of
 * matrices in it. Vectorised for one filter a channel; for more, loops over the heap at about 1 ns a multiplication,
 * summed in double precision. No temporaries in the heap.
 * Shapes: x [batch, height, width, in], dy [batch, out height, out width, in * multiplier], result [rows, columns, in, multiplier].
 */
export const depthwiseBackpropFilter: TrainingKernel = {
  name: tf.DepthwiseConv2dNativeBackpropFilter,
  make: () => (call) => {
    const { attrs, backend } = call;
    const x = input(call, 'x');
    const filterShape = attrs['filterShape'] as number[];
    const info = convolutionShape({ kernel: tf.DepthwiseConv2dNativeBackpropFilter, input: x.shape, filter: filterShape, attrs, depthwise: true });
    return filled(backend, filterShape, (out) => {
      const simd = simdOf(backend);
      if (simd !== undefined && info.inChannels === info.outChannels) {
        simd.depthwiseFilterGradient(address(backend, x), address(backend, input(call, 'dy')), address(backend, out), ...geometry(info));
        return;
      }
      const pixels = floats(backend, x);
      const gradients = floats(backend, input(call, 'dy'));
      const { inChannels } = info;
      const multiplier = info.outChannels / inChannels;
      const sums = new Float64Array(tf.util.sizeFromShape(filterShape));
      eachConnection(info, (tap, pixel, position) => {
        let at = 0;
        for (let channel = 0; channel < inChannels; channel++) {
          const value = pixels[pixel + channel] as number;
          for (let each = 0; each < multiplier; each++, at++) {
            sums[tap + at] = (sums[tap + at] as number) + value * (gradients[position + at] as number);
          }
        }
      });
      floats(backend, out).set(sums);
    });
  },
};

/**
 * The gradient of a depthwise convolution's input. With stride 1 and one filter a channel it is a depthwise
 * convolution again, by the filter turned half round; else loops over the heap, vectorised for one filter a channel.
 * Temporaries: the turned filter.
 */
export const depthwiseBackpropInput: TrainingKernel = {
  name: tf.DepthwiseConv2dNativeBackpropInput,
  make: () => (call) => {
    const { attrs, backend } = call;
    const dy = input(call, 'dy');
    const filter = input(call, 'filter');
    const shape = attrs['inputShape'] as number[];
    const info = convolutionShape({ kernel: tf.DepthwiseConv2dNativeBackpropInput, input: shape, filter: filter.shape, attrs, depthwise: true });
    if (dy.shape.includes(0)) return zeros(backend, shape);
    const { inChannels } = info;
    const multiplier = info.outChannels / inChannels;
    const pad = turnedPadding(info);
    if (info.strideHeight === 1 && info.strideWidth === 1 && multiplier === 1 && pad !== undefined && !shape.includes(0)) {
      return compose(backend, (run) => {
        const turned = run(tf.Reverse, { x: filter }, { dims: [0, 1] });
        return run(tf.DepthwiseConv2dNative, { x: dy, filter: turned }, { strides: [1, 1], dilations: [info.dilationHeight, info.dilationWidth], pad, dataFormat: 'NHWC' });
      });
    }
    return filled(backend, shape, (out) => {
      const simd = simdOf(backend);
      if (simd !== undefined && multiplier === 1) {
        simd.depthwiseInputGradient(address(backend, out), address(backend, dy), address(backend, filter), ...geometry(info));
        return;
      }
      const dx = floats(backend, out);
      const gradients = floats(backend, dy);
      const weights = floats(backend, filter);
      eachConnection(info, (tap, pixel, position) => {
        let at = 0;
        for (let channel = 0; channel < inChannels; channel++) {
          let sum = dx[pixel + channel] as number;
          for (let each = 0; each < multiplier; each++, at++) sum += (gradients[position + at] as number) * (weights[tap + at] as number);
          dx[pixel + channel] = sum;
        }
      });
    });
  },
};
