import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { BackendError } from '../../errors.js';
import { compose, input, type Run, type TrainingKernel } from './training-kernel.js';

/** A tensor with the label (an index into the equation's list) of each of its axes. */
interface Labelled {
  readonly x: TensorInfo;
  readonly labels: readonly number[];
}

const size = ({ x, labels }: Labelled, of: readonly number[]): number =>
  of.reduce((all, label) => all * (x.shape[labels.indexOf(label)] ?? 1), 1);

/** Axes put into the order of `labels`. */
function ordered(run: Run, term: Labelled, labels: readonly number[]): TensorInfo {
  const perm = labels.map((label) => term.labels.indexOf(label));
  return perm.every((axis, at) => axis === at) ? term.x : run(tf.Transpose, { x: term.x }, { perm });
}

/** Labels that are in no other operand and not in the result are summed at once. */
function summed(run: Run, term: Labelled, keep: ReadonlySet<number>): Labelled {
  const labels = term.labels.filter((label) => keep.has(label));
  if (labels.length === term.labels.length) return term;
  const axis = term.labels.flatMap((label, at) => (keep.has(label) ? [] : [at]));
  return { x: run(tf.Sum, { x: term.x }, { axis, keepDims: false }), labels };
}

function contract(run: Run, left: Labelled, right: Labelled, result: readonly number[]): TensorInfo {
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => result.includes(label));
  const inner = shared.filter((label) => !result.includes(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const matrices = (term: Labelled, order: readonly number[], shape: number[]): TensorInfo =>
    run(tf.Reshape, { x: ordered(run, term, order) }, { shape });
  const a = matrices(left, [...batch, ...rows, ...inner], [size(left, batch), size(left, rows), size(left, inner)]);
  const b = matrices(right, [...batch, ...inner, ...columns], [size(right, batch), size(right, inner), size(right, columns)]);
  const product = run(tf.BatchMatMul, { a, b }, { transposeA: false, transposeB: false });
  const labels = [...batch, ...rows, ...columns];
  const lengths = [...batch, ...rows].map((label) => size(left, [label])).concat(columns.map((label) => size(right, [label])));
  return ordered(run, { x: run(tf.Reshape, { x: product }, { shape: lengths }), labels }, result);
}

function checkSizes(equation: string, names: readonly string[], operands: readonly TensorInfo[], labels: readonly (readonly number[])[]): void {
  const lengths = new Map<number, number>();
  for (const [at, { shape }] of operands.entries()) {
    const own = labels[at] ?? [];
    if (own.length !== shape.length) {
      throw new BackendError('BACKEND_KERNEL', { found: `operand ${at} of einsum ${equation} has shape [${shape}]`, expected: `the equation gives it ${own.length} axes` });
    }
    for (const [axis, label] of own.entries()) {
      const length = shape[axis] ?? 1;
      const known = lengths.get(label);
      if (known !== undefined && known !== length) {
        throw new BackendError('BACKEND_KERNEL', { found: `axis ${names[label] ?? ''} of einsum ${equation} is ${known} in one operand and ${length} in another`, expected: 'equal lengths under one name' });
      }
      lengths.set(label, length);
    }
  }
}

/**
 * Einsum of one or two operands as sums, transposes and one batched product. The cpu backend multiplies the operands
 * broadcast against each other, which takes the memory of all labels together. Temporaries: each operand summed and
 * transposed, and the product before its last transpose.
 * TensorFlow.js 4.22 has no gradient for Einsum on any backend: this serves forward passes.
 */
export const einsum: TrainingKernel = {
  name: tf.Einsum,
  make: () => (call) => {
    const operands = Object.keys(call.inputs).map((name) => input(call, name));
    const equation = call.attrs['equation'] as string;
    const { allDims, summedDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, operands.length);
    checkSizes(equation, allDims, operands, idDims);
    const result = allDims.map((_, label) => label).filter((label) => !summedDims.includes(label));
    return compose(call.backend, (run) => {
      const terms = operands.map((x, at): Labelled => ({ x, labels: idDims[at] ?? [] }));
      const reduced = terms.map((term, at) =>
        summed(run, term, new Set([...result, ...terms.flatMap((other, index) => (index === at ? [] : other.labels))])));
      const [first, second] = reduced;
      if (first === undefined) throw new BackendError('BACKEND_KERNEL', { found: `einsum ${equation} was given no operands` });
      if (second !== undefined) return contract(run, first, second, result);
      const only = ordered(run, first, result);
      return run(tf.Identity, { x: only });
    });
  },
};
