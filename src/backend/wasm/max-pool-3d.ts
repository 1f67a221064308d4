import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { mayHoldNan } from './keep-nan.js';
import { comesToSize, paddingAfter, pooledShape, windows3D } from './pool-shape.js';
import { flat as flatAxis, maxima, type Axis } from './pool-windows.js';
import { compose, filled, floats, input, type Run, type TrainingKernel } from './training-kernel.js';

/** A pooling along an axis in which nothing happens. */
const idle = ({ window, stride }: Axis): boolean => window === 1 && stride === 1;

function poolPlanes(run: Run, x: TensorInfo, rows: Axis, columns: Axis): TensorInfo {
  if (idle(rows) && idle(columns)) return x;
  const pad = [[0, 0], [rows.padding, paddingAfter(rows)], [columns.padding, paddingAfter(columns)], [0, 0]];
  return run(tf.MaxPool, { x }, { filterSize: [rows.window, columns.window], strides: [rows.stride, columns.stride], pad });
}

/**
 * Max pooling in three dimensions, as two poolings in two: over height and width, then over depth. The stock kernel
 * begins each window at the smallest positive float, so that a window of negative values gives 1.2e-38. With a NaN, or
 * sizes that two poolings don't come to, by a plain loop. Temporaries: x pooled over height and width alone.
 * Shapes: [batch, depth, height, width, channels].
 */
export const maxPool3D: TrainingKernel = {
  name: tf.MaxPool3D,
  make: (stock) => (call) => {
    const { backend } = call;
    const x = input(call, 'x');
    if (x.dtype !== 'float32') return stock(call);
    const windows = windows3D(x, call);
    const { batch, channels, depth, height, width } = windows;
    const shape = pooledShape(windows);
    if (shape.includes(0)) return backend.makeOutput(shape, 'float32');
    if (![depth, height, width].every(comesToSize) || mayHoldNan(backend, x)) {
      return filled(backend, shape, (out) => { maxima(floats(backend, x), floats(backend, out), windows); });
    }
    return compose(backend, (run) => {
      const planes = run(tf.Reshape, { x }, { shape: [batch * depth.size, height.size, width.size, channels] });
      const flat = poolPlanes(run, planes, height, width);
      const columns = run(tf.Reshape, { x: flat }, { shape: [batch, depth.size, height.outSize * width.outSize, channels] });
      const pooled = poolPlanes(run, columns, depth, { ...flatAxis, size: height.outSize * width.outSize, outSize: height.outSize * width.outSize });
      return run(tf.Reshape, { x: pooled }, { shape });
    });
  },
};
