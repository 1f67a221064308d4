import * as tf from '@tensorflow/tfjs-core';
import type { DataType } from '@tensorflow/tfjs-core';
import { compose, input, type TrainingKernel } from './training-kernel.js';

/** Computes integers of the given types as floats, and casts the result to what cpu makes of them. */
function asFloats(name: string, types: readonly DataType[], resultOf: (type: DataType) => DataType): TrainingKernel {
  return {
    name,
    make: (stock) => (call) => {
      const { attrs, backend } = call;
      const x = input(call, 'x');
      if (!types.includes(x.dtype)) return stock(call);
      return compose(backend, (run) => {
        const result = run(stock, { ...call.inputs, x: run(tf.Cast, { x }, { dtype: 'float32' }) }, attrs);
        // A fraction is cut off before it is asked whether there is anything, as on cpu.
        return run(tf.Cast, { x: run(tf.Cast, { x: result }, { dtype: 'int32' }) }, { dtype: resultOf(x.dtype) });
      });
    },
  };
}

const same = (type: DataType): DataType => type;

/**
 * Kernels whose stock versions take integers for floats, of four bytes each: those of a bool are read and written far
 * beyond its end, over other tensors. Temporaries: x and the result as floats.
 */
export const withIntegers: readonly TrainingKernel[] = [
  // Of a mask, as recurrent layers that go backwards turn it around.
  asFloats(tf.Reverse, ['bool'], same),
  asFloats(tf.Reciprocal, ['int32', 'bool'], same),
  asFloats(tf.Log1p, ['int32', 'bool'], same),
  // Integers are all finite numbers.
  asFloats(tf.IsNan, ['int32', 'bool'], () => 'bool'),
  asFloats(tf.IsInf, ['int32', 'bool'], () => 'bool'),
  asFloats(tf.IsFinite, ['int32', 'bool'], () => 'bool'),
];
