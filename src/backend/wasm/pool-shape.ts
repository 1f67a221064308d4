import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { BackendError } from '../../errors.js';
import { flat, type Axis, type Windows } from './pool-windows.js';
import type { KernelCall } from './training-kernel.js';

type Pool2D = Parameters<typeof tf.backend_util.computePool2DInfo>;
type Pool3D = Parameters<typeof tf.backend_util.computePool3DInfo>;

/** Only the first of these is known to wasm; TensorFlow.js turns what it can before it calls a kernel. */
function checkFormat(kernel: string, format: unknown, known: string): void {
  if (format === undefined || format === known) return;
  throw new BackendError('BACKEND_KERNEL', { found: `${kernel} on wasm was asked for dataFormat ${JSON.stringify(format)}`, expected: `it works on ${known}`, remedy: "Use dataFormat 'channelsLast' in the layer." });
}

/** Throws where the windows are larger than the input by more than makes the result empty. */
function checked(windows: Windows): Windows {
  const axes = [windows.depth, windows.height, windows.width];
  if (axes.every(({ outSize }) => outSize >= 0)) return windows;
  const sizes = (of: (axis: Axis) => number): string => axes.slice(windows.depth === flat ? 1 : 0).map(of).join('x');
  throw new BackendError('BACKEND_KERNEL', {
    found: `a pooling of ${sizes(({ size }) => size)} by windows of ${sizes(({ window }) => window)} has ${sizes(({ outSize }) => outSize)} positions`,
    expected: 'windows fit into the padded input',
    remedy: "Use a smaller window, or padding 'same'.",
  });
}

/** The windows of a pooling of x, [batch, height, width, channels], as TensorFlow.js computes them from a kernel's attributes. */
export function windows2D({ shape }: TensorInfo, { attrs }: KernelCall): Windows {
  checkFormat('pooling', attrs['dataFormat'], 'NHWC');
  const info = tf.backend_util.computePool2DInfo(
    shape as Pool2D[0], attrs['filterSize'] as Pool2D[1], attrs['strides'] as Pool2D[2], 1, attrs['pad'] as Pool2D[4], attrs['dimRoundingMode'] as Pool2D[5]);
  return checked({
    batch: info.batchSize,
    channels: info.inChannels,
    depth: flat,
    height: { size: info.inHeight, outSize: info.outHeight, window: info.effectiveFilterHeight, stride: info.strideHeight, padding: info.padInfo.top },
    width: { size: info.inWidth, outSize: info.outWidth, window: info.effectiveFilterWidth, stride: info.strideWidth, padding: info.padInfo.left },
  });
}

/** The same of x, [batch, depth, height, width, channels]. */
export function windows3D({ shape }: TensorInfo, { attrs }: KernelCall): Windows {
  checkFormat('pooling in three dimensions', attrs['dataFormat'], 'NDHWC');
  const info = tf.backend_util.computePool3DInfo(
    shape as Pool3D[0], attrs['filterSize'] as Pool3D[1], attrs['strides'] as Pool3D[2], 1, attrs['pad'] as Pool3D[4], attrs['dimRoundingMode'] as Pool3D[5]);
  return checked({
    batch: info.batchSize,
    channels: info.inChannels,
    depth: { size: info.inDepth, outSize: info.outDepth, window: info.effectiveFilterDepth, stride: info.strideDepth, padding: info.padInfo.front },
    height: { size: info.inHeight, outSize: info.outHeight, window: info.effectiveFilterHeight, stride: info.strideHeight, padding: info.padInfo.top },
    width: { size: info.inWidth, outSize: info.outWidth, window: info.effectiveFilterWidth, stride: info.strideWidth, padding: info.padInfo.left },
  });
}

export const pooledShape = ({ batch, channels, depth, height, width }: Windows): number[] =>
  // TensorFlow.js rounds up to -0.
  [batch, ...(depth === flat ? [] : [depth.outSize]), height.outSize, width.outSize, channels].map((size) => size + 0);

/** The padding behind the input that the last window reaches into. */
export const paddingAfter = ({ size, outSize, window, stride, padding }: Axis): number => Math.max(0, (outSize - 1) * stride + window - padding - size);

/**
 * Whether XNNPACK comes to the size of output that TensorFlow.js has computed: it works it out by itself and writes that
 * much, beyond the output where the two differ. With padding that ends where the last window does they agree, unless a
 * number was given for both axes of windows that are not square, or a window lies in the padding.
 */
export function comesToSize(axis: Axis): boolean {
  const { size, outSize, window, stride, padding } = axis;
  const meetsInput = padding >= 0 && padding < window && (outSize - 1) * stride - padding < size;
  return meetsInput && Math.floor((size + padding + paddingAfter(axis) - window) / stride) + 1 === outSize;
}
