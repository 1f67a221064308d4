import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { address, simdOf } from './simd.js';
import { compose, filled, floats, input, type Kernel, type KernelCall, type TrainingKernel, type WasmBackend } from './training-kernel.js';

const { parseAxisParam, sizeFromShape } = tf.util;

/** The axes that are summed over, in their order. No axis stands for all of them. */
const axesOf = (x: TensorInfo, { attrs }: KernelCall): readonly number[] =>
  parseAxisParam(attrs['axis'] as number[], x.shape).sort((a, b) => a - b);

const areNeighbours = (axes: readonly number[]): boolean => axes.every((axis, i) => i === 0 || axis === (axes[i - 1] ?? NaN) + 1);

/** x with the axes that are summed over at its end. */
function withAxesLast(backend: WasmBackend, x: TensorInfo, axes: readonly number[], then: (moved: TensorInfo) => TensorInfo): TensorInfo {
  const stay = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  return compose(backend, (run) => {
    const moved = run(tf.Transpose, { x }, { perm: [...stay, ...axes] });
    return run(() => then(moved), {});
  });
}

/** Sums of runs of `columns` numbers, gathered in double precision. */
function sumLast(backend: WasmBackend, x: TensorInfo, shape: readonly number[], columns: number, scale: number): TensorInfo {
  return filled(backend, shape, (out) => {
    const rows = sizeFromShape(out.shape);
    const simd = simdOf(backend);
    if (simd !== undefined) {
      simd.sumColumns(address(backend, x), address(backend, out), rows, columns, scale);
      return;
    }
    const values = floats(backend, x);
    const sums = floats(backend, out);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let at = row * columns; at < (row + 1) * columns; at++) sum += values[at] as number;
      sums[row] = sum * scale;
    }
  });
}

/** Sums over axes with others behind them, whose numbers lie apart: [outer, rows, columns] over the rows. */
function sumAcross(backend: WasmBackend, x: TensorInfo, shape: readonly number[], [first, last]: readonly [number, number], scale: number): TensorInfo {
  const outer = sizeFromShape(x.shape.slice(0, first));
  const rows = sizeFromShape(x.shape.slice(first, last + 1));
  const columns = sizeFromShape(x.shape.slice(last + 1));
  return filled(backend, shape, (out) => {
    simdOf(backend)?.sumRows(address(backend, x), address(backend, out), outer, rows, columns);
    if (scale === 1) return;
    const values = floats(backend, out);
    for (let at = 0; at < values.length; at++) values[at] = (values[at] as number) * scale;
  });
}

const summing = (scaleOf: (count: number) => number): ((stock: Kernel) => Kernel) => (stock) => (call) => {
  const { backend } = call;
  const x = input(call, 'x');
  const axes = axesOf(x, call);
  const [first] = axes;
  const last = axes.at(-1);
  if (x.dtype !== 'float32' || first === undefined || last === undefined) return stock(call);
  const shape = x.shape.flatMap((size, axis) => (!axes.includes(axis) ? [size] : call.attrs['keepDims'] === true ? [1] : []));
  const count = sizeFromShape(axes.map((axis) => x.shape[axis] ?? NaN));
  const scale = scaleOf(count);
  // A single column behind the axes is the last axis by another name.
  const isLast = sizeFromShape(x.shape.slice(last + 1)) === 1;
  if (areNeighbours(axes) && isLast) return sumLast(backend, x, shape, count, scale);
  if (areNeighbours(axes) && simdOf(backend) !== undefined) return sumAcross(backend, x, shape, [first, last], scale);
  return withAxesLast(backend, x, axes, (moved) => sumLast(backend, moved, shape, count, scale));
};

/**
 * Sums and means of float32.
 *
 * - Over axes before the last: gradients of biases, statistics of a batch, pooling over positions. The stock kernels
 *   transpose x first (1.1 ms and a copy for [64, 26, 26, 8] over all but the channels; this takes 0.05 ms and no
 *   temporaries).
 * - Over the last axes: the stock kernels add one number after the other in float32, so that the sum of 20,000,000 ones
 *   is 16,777,216 and their mean 0.84.
 * - Over axes that lie apart x is transposed first: a temporary of its size.
 *
 * The mean of no numbers is NaN.
 */
export const reductions: readonly TrainingKernel[] = [
  { name: tf.Sum, make: summing(() => 1) },
  { name: tf.Mean, make: summing((count) => 1 / count) },
];
