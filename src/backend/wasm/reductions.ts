import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { address, simdOf, type SimdLoops } from './simd.js';
import { compose, filled, floats, input, type Kernel, type TrainingKernel, type WasmBackend } from './training-kernel.js';

const { parseAxisParam, sizeFromShape } = tf.util;

/** The axes that are reduced, each once, in their order. No axis stands for all of them. */
export const axesOf = (x: TensorInfo, axis: unknown): number[] =>
  [...new Set(parseAxisParam(axis as number[], x.shape))].sort((a, b) => a - b);

/** The shape of a reduction. */
export const reducedShape = (x: TensorInfo, axes: readonly number[], keepDims: unknown): number[] =>
  x.shape.flatMap((size, axis) => (!axes.includes(axis) ? [size] : keepDims === true ? [1] : []));

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

/**
 * Rows that are summed in float32 before they go into a double: 16 stretches of wasm/rows.ts, so that no sum takes more
 * than 256 and then 16 additions.
 */
const block = 4096;

/** Sums over axes with others behind them, whose numbers lie apart: [outer, rows, columns] over the rows. */
function sumAcross(backend: WasmBackend, simd: SimdLoops, x: TensorInfo, shape: readonly number[], [first, last]: readonly [number, number], scale: number): TensorInfo {
  const outer = sizeFromShape(x.shape.slice(0, first));
  const rows = sizeFromShape(x.shape.slice(first, last + 1));
  const columns = sizeFromShape(x.shape.slice(last + 1));
  return filled(backend, shape, (out) => {
    if (rows > block) {
      sumBlocks(backend, simd, x, out, outer, rows, columns, scale);
      return;
    }
    simd.sumRows(address(backend, x), address(backend, out), outer, rows, columns);
    if (scale === 1) return;
    const values = floats(backend, out);
    for (let at = 0; at < values.length; at++) values[at] = (values[at] as number) * scale;
  });
}

/** The same of many rows: a float32 sum of 10,000,000 of 0.1 is 374 too large. */
function sumBlocks(backend: WasmBackend, simd: SimdLoops, x: TensorInfo, out: TensorInfo, outer: number, rows: number, columns: number, scale: number): void {
  const part = backend.makeOutput([columns], 'float32');
  try {
    const partial = floats(backend, part);
    const sums = new Float64Array(columns);
    for (let each = 0; each < outer; each++) {
      sums.fill(0);
      for (let first = 0; first < rows; first += block) {
        partial.fill(0);
        simd.sumRows(address(backend, x) + 4 * (each * rows + first) * columns, address(backend, part), 1, Math.min(block, rows - first), columns);
        for (let at = 0; at < columns; at++) sums[at] = (sums[at] as number) + (partial[at] as number);
      }
      floats(backend, out).set(sums.map((sum) => sum * scale), each * columns);
    }
  } finally {
    backend.disposeData(part.dataId);
  }
}

const summing = (kernel: string, scaleOf: (count: number) => number): ((stock: Kernel) => Kernel) => (stock) => (call) => {
  const { attrs, backend } = call;
  const x = input(call, 'x');
  const axes = axesOf(x, attrs['axis']);
  const [first] = axes;
  const last = axes.at(-1);
  // Its stock kernel casts to float32 and then adds in it.
  if (kernel === tf.Mean && x.dtype !== 'float32' && x.dtype !== 'string') return compose(backend, (run) => run(kernel, { x: run(tf.Cast, { x }, { dtype: 'float32' }) }, attrs));
  // Of no integers it leaves its output as it found it.
  if (x.dtype === 'int32' && x.shape.includes(0)) {
    const out = backend.makeOutput(reducedShape(x, axes, attrs['keepDims']), 'int32');
    backend.typedArrayFromHeap(out).fill(0);
    return out;
  }
  if (x.dtype !== 'float32' || first === undefined || last === undefined) return stock({ ...call, attrs: { ...attrs, axis: axes } });
  const shape = reducedShape(x, axes, attrs['keepDims']);
  const count = sizeFromShape(axes.map((axis) => x.shape[axis] ?? NaN));
  const scale = scaleOf(count);
  // A single column behind the axes is the last axis by another name.
  const isLast = sizeFromShape(x.shape.slice(last + 1)) === 1;
  if (areNeighbours(axes) && isLast) return sumLast(backend, x, shape, count, scale);
  const simd = simdOf(backend);
  if (areNeighbours(axes) && simd !== undefined) return sumAcross(backend, simd, x, shape, [first, last], scale);
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
 * - Over more than 4096 rows: a temporary of one row.
 * - Over axes that lie apart x is transposed first: a temporary of its size.
 *
 * An axis that is named twice counts once. The mean of integers is that of their floats; the mean of no numbers is NaN.
 */
export const reductions: readonly TrainingKernel[] = [
  { name: tf.Sum, make: summing(tf.Sum, () => 1) },
  { name: tf.Mean, make: summing(tf.Mean, (count) => 1 / count) },
];
