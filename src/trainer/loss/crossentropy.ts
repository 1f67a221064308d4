/**
 * Cross-entropies, from probabilities and from logits. From probabilities they are what Keras and tfjs-layers
 * compute, 1e-7 limits included; from logits nothing is limited and nothing overflows.
 */
import * as tf from '@tensorflow/tfjs-core';
import { hostCrossentropy, hostMeanCrossentropy } from './host-crossentropy.js';
import type { HostMean, LossFunction } from './loss.js';
import { epsilon, limit } from './limits.js';
import { withGradient } from './with-gradient.js';

/** Probabilities that sum to 1 along the last axis, kept off 0 and 1. */
const distribution = (predictions: tf.Tensor): tf.Tensor =>
  limit(tf.div(predictions, tf.sum(predictions, -1, true)), epsilon, 1 - epsilon);

const lessLast = (shape: readonly number[]): number[] => shape.slice(0, -1);

/** Class numbers, [batch, ...] or [batch, ..., 1], as whole numbers of the predictions' shape less the last axis. */
export const classNumbers = (labels: tf.Tensor, predictions: tf.Tensor): tf.Tensor =>
  tf.cast(tf.reshape(labels, lessLast(predictions.shape)), 'int32');

/**
 * Class numbers as rows of the predictions' shape, int32. Never tf.oneHot with another type: the wasm kernel writes
 * int32 whatever it is asked for, which is 1.4e-45 as float32 and beyond the end of the tensor as bool.
 */
export const oneHot = (labels: tf.Tensor, predictions: tf.Tensor): tf.Tensor =>
  tf.oneHot(classNumbers(labels, predictions), predictions.shape.at(-1) ?? 1);

/** -sum(labels * log(p)): labels and probabilities [batch, ..., classes] to [batch, ...]. */
export const categoricalCrossentropy: LossFunction = (labels, predictions) =>
  hostCrossentropy(labels, predictions, 'rows') ?? tf.neg(tf.sum(tf.mul(tf.cast(labels, 'float32'), tf.log(distribution(predictions))), -1));

export const meanCategoricalCrossentropy: HostMean = (labels, predictions) => hostMeanCrossentropy(labels, predictions, 'rows');
export const meanSparseCategoricalCrossentropy: HostMean = (labels, predictions) => hostMeanCrossentropy(labels, predictions, 'numbers');

/** -sum(labels * logSoftmax(x)): labels and logits [batch, ..., classes] to [batch, ...]. */
export const categoricalCrossentropyFromLogits: LossFunction = (labels, logits) =>
  tf.neg(tf.sum(tf.mul(tf.cast(labels, 'float32'), tf.logSoftmax(logits)), -1));

/**
 * -log(p of the class): class numbers [batch, ...] and probabilities [batch, ..., classes] to [batch, ...]. The
 * probabilities are limited before they are scaled and again after it, as in tfjs-layers and in Keras, whose sparse
 * loss goes through logits.
 */
export const sparseCategoricalCrossentropy: LossFunction = (labels, predictions) => {
  const onHost = hostCrossentropy(labels, predictions, 'numbers');
  if (onHost !== undefined) return onHost;
  return categoricalCrossentropy(oneHot(labels, predictions), limit(predictions, epsilon, 1 - epsilon));
};

/**
 * -logSoftmax(x) of the class: class numbers [batch, ...] and logits [batch, ..., classes] to [batch, ...]. The class
 * is chosen, not multiplied out, so a logit of -Infinity (a class masked out) leaves the others' losses finite.
 * (tfjs-layers limits the logits to 1e-7 .. 1 - 1e-7 first, which makes its value wrong for most logits.)
 */
export const sparseCategoricalCrossentropyFromLogits: LossFunction = (labels, logits) => {
  const logProbabilities = tf.logSoftmax(logits);
  const chosen = tf.cast(oneHot(labels, logits), 'bool');
  return tf.neg(tf.sum(tf.where(chosen, logProbabilities, tf.zerosLike(logProbabilities)), -1));
};

/** -z log(p) - (1 - z) log(1 - p), the mean over the last axis: labels and probabilities [batch, ..., n] to [batch, ...]. */
export const binaryCrossentropy: LossFunction = (labels, predictions) => {
  const p = limit(predictions, epsilon, 1 - epsilon);
  const z = tf.cast(labels, 'float32');
  const likelihood = tf.add(tf.mul(z, tf.log(p)), tf.mul(tf.sub(1, z), tf.log(tf.sub(1, p))));
  return tf.neg(tf.mean(likelihood, -1));
};

/**
 * max(x, 0) - x z + log1p(exp(-|x|)), the mean over the last axis: labels and logits [batch, ..., n] to [batch, ...].
 * The form without overflow is that of TensorFlow's sigmoid_cross_entropy_with_logits; its gradient is sigmoid(x) - z,
 * given here as such because the parts' gradients disagree at x = 0.
 */
export const binaryCrossentropyFromLogits: LossFunction = (labels, logits) => {
  const z = tf.cast(labels, 'float32');
  const elementwise = withGradient(
    logits,
    [logits, z],
    () => tf.add(tf.sub(tf.relu(logits), tf.mul(logits, z)), tf.log1p(tf.exp(tf.neg(tf.abs(logits))))),
    (dy, [x, labelled]) => tf.mul(dy, tf.sub(tf.sigmoid(x), labelled)),
  );
  return tf.mean(elementwise, -1);
};

/** sum(y log(y / p)): two distributions [batch, ..., classes] to [batch, ...]. */
export const kullbackLeiblerDivergence: LossFunction = (labels, predictions) => {
  const y = tf.cast(labels, 'float32');
  return tf.sum(tf.mul(y, tf.log(tf.div(limit(y, epsilon, 1), limit(predictions, epsilon, 1)))), -1);
};
