import * as tf from '@tensorflow/tfjs-core';
import { assertLabelShape } from '../loss/label-shapes.js';
import type { LabelForm, OutputLoss } from '../loss/loss.js';

/**
 * A metric that is right over any number of batches: sums over the samples, made on the device, and a pure function
 * that makes the value of the added-up sums.
 */
export interface Metric {
  /** How many sums it keeps. */
  readonly width: number;
  /** What labels it takes; `class` or `same` are held to in every batch, `free` ones are the metric's own affair. */
  readonly form: LabelForm;
  /** The sums of a batch, scalars of float32, `width` of them. Called in a tidy. */
  sums(labels: tf.Tensor, predictions: tf.Tensor): readonly tf.Tensor[];
  /** The value of `width` sums over so many samples. */
  finish(sums: ArrayLike<number>, samples: number): number;
}

/** What a metric may know of where it stands: the loss tells whether predictions are logits and what labels are. */
export type MetricPlace = OutputLoss;

/** A metric as a function: labels and predictions to a value for each sample, [batch] or [batch, ...], or to the batch's mean. */
export type MetricFunction = (labels: tf.Tensor, predictions: tf.Tensor) => tf.Tensor;

/** The i-th of a metric's sums. */
export const sumAt = (sums: ArrayLike<number>, i: number): number => sums[i] ?? Number.NaN;

/** The mean over samples of a value that each has; a sample's own steps or elements are averaged first. */
export const meanOf = (form: LabelForm, perSample: MetricFunction): Metric => ({
  width: 1,
  form,
  sums: (labels, predictions) => {
    const mean = tf.mean(tf.cast(perSample(labels, predictions), 'float32'));
    return [tf.mul(mean, predictions.shape[0])];
  },
  finish: (sums, samples) => sumAt(sums, 0) / samples,
});

/** Holds a batch's labels to what a metric takes. @throws DataError DATA_SHAPE */
export function assertMetricLabels({ form }: Metric, name: string, output: string, labels: tf.Tensor, predictions: tf.Tensor): void {
  assertLabelShape(form, `the metric ${name}`, output, labels.shape, predictions.shape);
}
