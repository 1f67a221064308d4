import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { activate, fusesSafely } from './activation.js';
import { addProduct, withExplicitTransposes } from './batch-mat-mul.js';
import { repeatFirst } from './repeat-first.js';
import { simdOf } from './simd.js';
import { compose, filled, floats, input, type TrainingKernel, type WasmBackend } from './training-kernel.js';

/** A tensor whose rows all are `row`, or zeros, before `fill` adds to them. */
const rowsOf = (backend: WasmBackend, row: TensorInfo | undefined, shape: number[], fill: (out: TensorInfo) => void): TensorInfo =>
  filled(backend, shape, (out) => {
    if (row !== undefined) {
      const values = floats(backend, out);
      const first = floats(backend, row);
      values.set(first);
      repeatFirst(values, first.length, values.length);
    }
    fill(out);
  });

/**
 * act(a b + bias). The vectorised product begins at the bias and so adds it for nothing. The stock kernel is right for
 * one plain product with a bias of rank 1; with a transposed operand, or a batch, it adds the wrong elements of the bias and loses columns (an independent
 * product differs by up to 1.7 at [30, 40] x [40, 50]), and its relu and relu6 turn NaN into 0. Those are composed. Temporaries: 16 KiB
 * and, with an activation, the sum before it.
 */
export const fusedMatMul: TrainingKernel = {
  name: tf._FusedMatMul,
  make: (stock) => (call) => {
    const { inputs, attrs, backend } = call;
    const a = input(call, 'a');
    const b = input(call, 'b');
    const { bias } = inputs;
    const activation = attrs['activation'];
    const transposeA = attrs['transposeA'] === true;
    const transposeB = attrs['transposeB'] === true;
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return stock(call);
    const one = a.shape.length === 3 && b.shape.length === 3 && a.shape[0] === 1 && b.shape[0] === 1;
    const empty = [...a.shape, ...b.shape].includes(0);
    const plainBias = bias === undefined || bias.shape.length === 1;
    const rows = a.shape[transposeA ? 2 : 1] ?? 1;
    const columns = b.shape[transposeB ? 1 : 2] ?? 1;
    const fits = a.shape[transposeA ? 1 : 2] === b.shape[transposeB ? 2 : 1] && (bias === undefined || bias.shape[0] === columns);
    const simd = simdOf(backend);

    return compose(backend, (run): TensorInfo => {
      if (simd !== undefined && one && !empty && plainBias && fits) {
        const product = run(() => rowsOf(backend, bias, [1, rows, columns], (out) => addProduct(backend, simd, { a, b, transposeA, transposeB }, out, 1)), {});
        return activate(run, product, attrs, inputs['preluActivationWeights']);
      }
      if (one && !empty && plainBias && fusesSafely(activation)) {
        const pair = withExplicitTransposes(run, { a, b, transposeA, transposeB });
        if (!pair.transposeA && !pair.transposeB) {
          return run(stock, { ...inputs, a: pair.a, b: pair.b }, { ...attrs, transposeA: false, transposeB: false });
        }
      }
      const product = run(tf.BatchMatMul, { a, b }, { transposeA, transposeB });
      const sum = bias === undefined ? product : run(tf.Add, { a: product, b: bias });
      return activate(run, sum, attrs, inputs['preluActivationWeights']);
    });
  },
};
