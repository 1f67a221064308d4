import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from './with-gradient.js';

/** How far probabilities are kept from 0 and 1 before a logarithm: Keras' epsilon, which tfjs-layers has as well. */
export const epsilon = 1e-7;

/**
 * Each element brought into [low, high], NaN left as it is; the gradient passes inside the limits, ends included, as
 * tf.clipByValue's does. That one turns NaN into `low` on wasm (its kernel compares before it copies), and a model
 * gone to NaN would show a loss of 16.1; tf.maximum and tf.minimum keep a NaN that is their first argument.
 */
export const limit = (x: tf.Tensor, low: number, high: number): tf.Tensor =>
  withGradient(
    x,
    [x],
    () => tf.minimum(tf.maximum(x, low), high),
    (dy, [kept]) => {
      const inside = tf.logicalAnd(tf.greaterEqual(kept, low), tf.lessEqual(kept, high));
      return tf.mul(dy, tf.cast(inside, 'float32'));
    },
  );
