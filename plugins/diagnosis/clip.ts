import * as tf from '@tensorflow/tfjs-core';
import type { Gradients } from 'trainscope/plugin';

/**
 * Gradients by name, with entries that are not finite as 0, so that moments of the optimizer stay finite, and scaled
 * so that the L2 norm of all of them is `norm` at most: g * min(1, norm / |g|) (Pascanu et al., 2013).
 */
export function clipGradients(gradients: Gradients, norm: number | null): Gradients {
  return new Map(
    Object.entries(
      tf.tidy(() => {
        const finite = [...gradients].map(([name, each]): [string, tf.Tensor] => [name, tf.where(tf.lessEqual(tf.abs(each), 3.4e38), each, tf.zerosLike(each))]);
        if (norm === null) return Object.fromEntries(finite);
        const squares = finite.map(([, each]) => tf.sum(tf.square(each)));
        const whole = tf.sqrt(tf.addN(squares));
        const factor = tf.minimum(1, tf.div(norm, tf.maximum(whole, 1e-30)));
        return Object.fromEntries(finite.map(([name, each]) => [name, tf.mul(each, factor)]));
      }),
    ),
  );
}
