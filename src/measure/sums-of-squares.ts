import * as tf from '@tensorflow/tfjs-core';
import { hostOf } from '../backend/index.js';
import type { StepMemo } from './sources.js';

/**
 * sum(x^2) of each tensor, joined to one vector [tensors]; made once a step for a given `name`, however many ask
 * (norms, and the clipping by global norm). Where the backend's memory can be read it takes no kernel. Never tf.norm, which
 * goes through pow(abs(x), 2) and costs as much as the step itself on wasm.
 */
export function sumsOfSquares(name: string, tensors: ReadonlyMap<string, tf.Tensor>, memo: StepMemo): tf.Tensor1D {
  return memo.memo(`sumsOfSquares:${name}`, () => {
    const all = [...tensors.values()];
    if (all.length === 0) return tf.zeros([0]);
    return hostOf(all)?.sumsOfSquares(all) ?? tf.tidy(() => tf.stack(all.map(sumOfSquares)));
  }) as tf.Tensor1D;
}

const sumOfSquares = (x: tf.Tensor): tf.Tensor => tf.sum(tf.square(tf.cast(x, 'float32')));

/** sum((x - y)^2) of each tensor and the one of its name before it, [tensors]; made once a step, as the sums of squares. */
export function sumsOfSquaredDifferences(name: string, tensors: ReadonlyMap<string, tf.Tensor>, before: ReadonlyMap<string, tf.Tensor>, memo: StepMemo): tf.Tensor1D {
  return memo.memo(`sumsOfSquaredDifferences:${name}`, () => {
    const pairs = [...tensors].map(([each, tensor]) => [tensor, before.get(each) ?? tensor] as const);
    if (pairs.length === 0) return tf.zeros([0]);
    return hostOf(pairs.flat())?.sumsOfSquaredDifferences(pairs) ?? tf.tidy(() => tf.stack(pairs.map(([x, y]) => sumOfSquares(tf.sub(x, y)))));
  }) as tf.Tensor1D;
}
