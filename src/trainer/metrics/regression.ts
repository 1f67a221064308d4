/** Metrics of numbers against numbers that are no mean over samples. */
import * as tf from '@tensorflow/tfjs-core';
import { meanSquaredError } from '../loss/regression.js';
import { meanOf, sumAt, type Metric } from './metric.js';

/** The root of the mean over all samples, not a mean of the batches' roots. */
export function rootMeanSquaredError(): Metric {
  const squares = meanOf('same', meanSquaredError);
  return { ...squares, finish: (sums, samples) => Math.sqrt(squares.finish(sums, samples)) };
}

/**
 * 1 - sum (y - p)^2 / sum (y - mean y)^2 over all elements (as r2Score of tfjs-layers; scikit-learn's for one output).
 * Labels that are all alike have no spread to explain: then 1 for perfect predictions and 0 for others, as in
 * scikit-learn.
 *
 * The spread comes of sums in float32, so labels whose mean is m spreads away from `center` lose some m^2 in 10^7: at
 * 100 spreads two digits are left, so give a center then (2000 for years).
 */
export const r2Score = (center: number): Metric => ({
  width: 3,
  form: 'same',
  sums: (labels, predictions) => {
    // As means over a sample's elements, so that the number of samples is the number of terms.
    const perSample = predictions.shape.slice(1).reduce((product, size) => product * size, 1);
    const shifted = tf.sub(tf.cast(labels, 'float32'), center);
    const sums = [tf.square(tf.sub(predictions, labels)), shifted, tf.square(shifted)].map((terms) => tf.sum(terms));
    return sums.map((sum) => tf.div(sum, perSample));
  },
  finish: (sums, samples) => {
    const [residual, total, squares] = [sumAt(sums, 0), sumAt(sums, 1), sumAt(sums, 2)];
    const spread = squares - (total * total) / samples;
    if (spread > 0) return 1 - residual / spread;
    return Number.isNaN(spread) || Number.isNaN(residual) ? Number.NaN : residual === 0 ? 1 : 0;
  },
});
