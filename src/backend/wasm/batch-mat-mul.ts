import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { address, simdOf, type SimdLoops } from './simd.js';
import { compose, filled, floats, input, zeros, type Run, type TrainingKernel, type WasmBackend } from './training-kernel.js';

/**
 * Where there are no vector instructions, products go through the stock kernel as below.
 * In it only a plain product of two matrices reaches XNNPACK; a transposed operand or a batch goes
 * through a scalar loop 10 to 13 times slower (64x784x256: 0.8 ms against 12 ms, Node 20). A transpose costs some
 * 6 us and 0.5 to 1 ns an element, the scalar loop 1 ns a multiplication, so it pays from about this many on
 * (measured: 16x16x16 loses 5 us, 32x32x32 gains 20 us).
 */
const worthTransposing = 8_192;

/** Slicing a matrix out of a batch and gathering the products costs some 10 us a matrix: the like crossover, per matrix. */
const worthSlicing = 16_384;

const product = (dims: readonly number[]): number => dims.reduce((all, each) => all * each, 1);

/** Whether a transpose moves values at all: that of a vector is a reshape. */
const moves = (rows: number, columns: number): number => (rows === 1 || columns === 1 ? 0 : rows * columns);

export interface Operands {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const matrix = (info: TensorInfo): readonly [batch: number, rows: number, columns: number] => {
  const [rows = 1, columns = 1] = info.shape.slice(-2);
  return [product(info.shape.slice(0, -2)), rows, columns];
};

/** Operands whose transposes have been carried out where the product is large enough to repay it. Shapes stay [batch, rows, columns]. */
export function withExplicitTransposes(run: Run, { a, b, transposeA, transposeB }: Operands): Operands {
  const [, aRows, aColumns] = matrix(a);
  const [, bRows, bColumns] = matrix(b);
  const work = aRows * aColumns * (transposeB ? bRows : bColumns);
  const moved = (transposeA ? moves(aRows, aColumns) : 0) + (transposeB ? moves(bRows, bColumns) : 0);
  if (work - moved < worthTransposing) return { a, b, transposeA, transposeB };
  const turned = (x: TensorInfo): TensorInfo => run(tf.Transpose, { x }, { perm: [0, 2, 1] });
  return { a: transposeA ? turned(a) : a, b: transposeB ? turned(b) : b, transposeA: false, transposeB: false };
}

/** Floats of a panel of 512 x 8 and of a tile of 4 x 4: what wasm/product.ts asks for. */
const scratchFloats = 512 * 8 + 16;

/**
 * Adds a b to `out`, [batch, rows, columns], by the vectorised loops: transposes are a matter of steps, and nothing
 * is laid out beside a panel of 16 KiB. `a` and `b` hold `batch` matrices, or one for all.
 * XNNPACK packs its right operand anew for every new tensor, as a weight is after each update: 64x784x256 takes 0.70 ms
 * here, 1.45 there and 0.85 there once packed (Node 20; 16x16x16: 0.001 and 0.007).
 */
export function addProduct(backend: WasmBackend, simd: SimdLoops, { a, b, transposeA, transposeB }: Operands, out: TensorInfo, batch: number): void {
  const [aBatch, aRows, aColumns] = matrix(a);
  const [bBatch, bRows, bColumns] = matrix(b);
  const scratch = backend.makeOutput([scratchFloats], 'float32');
  try {
    simd.multiply(
      address(backend, a), address(backend, b), address(backend, out), address(backend, scratch),
      batch, transposeA ? aColumns : aRows, transposeA ? aRows : aColumns, transposeB ? bRows : bColumns,
      aBatch === 1 ? 0 : aRows * aColumns, transposeA ? 1 : aColumns, transposeA ? aColumns : 1,
      bBatch === 1 ? 0 : bRows * bColumns, transposeB ? 1 : bColumns, transposeB ? bColumns : 1,
    );
  } finally {
    backend.disposeData(scratch.dataId);
  }
}

/** The matrix of each operand that goes into each matrix of the broadcast product. */
function broadcastIndices(outer: readonly number[], own: readonly number[]): number[] {
  const padded = [...Array<number>(outer.length - own.length).fill(1), ...own];
  let indices = [0];
  let size = 1;
  for (const [axis, length] of outer.entries()) {
    const ownLength = padded[axis] ?? 1;
    indices = indices.flatMap((before) => Array.from({ length }, (_, at) => before * ownLength + (ownLength === 1 ? 0 : at)));
    size *= length;
  }
  return size === 0 ? [] : indices;
}

/**
 * Products at full speed whether batched, transposed or small, with two defects of the stock kernel mended: an operand with a
 * dimension of 0 corrupts the wasm heap, and batch dimensions that broadcast both ways ([2, 1] with [1, 3]) give
 * max(2, 3) products rather than 6. Temporaries: 16 KiB; an operand whose batch is broadcast, spread out, unless it is
 * one matrix for all. Shapes: a [..., m, k], b [..., k, n], product [..., m, n]; float32 alone.
 */
export const batchMatMul: TrainingKernel = {
  name: tf.BatchMatMul,
  make: (stock) => (call) => {
    const { attrs, backend } = call;
    const a = input(call, 'a');
    const b = input(call, 'b');
    const transposeA = attrs['transposeA'] === true;
    const transposeB = attrs['transposeB'] === true;
    // The stock kernel's refusal of other types and of unequal inner dimensions says what is wrong.
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return stock(call);
    const [aBatch, aRows, aColumns] = matrix(a);
    const [bBatch, bRows, bColumns] = matrix(b);
    const inner = transposeA ? aRows : aColumns;
    if (inner !== (transposeB ? bColumns : bRows)) return stock(call);

    const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const rows = transposeA ? aColumns : aRows;
    const columns = transposeB ? bRows : bColumns;
    const shape = [...outer, rows, columns];
    if (product(shape) === 0 || inner === 0) return zeros(backend, shape);

    return compose(backend, (run) => {
      const reshape = (x: TensorInfo, to: number[]): TensorInfo => run(tf.Reshape, { x }, { shape: to });
      const multiply = (operands: Operands): TensorInfo =>
        run(stock, { a: operands.a, b: operands.b }, { transposeA: operands.transposeA, transposeB: operands.transposeB });
      const batch = product(outer);
      let operands: Operands = { a: reshape(a, [aBatch, aRows, aColumns]), b: reshape(b, [bBatch, bRows, bColumns]), transposeA, transposeB };

      const simd = simdOf(backend);

      if (bBatch === 1 && aBatch > 1 && !transposeA) {
        // One right operand for all: the batch is more rows.
        operands = { ...operands, a: reshape(a, [1, batch * rows, inner]) };
        if (simd !== undefined) return filled(backend, shape, (out) => addProduct(backend, simd, operands, out, 1));
        return reshape(multiply(withExplicitTransposes(run, operands)), shape);
      }
      if (batch > 1) {
        const spread = (x: TensorInfo, outerOwn: number[], own: number): TensorInfo => {
          if (own === batch) return x;
          const indices = backend.makeOutput([batch], 'int32', undefined, Int32Array.from(broadcastIndices(outer, outerOwn)));
          try {
            return run(tf.GatherV2, { x, indices }, { axis: 0, batchDims: 0 });
          } finally {
            backend.disposeData(indices.dataId);
          }
        };
        // The vectorised loops go over one matrix for all by themselves.
        const ready = (own: number): boolean => simd !== undefined && own === 1;
        if (!ready(aBatch)) operands = { ...operands, a: spread(operands.a, a.shape.slice(0, -2), aBatch) };
        if (!ready(bBatch)) operands = { ...operands, b: spread(operands.b, b.shape.slice(0, -2), bBatch) };
        if (simd !== undefined) return filled(backend, shape, (out) => addProduct(backend, simd, operands, out, batch));
        if (rows * inner * columns < worthSlicing) return reshape(multiply(operands), shape);
        return filled(backend, shape, (out) => {
          for (let at = 0; at < batch; at++) {
            const one = compose(backend, (runOne) => {
              const matrixOf = (x: TensorInfo): TensorInfo => runOne(tf.Slice, { x }, { begin: [at, 0, 0], size: [1, ...x.shape.slice(1)] });
              const pair = withExplicitTransposes(runOne, { ...operands, a: matrixOf(operands.a), b: matrixOf(operands.b) });
              return runOne(stock, { a: pair.a, b: pair.b }, { transposeA: pair.transposeA, transposeB: pair.transposeB });
            });
            floats(backend, out).set(floats(backend, one), at * rows * columns);
            backend.disposeData(one.dataId);
          }
        });
      }
      if (simd !== undefined) return filled(backend, shape, (out) => addProduct(backend, simd, operands, out, 1));
      return reshape(multiply(withExplicitTransposes(run, operands)), shape);
    });
  },
};
