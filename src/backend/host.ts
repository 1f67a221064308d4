/**
 * Statistics of tensors straight from the memory that the backend keeps them in, where the host can read it: on cpu,
 * and on wasm in vectors. A kernel of TensorFlow.js costs some microseconds however little it has to do, and a norm takes
 * several of them for each weight; here it is one pass over memory without a tensor between.
 */
import * as tf from '@tensorflow/tfjs-core';
import { cpuValues, type CpuData } from './cpu-values.js';
import { address, simdOf, type SimdLoops } from './wasm/simd.js';
import type { WasmBackend } from './wasm/training-kernel.js';

/** What can be told of float32 tensors without a kernel, as arrays of the host's. */
export interface Host {
  /** sum(x^2) of each tensor: [tensors]. */
  sumsOfSquares(tensors: readonly tf.Tensor[]): Float32Array;
  /** sum((a - b)^2) of each pair of tensors of one size: [pairs]. */
  sumsOfSquaredDifferences(pairs: readonly (readonly [tf.Tensor, tf.Tensor])[]): Float32Array;
  /** sum(x^2), max(|x|) (NaN where there is one), how many are 0 and how many are finite: [tensors, 4]. */
  statistics(tensors: readonly tf.Tensor[]): Float32Array;
}

const isFloat = ({ dtype }: tf.Tensor): boolean => dtype === 'float32';

/** How those statistics are had of these tensors, or undefined where they take kernels: another backend, or not float32. */
export function hostOf(tensors: Iterable<tf.Tensor>): Host | undefined {
  const backend = tf.getBackend();
  if (backend !== 'cpu' && backend !== 'wasm') return undefined;
  for (const each of tensors) if (!isFloat(each)) return undefined;
  if (backend === 'cpu') return onCpu;
  const wasm = tf.backend() as unknown as WasmBackend;
  const simd = simdOf(wasm);
  return simd === undefined ? undefined : onWasm(wasm, simd);
}

/** Rows of numbers; of each a loop writes the numbers to the address `to`. */
function rowsOf(wasm: WasmBackend, rows: number, width: number, fill: (row: number, to: number) => void): Float32Array {
  const info = wasm.makeOutput([rows * width], 'float32');
  const start = address(wasm, info);
  for (let row = 0; row < rows; row += 1) fill(row, start + 4 * width * row);
  const numbers = wasm.typedArrayFromHeap(info).slice() as Float32Array;
  wasm.disposeData(info.dataId, true);
  return numbers;
}

const hosts = new WeakMap<SimdLoops, Host>();

function onWasm(wasm: WasmBackend, simd: SimdLoops): Host {
  const known = hosts.get(simd);
  if (known !== undefined) return known;
  const at = (tensor: tf.Tensor | undefined): number => (tensor === undefined ? 0 : address(wasm, tensor));
  const host: Host = {
    sumsOfSquares: (tensors) => rowsOf(wasm, tensors.length, 1, (row, to) => simd.sumOfSquares(at(tensors[row]), tensors[row]?.size ?? 0, to)),
    sumsOfSquaredDifferences: (pairs) => rowsOf(wasm, pairs.length, 1, (row, to) => simd.sumOfSquaredDifferences(at(pairs[row]?.[0]), at(pairs[row]?.[1]), pairs[row]?.[0].size ?? 0, to)),
    statistics: (tensors) => rowsOf(wasm, tensors.length, 4, (row, to) => simd.statistics(at(tensors[row]), tensors[row]?.size ?? 0, to)),
  };
  hosts.set(simd, host);
  return host;
}

const valuesOf = (tensor: tf.Tensor): Float32Array => cpuValues(tf.backend() as unknown as CpuData, tensor);

function sumOfSquares(values: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  // Four sums: additions to one wait for each other.
  for (; i + 4 <= values.length; i += 4) {
    const [p, q, r, s] = [values[i] ?? 0, values[i + 1] ?? 0, values[i + 2] ?? 0, values[i + 3] ?? 0];
    a += p * p;
    b += q * q;
    c += r * r;
    d += s * s;
  }
  for (; i < values.length; i += 1) a += (values[i] ?? 0) ** 2;
  return a + b + (c + d);
}

function sumOfSquaredDifferences(x: Float32Array, y: Float32Array): number {
  let [a, b] = [0, 0];
  let i = 0;
  for (; i + 2 <= x.length; i += 2) {
    const p = (x[i] ?? 0) - (y[i] ?? 0);
    const q = (x[i + 1] ?? 0) - (y[i + 1] ?? 0);
    a += p * p;
    b += q * q;
  }
  for (; i < x.length; i += 1) a += ((x[i] ?? 0) - (y[i] ?? 0)) ** 2;
  return a + b;
}

const largestFloat = 3.4028234663852886e38;

function statistics(values: Float32Array, into: Float32Array, at: number): void {
  let [squares, largest, zeros, finite] = [0, 0, 0, 0];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    const magnitude = Math.abs(value);
    squares += value * value;
    if (magnitude <= largestFloat) finite += 1;
    if (value === 0) zeros += 1;
    // A NaN stays: nothing is above it.
    if (magnitude > largest || Number.isNaN(magnitude)) largest = magnitude;
  }
  into[at] = squares;
  into[at + 1] = largest;
  into[at + 2] = zeros;
  into[at + 3] = finite;
}

const onCpu: Host = {
  sumsOfSquares: (tensors) => Float32Array.from(tensors, (each) => sumOfSquares(valuesOf(each))),
  sumsOfSquaredDifferences: (pairs) => Float32Array.from(pairs, ([a, b]) => sumOfSquaredDifferences(valuesOf(a), valuesOf(b))),
  statistics: (tensors) => {
    const numbers = new Float32Array(4 * tensors.length);
    tensors.forEach((each, row) => statistics(valuesOf(each), numbers, 4 * row));
    return numbers;
  },
};
