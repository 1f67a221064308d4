import * as tf from '@tensorflow/tfjs-core';
import { floats, input, filled, type TrainingKernel } from './training-kernel.js';
import { BackendError } from '../../errors.js';

/**
 * Sums rows by the segment that each belongs to: the gradient of a gather, so of every embedding. Rows whose id lies
 * outside of 0 .. numSegments - 1 are left out, as TensorFlow does. One pass over the rows, where the cpu backend
 * makes a mask of the whole input for each segment. No temporaries.
 * Shapes: x [...ids' shape, ...row], segmentIds int32, result [numSegments, ...row]; float32.
 */
export const unsortedSegmentSum: TrainingKernel = {
  name: tf.UnsortedSegmentSum,
  make: () => (call) => {
    const { attrs, backend } = call;
    const x = input(call, 'x');
    const segmentIds = input(call, 'segmentIds');
    const segments = attrs['numSegments'] as number;
    const rank = segmentIds.shape.length;
    if (segmentIds.shape.some((length, axis) => length !== x.shape[axis])) {
      throw new BackendError('BACKEND_KERNEL', { found: `UnsortedSegmentSum was given ids of shape [${segmentIds.shape}] for values of shape [${x.shape}]`, expected: 'the shape of the ids begins that of the values' });
    }
    const row = tf.util.sizeFromShape(x.shape.slice(rank));
    return filled(backend, [segments, ...x.shape.slice(rank)], (out) => {
      const sums = floats(backend, out);
      const values = floats(backend, x);
      const ids = backend.typedArrayFromHeap(segmentIds);
      for (const [at, id] of ids.entries()) {
        if (id < 0 || id >= segments) continue;
        const from = at * row;
        const to = id * row;
        for (let each = 0; each < row; each++) sums[to + each] = (sums[to + each] as number) + (values[from + each] as number);
      }
    });
  },
};
