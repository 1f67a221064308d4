import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { compose, filled, floats, input, type TrainingKernel, type WasmBackend } from './training-kernel.js';

/**
 * Kernels that lose NaN on wasm and keep it on cpu. It matters in training: a crossentropy clips its predictions, and
 * with a NaN clipped to 1e-7 a broken model reports a loss of 16.1.
 */

/** Comparisons with NaN are false, so NaN falls through both branches. */
function clamped(backend: WasmBackend, x: TensorInfo, low: number, high: number): TensorInfo {
  return filled(backend, x.shape, (out) => {
    const to = floats(backend, out);
    const values = floats(backend, x);
    for (let at = 0; at < to.length; at++) {
      const value = values[at] ?? 0;
      to[at] = value < low ? low : value > high ? high : value;
    }
  });
}

const clipByValue: TrainingKernel = {
  name: tf.ClipByValue,
  make: (stock) => (call) => {
    const x = input(call, 'x');
    if (x.dtype !== 'float32') return stock(call);
    return clamped(call.backend, x, call.attrs['clipValueMin'] as number, call.attrs['clipValueMax'] as number);
  },
};

const relu6: TrainingKernel = {
  name: tf.Relu6,
  make: (stock) => (call) => {
    const x = input(call, 'x');
    return x.dtype === 'float32' ? clamped(call.backend, x, 0, 6) : stock(call);
  },
};

/** A loop, not `some`: a call for each element costs several times the comparison. */
function hasNan(values: Float32Array): boolean {
  for (let at = 0; at < values.length; at++) if (Number.isNaN(values[at])) return true;
  return false;
}

/** NaN where x is NaN, else 0; undefined when x has none. */
function nanAlone(backend: WasmBackend, x: TensorInfo): TensorInfo | undefined {
  if (!hasNan(floats(backend, x))) return undefined;
  return filled(backend, x.shape, (out) => {
    const to = floats(backend, out);
    const values = floats(backend, x);
    for (let at = 0; at < to.length; at++) to[at] = Number.isNaN(values[at]) ? NaN : 0;
  });
}

/** The stock kernel keeps a wherever the comparison with b fails, so that a NaN in a stays and one in b is lost. */
function extreme(name: string): TrainingKernel {
  return {
    name,
    make: (stock) => (call) => {
      const b = input(call, 'b');
      if (b.dtype !== 'float32') return stock(call);
      const { backend } = call;
      return compose(backend, (run) => {
        const result = run(stock, call.inputs);
        const lost = nanAlone(backend, b);
        if (lost === undefined) return result;
        return run(tf.Add, { a: result, b: run(() => lost, {}) });
      });
    },
  };
}

export const keepNan: readonly TrainingKernel[] = [clipByValue, relu6, extreme(tf.Maximum), extreme(tf.Minimum)];
