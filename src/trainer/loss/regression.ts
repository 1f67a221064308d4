/** Losses of numbers against numbers. Labels and predictions are [batch, ..., n]; each gives [batch, ...], the mean over the last axis. */
import * as tf from '@tensorflow/tfjs-core';
import type { LossFunction } from './loss.js';
import { epsilon, limit } from './limits.js';

const error: LossFunction = (labels, predictions) => tf.sub(predictions, labels);

/** (p - y)^2 */
export const meanSquaredError: LossFunction = (labels, predictions) => tf.mean(tf.square(error(labels, predictions)), -1);

/** |p - y| */
export const meanAbsoluteError: LossFunction = (labels, predictions) => tf.mean(tf.abs(error(labels, predictions)), -1);

/** 100 |p - y| / |y|, labels nearer to 0 than 1e-7 taken as 1e-7 away. */
export const meanAbsolutePercentageError: LossFunction = (labels, predictions) => {
  const size = tf.maximum(tf.abs(tf.cast(labels, 'float32')), epsilon);
  return tf.mul(tf.mean(tf.abs(tf.div(error(labels, predictions), size)), -1), 100);
};

/** (log(1 + p) - log(1 + y))^2, values below 1e-7 taken as 1e-7. */
export const meanSquaredLogarithmicError: LossFunction = (labels, predictions) => {
  const log1p = (x: tf.Tensor): tf.Tensor => tf.log(tf.add(1, limit(tf.cast(x, 'float32'), epsilon, Number.MAX_VALUE)));
  return tf.mean(tf.square(tf.sub(log1p(predictions), log1p(labels))), -1);
};

/**
 * Half the square of the error up to `delta`, straight beyond it (Huber 1964, as Keras' Huber): with m = min(|e|, delta),
 * m^2 / 2 + delta (|e| - m).
 */
export const huber =
  (delta: number): LossFunction =>
  (labels, predictions) => {
    const size = tf.abs(error(labels, predictions));
    const curved = tf.minimum(size, delta);
    return tf.mean(tf.add(tf.mul(tf.square(curved), 0.5), tf.mul(tf.sub(size, curved), delta)), -1);
  };

/** log(cosh(p - y)), as e + softplus(-2e) - log 2, which does not overflow. */
export const logcosh: LossFunction = (labels, predictions) => {
  const e = error(labels, predictions);
  return tf.mean(tf.sub(tf.add(e, tf.softplus(tf.mul(e, -2))), Math.LN2), -1);
};

/** p - y log(p), the negative log-likelihood of a count y under a Poisson rate p, less what does not depend on p. */
export const poisson: LossFunction = (labels, predictions) =>
  tf.mean(tf.sub(predictions, tf.mul(labels, tf.log(tf.add(predictions, epsilon)))), -1);

/** -cos of the angle between labels and predictions along the last axis: -1 where they point the same way. */
export const cosineProximity: LossFunction = (labels, predictions) => {
  const unit = (x: tf.Tensor): tf.Tensor => tf.div(x, tf.sqrt(tf.maximum(tf.sum(tf.square(x), -1, true), epsilon)));
  return tf.neg(tf.sum(tf.mul(unit(tf.cast(labels, 'float32')), unit(predictions)), -1));
};
