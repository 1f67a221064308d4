import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { BackendError } from '../../errors.js';
import { compose, input, type Run, type TrainingKernel } from './training-kernel.js';

type Pool = Parameters<typeof tf.backend_util.computePool3DInfo>;

interface Plane {
  readonly window: [number, number];
  readonly strides: [number, number];
  readonly before: [number, number];
  readonly after: [number, number];
}

/** A pooling of planes in which nothing happens; wasm has none for a window of 1x1 that is not padded for. */
const idle = ({ window, strides }: Plane): boolean => [...window, ...strides].every((each) => each === 1);

function poolPlanes(run: Run, x: TensorInfo, plane: Plane): TensorInfo {
  if (idle(plane)) return x;
  const pad = [[0, 0], [plane.before[0], plane.after[0]], [plane.before[1], plane.after[1]], [0, 0]];
  return run(tf.MaxPool, { x }, { filterSize: plane.window, strides: plane.strides, pad });
}

/**
 * Max pooling in three dimensions, as two poolings in two: over height and width, then over depth. The stock kernel
 * begins each window at the smallest positive float, so that a window of negative values gives 1.2e-38. Temporaries:
 * x pooled over height and width alone.
 * Shapes: [batch, depth, height, width, channels].
 */
export const maxPool3D: TrainingKernel = {
  name: tf.MaxPool3D,
  make: (stock) => (call) => {
    const { attrs, backend } = call;
    const x = input(call, 'x');
    if (x.dtype !== 'float32') return stock(call);
    const format = attrs['dataFormat'] ?? 'NDHWC';
    if (format !== 'NDHWC') {
      throw new BackendError('BACKEND_KERNEL', { found: `MaxPool3D on wasm was asked for dataFormat ${JSON.stringify(format)}`, expected: 'it works on NDHWC', remedy: "Use dataFormat 'channelsLast' in the layer." });
    }
    const info = tf.backend_util.computePool3DInfo(
      x.shape as Pool[0], attrs['filterSize'] as Pool[1], attrs['strides'] as Pool[2], 1, attrs['pad'] as Pool[4], attrs['dimRoundingMode'] as Pool[5]);
    if (info.outShape.includes(0)) return backend.makeOutput(info.outShape, 'float32');
    const { batchSize, inDepth, inHeight, inWidth, inChannels, outHeight, outWidth, padInfo } = info;
    return compose(backend, (run) => {
      const planes = run(tf.Reshape, { x }, { shape: [batchSize * inDepth, inHeight, inWidth, inChannels] });
      const flat = poolPlanes(run, planes, {
        window: [info.filterHeight, info.filterWidth], strides: [info.strideHeight, info.strideWidth], before: [padInfo.top, padInfo.left], after: [padInfo.bottom, padInfo.right],
      });
      const columns = run(tf.Reshape, { x: flat }, { shape: [batchSize, inDepth, outHeight * outWidth, inChannels] });
      const pooled = poolPlanes(run, columns, { window: [info.filterDepth, 1], strides: [info.strideDepth, 1], before: [padInfo.front, 0], after: [padInfo.back, 0] });
      return run(tf.Reshape, { x: pooled }, { shape: info.outShape });
    });
  },
};
