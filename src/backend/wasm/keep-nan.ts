import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { address, simdOf } from './simd.js';
import { compose, filled, floats, input, type TrainingKernel, type WasmBackend } from './training-kernel.js';

/**
 * Kernels that lose NaN on wasm and keep it on cpu. It matters in training: a crossentropy clips its predictions, and
 * with a NaN clipped to 1e-7 a broken model reports a loss of 16.1. Temporaries: none, but with a NaN the stock result
 * and a tensor of the input's size.
 */

/** Whether a float32 tensor may hold a NaN: its sum of squares is one, which in vectors takes a fifth of the sum beneath. */
export function mayHoldNan(backend: WasmBackend, x: TensorInfo): boolean {
  const simd = simdOf(backend);
  if (simd === undefined) return sumIsNan(floats(backend, x));
  const out = backend.makeOutput([1], 'float32');
  simd.sumOfSquares(address(backend, x), tf.util.sizeFromShape(x.shape), address(backend, out));
  const [sum = NaN] = floats(backend, out);
  backend.disposeData(out.dataId, true);
  return Number.isNaN(sum);
}

/**
 * Without vectors. (Infinities of both signs give a NaN too, and are looked at then.) Four sums, as additions to one wait
 * for each other: 0.1 ms for 346,000 values, a comparison of each takes 0.3.
 */
function sumIsNan(values: Float32Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  const even = values.length - (values.length % 4);
  for (let at = 0; at < even; at += 4) {
    a += values[at] as number;
    b += values[at + 1] as number;
    c += values[at + 2] as number;
    d += values[at + 3] as number;
  }
  for (let at = even; at < values.length; at++) a += values[at] as number;
  return Number.isNaN(a + b + c + d);
}

/** NaN where x is NaN, else 0: added to a result, it puts back what was lost, broadcast as the result was. */
const nanAlone = (backend: WasmBackend, x: TensorInfo): TensorInfo =>
  filled(backend, x.shape, (out) => {
    const to = floats(backend, out);
    const values = floats(backend, x);
    for (let at = 0; at < to.length; at++) to[at] = Number.isNaN(values[at]) ? NaN : 0;
  });

/** The stock kernel, with the NaN of one input kept. */
function keeping(name: string, of: string): TrainingKernel {
  return {
    name,
    make: (stock) => (call) => {
      const { backend, inputs, attrs } = call;
      const x = input(call, of);
      if (x.dtype !== 'float32' || !mayHoldNan(backend, x)) return stock(call);
      return compose(backend, (run) => run(tf.Add, { a: run(stock, inputs, attrs), b: run(() => nanAlone(backend, x), {}) }));
    },
  };
}

/** The stock kernel reads integers as floats: of [-7, 3, 100] clipped to -10 .. 50 it makes three large numbers. */
const clip = ({ name, make }: TrainingKernel): TrainingKernel => ({
  name,
  make: (stock) => {
    const floating = make(stock);
    return (call) => {
      const { backend, attrs } = call;
      const x = input(call, 'x');
      if (x.dtype === 'float32') return floating(call);
      const [least, most] = [attrs['clipValueMin'] as number, attrs['clipValueMax'] as number];
      const out = backend.makeOutput(x.shape, x.dtype);
      const values = backend.typedArrayFromHeap(x);
      // Bounds that are no whole numbers lose their fraction, as on cpu.
      backend.typedArrayFromHeap(out).set(values.map((value) => Math.min(most, Math.max(least, value))));
      return out;
    };
  },
});

export const keepNan: readonly TrainingKernel[] = [
  clip(keeping(tf.ClipByValue, 'x')),
  keeping(tf.Relu6, 'x'),
  // These keep a wherever its comparison with b fails: a NaN in a stays, one in b is lost.
  keeping(tf.Maximum, 'b'),
  keeping(tf.Minimum, 'b'),
];
