import * as tf from '@tensorflow/tfjs-core';
import type { NamedAttrMap } from '@tensorflow/tfjs-core';
import { BackendError } from '../../errors.js';

export type Conv2DInfo = tf.backend_util.Conv2DInfo;

type Pad = Parameters<typeof tf.backend_util.computeConv2DInfo>[4];
type Rounding = Parameters<typeof tf.backend_util.computeConv2DInfo>[5];
type Shape4D = [number, number, number, number];

export interface ConvolutionOf {
  readonly kernel: string;
  /** [batch, height, width, channels] */
  readonly input: readonly number[];
  /** [height, width, channels, out channels] or, depthwise, [height, width, channels, multiplier] */
  readonly filter: readonly number[];
  readonly attrs: NamedAttrMap;
  readonly depthwise?: boolean;
}

/**
 * The geometry of a convolution, checked. XNNPACK works out the size of its output by itself and writes that much:
 * where TensorFlow.js has computed another size (a padding given as a number with a filter that is not square or with
 * unequal strides, or rounding up) the stock kernels write beyond the output and corrupt the wasm heap.
 * Throws BackendError BACKEND_KERNEL for those and for data formats other than NHWC, which wasm does not have.
 */
export function convolutionShape({ kernel, input, filter, attrs, depthwise = false }: ConvolutionOf): Conv2DInfo {
  const format = attrs['dataFormat'] ?? 'NHWC';
  if (format !== 'NHWC') {
    throw new BackendError('BACKEND_KERNEL', { found: `${kernel} on wasm was asked for dataFormat ${JSON.stringify(format)}`, expected: 'it works on NHWC', remedy: "Use dataFormat 'channelsLast' in the layer." });
  }
  const strides = attrs['strides'] as [number, number] | number;
  const dilations = (attrs['dilations'] ?? [1, 1]) as [number, number] | number;
  const info = tf.backend_util.computeConv2DInfo(
    input as Shape4D, filter as Shape4D, strides, dilations, attrs['pad'] as Pad, attrs['dimRoundingMode'] as Rounding, depthwise);
  if (info.outHeight < 0 || info.outWidth < 0) {
    throw new BackendError('BACKEND_KERNEL', {
      found: `${kernel} of ${info.inHeight}x${info.inWidth} by a filter of ${info.effectiveFilterHeight}x${info.effectiveFilterWidth} has ${info.outHeight}x${info.outWidth} positions`,
      expected: 'the filter fits into the padded input',
      remedy: "Use a smaller filter, or padding 'same'.",
    });
  }
  // A filter larger than the input by less than a stride has no position: nothing is computed, nothing written. (0 may be -0.)
  if (info.outHeight === 0 || info.outWidth === 0) return { ...info, outShape: info.outShape.map((size) => size + 0) as Shape4D };
  const fits = (size: number, before: number, after: number, effective: number, stride: number): number =>
    Math.floor((size + before + after - effective) / stride) + 1;
  const height = fits(info.inHeight, info.padInfo.top, info.padInfo.bottom, info.effectiveFilterHeight, info.strideHeight);
  const width = fits(info.inWidth, info.padInfo.left, info.padInfo.right, info.effectiveFilterWidth, info.strideWidth);
  if (height !== info.outHeight || width !== info.outWidth) {
    throw new BackendError('BACKEND_KERNEL', {
      found: `${kernel} of ${info.inHeight}x${info.inWidth} by a filter of ${info.effectiveFilterHeight}x${info.effectiveFilterWidth}, strides [${info.strideHeight}, ${info.strideWidth}] and pad ${JSON.stringify(attrs['pad'])} covers ${height}x${width} positions`,
      expected: `TensorFlow.js computed ${info.outHeight}x${info.outWidth}, and the wasm kernel would write outside of its output`,
      remedy: "Use pad 'valid' or 'same', or explicit padding [[0, 0], [top, bottom], [left, right], [0, 0]].",
    });
  }
  return info;
}

/** The same padding, spelt out. For 'same' XNNPACK's own arithmetic underflows where a stride is larger than the filter. */
export function explicitPadding({ padInfo }: Conv2DInfo): [[number, number], [number, number], [number, number], [number, number]] {
  return [[0, 0], [padInfo.top, padInfo.bottom], [padInfo.left, padInfo.right], [0, 0]];
}
