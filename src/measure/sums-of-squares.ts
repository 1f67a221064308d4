import * as tf from '@tensorflow/tfjs-core';
import type { StepMemo } from './sources.js';

/**
 * sum(x^2) of each tensor, joined to one vector [tensors]; made once a step for a given `name`, however many ask
 * (norms, and the clipping by global norm). Never tf.norm, which goes through pow(abs(x), 2) and costs as much as the
 * step itself on wasm.
 */
export function sumsOfSquares(name: string, tensors: ReadonlyMap<string, tf.Tensor>, memo: StepMemo): tf.Tensor1D {
  return memo.memo(`sumsOfSquares:${name}`, () =>
    tf.tidy(() =>
      tensors.size === 0
        ? tf.zeros([0])
        : tf.stack([...tensors.values()].map((each) => tf.sum(tf.square(tf.cast(each, 'float32'))))),
    ),
  ) as tf.Tensor1D;
}
