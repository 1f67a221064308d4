import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { address, simdOf, type SimdLoops } from './simd.js';
import { input, type TrainingKernel } from './training-kernel.js';

/** Columns above which XNNPACK's own broadcast is as fast: it calls a routine for each row. */
const wide = 256;

/** Whether `row` holds one row of x, and so is broadcast over all others: [..., 8] beside [8] or [1, 8]. */
function isRowOf(row: TensorInfo, x: TensorInfo): boolean {
  const rank = x.shape.length;
  const first = row.shape.findIndex((size) => size !== 1);
  if (first < 0 || row.shape.length > rank) return false;
  const own = row.shape.slice(first);
  return own.length < rank && own.every((size, axis) => size === x.shape[rank - own.length + axis]);
}

function rowOperation(name: string, loop: keyof SimdLoops, commutes: boolean): TrainingKernel {
  return {
    name,
    make: (stock) => (call) => {
      const { backend } = call;
      const a = input(call, 'a');
      const b = input(call, 'b');
      if (a.shape.length === 0 || b.shape.length === 0 || a.dtype !== 'float32' || b.dtype !== 'float32') return stock(call);
      const inOrder = isRowOf(b, a);
      if (!inOrder && !(commutes && isRowOf(a, b))) return stock(call);
      const [x, row] = inOrder ? [a, b] : [b, a];
      const columns = tf.util.sizeFromShape(row.shape);
      const simd = columns > wide ? undefined : simdOf(backend);
      if (simd === undefined) return stock(call);
      const out = backend.makeOutput(x.shape, 'float32');
      simd[loop](address(backend, x), address(backend, row), address(backend, out), columns === 0 ? 0 : tf.util.sizeFromShape(x.shape) / columns, columns);
      return out;
    },
  };
}

/**
 * A tensor and one row: biases of convolutions, scales and shifts of normalisation. No temporaries.
 * (Division is left out: nothing in training divides by a row.)
 */
export const rowOperations: readonly TrainingKernel[] = [
  rowOperation(tf.Add, 'addRow', true),
  rowOperation(tf.Sub, 'subtractRow', false),
  rowOperation(tf.Multiply, 'multiplyRow', true),
];
