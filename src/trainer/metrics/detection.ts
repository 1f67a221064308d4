/**
 * Precision, recall and F1 over all elements of an output: how many of the predicted were right, how many of the right
 * were predicted. Counts are summed over batches, since a mean of batch precisions is not the precision.
 */
import * as tf from '@tensorflow/tfjs-core';
import { labelRows, thresholdOf } from './accuracy.js';
import { sumAt, type Metric, type MetricPlace } from './metric.js';

export interface DetectionOptions {
  /** What a prediction must exceed to count as yes, as a probability (or as a margin, under a hinge loss). */
  readonly threshold?: number | undefined;
  /** Counts the elements of this class alone, along the last axis. */
  readonly classId?: number | undefined;
}

/** True positives, false positives, false negatives. */
type Counts = readonly [number, number, number];

function detection(place: MetricPlace, { threshold, classId }: DetectionOptions, value: (counts: Counts) => number): Metric {
  // Logits of several classes become probabilities together; others are compared with the threshold's own logit.
  const together = place.fromLogits && (place.name === 'categoricalCrossentropy' || place.form === 'class');
  const limit = thresholdOf(together ? { ...place, fromLogits: false } : place, threshold);
  const column = (x: tf.Tensor): tf.Tensor =>
    classId === undefined ? x : tf.slice(x, [...x.shape.slice(0, -1).map(() => 0), classId], [...x.shape.slice(0, -1), 1]);
  return {
    width: 3,
    form: place.form,
    sums: (labels, predictions) => {
      const yes = tf.cast(tf.greater(column(together ? tf.softmax(predictions) : predictions), limit), 'float32');
      const right = tf.cast(tf.greater(column(labelRows(labels, predictions)), place.values === 'sign' ? 0 : 0.5), 'float32');
      const both = tf.sum(tf.mul(yes, right));
      return [both, tf.sub(tf.sum(yes), both), tf.sub(tf.sum(right), both)];
    },
    finish: (sums) => value([sumAt(sums, 0), sumAt(sums, 1), sumAt(sums, 2)]),
  };
}

/** 0 where there was nothing to be right or wrong about, as in Keras and tfjs-layers. */
const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

export const precision = (place: MetricPlace, options: DetectionOptions): Metric => detection(place, options, ([tp, fp]) => share(tp, tp + fp));

export const recall = (place: MetricPlace, options: DetectionOptions): Metric => detection(place, options, ([tp, , fn]) => share(tp, tp + fn));

/** The harmonic mean of precision and recall: 2 tp / (2 tp + fp + fn). */
export const f1Score = (place: MetricPlace, options: DetectionOptions): Metric =>
  detection(place, options, ([tp, fp, fn]) => share(2 * tp, 2 * tp + fp + fn));
