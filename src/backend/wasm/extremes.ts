import * as tf from '@tensorflow/tfjs-core';
import { axesOf, reducedShape } from './reductions.js';
import { input, type TrainingKernel } from './training-kernel.js';

/** The stock kernel of a reduction, with its axes named once each and a value for that of no elements. */
function guarded(name: string, axisAttribute: string, ofNone: number): TrainingKernel {
  return {
    name,
    make: (stock) => (call) => {
      const { attrs, backend } = call;
      const x = input(call, 'x');
      const axes = axesOf(x, attrs[axisAttribute]);
      if (!x.shape.includes(0)) return stock({ ...call, attrs: { ...attrs, [axisAttribute]: axes } });
      const out = backend.makeOutput(reducedShape(x, axes, attrs['keepDims']), x.dtype);
      backend.typedArrayFromHeap(out).fill(ofNone);
      return out;
    },
  };
}

/**
 * Reductions whose stock kernels leave the output as they found it where there is nothing to reduce, and read beyond
 * the tensor where an axis is named twice. Of no elements they are what cpu has: NaN (0 where they are integers), a
 * product of 1, and false.
 */
export const extremes: readonly TrainingKernel[] = [
  guarded(tf.Max, 'reductionIndices', NaN),
  guarded(tf.Min, 'axis', NaN),
  guarded(tf.Prod, 'axis', 1),
  guarded(tf.Any, 'axis', 0),
  guarded(tf.All, 'axis', 0),
];
