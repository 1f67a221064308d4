/** Losses of margins. tf.relu rather than tf.maximum(0, x): on wasm the latter makes 0 of NaN. */
import * as tf from '@tensorflow/tfjs-core';
import type { LossFunction } from './loss.js';

/** max(0, 1 - y p) for labels of -1 and 1; [batch, ..., n] to [batch, ...], the mean over the last axis. */
export const hinge: LossFunction = (labels, predictions) => tf.mean(tf.relu(tf.sub(1, tf.mul(labels, predictions))), -1);

/** max(0, 1 - y p)^2 for labels of -1 and 1; [batch, ..., n] to [batch, ...], the mean over the last axis. */
export const squaredHinge: LossFunction = (labels, predictions) =>
  tf.mean(tf.square(tf.relu(tf.sub(1, tf.mul(labels, predictions)))), -1);

/** max(0, 1 + the best wrong score - the right score) for one-hot labels; [batch, ..., classes] to [batch, ...]. */
export const categoricalHinge: LossFunction = (labels, predictions) => {
  const right = tf.sum(tf.mul(labels, predictions), -1);
  const wrong = tf.max(tf.mul(tf.sub(1, labels), predictions), -1);
  return tf.relu(tf.add(1, tf.sub(wrong, right)));
};
