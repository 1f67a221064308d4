/** The share of predictions that are right. */
import * as tf from '@tensorflow/tfjs-core';
import { classNumbers, oneHot } from '../loss/crossentropy.js';
import { meanOf, type Metric, type MetricFunction, type MetricPlace } from './metric.js';

const isHinge = ({ name }: MetricPlace): boolean => name === 'hinge' || name === 'squaredHinge';

/**
 * What a prediction must exceed to be a yes: a probability of 0.5 (Keras' and tfjs-layers' default) or the one given,
 * as a logit where predictions are logits; under a hinge loss a margin, of 0 or the one given.
 */
export function thresholdOf(place: MetricPlace, given: number | undefined): number {
  if (isHinge(place)) return given ?? 0;
  const probability = given ?? 0.5;
  return place.fromLogits ? Math.log(probability / (1 - probability)) : probability;
}

/**
 * The share of elements on their label's side of the threshold. Under a hinge loss labels are -1 and 1 and stand for
 * no and yes; otherwise they are 0 and 1, and one in between (label smoothing, mixup) stands for what it is nearer to: Keras
 * smooths within the loss and shows its metrics the labels as they were.
 */
export const binaryAccuracy = (place: MetricPlace, threshold?: number): Metric =>
  meanOf('same', (labels, predictions) => {
    const yes = tf.greater(predictions, thresholdOf(place, threshold));
    return isHinge(place)
      ? tf.equal(tf.cast(tf.greater(labels, 0), 'int32'), tf.cast(yes, 'int32'))
      : tf.equal(tf.round(tf.cast(labels, 'float32')), tf.cast(yes, 'float32'));
  });

const bestIsLabelled: MetricFunction = (labels, predictions) => tf.equal(tf.argMax(labels, -1), tf.argMax(predictions, -1));
const bestIsClass: MetricFunction = (labels, predictions) => tf.equal(classNumbers(labels, predictions), tf.argMax(predictions, -1));

/** The share of samples whose highest score is where the highest label is. */
export const categoricalAccuracy = (): Metric => meanOf('distribution', bestIsLabelled);

/** The share of samples whose highest score is the labelled class. */
export const sparseCategoricalAccuracy = (): Metric => meanOf('class', bestIsClass);

const sameShape = (a: tf.Tensor, b: tf.Tensor): boolean => a.shape.length === b.shape.length && a.shape.every((size, axis) => size === b.shape[axis]);

/**
 * `accuracy` as tfjs-layers understands it: binary for an output of width 1 or a binary crossentropy, sparse for class
 * numbers, categorical otherwise. Under a loss of one's own the labels' shape tells.
 */
export function accuracy(place: MetricPlace): Metric {
  const width = place.output.shape?.at(-1);
  if (width === 1 || place.name === 'binaryCrossentropy') return binaryAccuracy(place);
  if (place.form === 'class') return sparseCategoricalAccuracy();
  if (place.form !== 'free') return categoricalAccuracy();
  return meanOf('free', (labels, predictions) => (sameShape(labels, predictions) ? bestIsLabelled : bestIsClass)(labels, predictions));
}

/** One-hot rows of the labels, be they class numbers or rows already. */
export const labelRows = (labels: tf.Tensor, predictions: tf.Tensor): tf.Tensor =>
  sameShape(labels, predictions) ? tf.cast(labels, 'float32') : tf.cast(oneHot(labels, predictions), 'float32');

/**
 * The share of samples whose labelled class is among the k highest scores. Classes of equal score count as one place,
 * and a score of NaN is in no place (both as TensorFlow's in_top_k has it).
 */
export const topKCategoricalAccuracy = (k: number, form: 'class' | 'distribution'): Metric =>
  meanOf(form, (labels, predictions) => {
    const classes = predictions.shape.at(-1) ?? 1;
    const rows = form === 'class' ? oneHot(labels, predictions) : tf.oneHot(tf.argMax(labels, -1), classes);
    const score = tf.sum(tf.mul(predictions, rows), -1, true);
    const notAbove = tf.sum(tf.cast(tf.lessEqual(predictions, score), 'int32'), -1);
    return tf.greater(notAbove, classes - k);
  });
