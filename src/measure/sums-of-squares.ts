import * as tf from '@tensorflow/tfjs-core';
import { hostOf } from '../backend/index.js';
import type { StepMemo } from './sources.js';

type Named = ReadonlyMap<string, tf.Tensor>;

/**
 * sum(x^2) of each tensor, joined to one vector [tensors]; made once a step for a given `name`, however many ask
 * (norms, and the clipping by global norm). Never tf.norm, which goes through pow(abs(x), 2) and costs as much as the step
 * itself on wasm.
 */
export function sumsOfSquares(name: string, tensors: Named, memo: StepMemo): tf.Tensor1D {
  return memo.memo(`sumsOfSquares:${name}`, () => {
    if (tensors.size === 0) return tf.zeros([0]);
    const onHost = sumsOfSquaresOnHost(tensors);
    return onHost === undefined ? tf.tidy(() => tf.stack([...tensors.values()].map(sumOfSquares))) : tf.tensor1d(onHost);
  }) as tf.Tensor1D;
}

/** The same without a kernel, where the backend's memory can be read. */
export const sumsOfSquaresOnHost = (tensors: Named): Float32Array | undefined => hostOf(tensors.values())?.sumsOfSquares([...tensors.values()]);

const sumOfSquares = (x: tf.Tensor): tf.Tensor => tf.sum(tf.square(tf.cast(x, 'float32')));

const pairsOf = (tensors: Named, before: Named): (readonly [tf.Tensor, tf.Tensor])[] => [...tensors].map(([each, tensor]) => [tensor, before.get(each) ?? tensor] as const);

/** sum((x - y)^2) of each tensor and the one of its name before it, [tensors]; made once a step, as the sums of squares. */
export function sumsOfSquaredDifferences(name: string, tensors: Named, before: Named, memo: StepMemo): tf.Tensor1D {
  return memo.memo(`sumsOfSquaredDifferences:${name}`, () => {
    const pairs = pairsOf(tensors, before);
    if (pairs.length === 0) return tf.zeros([0]);
    return tf.tidy(() => tf.stack(pairs.map(([x, y]) => sumOfSquares(tf.sub(x, y)))));
  }) as tf.Tensor1D;
}

/** The same without a kernel, where the backend's memory can be read. */
export function sumsOfSquaredDifferencesOnHost(tensors: Named, before: Named): Float32Array | undefined {
  const host = hostOf(tensors.values());
  return host === undefined || hostOf(before.values()) === undefined ? undefined : host.sumsOfSquaredDifferences(pairsOf(tensors, before));
}
