import * as tf from '@tensorflow/tfjs-core';
import type { Measurement } from './measurement.js';
import { hostOf } from '../backend/index.js';
import { sumsOfSquares } from './sums-of-squares.js';

/** One gradient in five numbers. */
export interface GradientStatistics {
  /** L2 norm. */
  readonly norm: number;
  /** Largest absolute value; NaN when the gradient holds one. */
  readonly maxAbs: number;
  /** Share of entries that are exactly 0, in [0, 1]. */
  readonly zeros: number;
  /** Share of entries that are NaN or infinite, in [0, 1]. */
  readonly nonFinite: number;
}

const perWeight = 4;

/**
 * Norm, largest absolute value, and the shares of zeros and of non-finite entries of every raw gradient.
 * Zeros and non-finite entries are counted by comparisons, so a NaN is never mistaken for either.
 */
export const gradientStatistics = (): Measurement<ReadonlyMap<string, GradientStatistics>, 'gradients'> => ({
  key: 'gradientStatistics',
  sources: ['gradients'],
  reduce({ gradients }, memo) {
    if (gradients.size === 0) return tf.zeros([0]);
    const squares = sumsOfSquares('gradients', gradients, memo);
    const columns = [...gradients.values()].map((gradient) => {
      const magnitude = tf.abs(gradient);
      // |x| <= the largest float32 is false for NaN and for both infinities.
      const finite = tf.lessEqual(magnitude, 3.4028234663852886e38);
      return tf.stack([
        tf.max(magnitude),
        tf.sum(tf.cast(tf.equal(gradient, 0), 'float32')),
        tf.sum(tf.cast(finite, 'float32')),
      ]);
    });
    return tf.concat([tf.expandDims(squares, 1), tf.stack(columns)], 1);
  },
  onHost: ({ gradients }) => hostOf(gradients.values())?.statistics([...gradients.values()]),
  read(values, { gradientNames, weights }) {
    const sizes = new Map(weights.map(({ name, size }) => [name, size]));
    return new Map(
      gradientNames.map((name, i) => {
        const [square = Number.NaN, maxAbs = Number.NaN, zeros = 0, finite = 0] = values.subarray(i * perWeight, (i + 1) * perWeight);
        const size = Math.max(1, sizes.get(name) ?? 1);
        const nonFinite = 1 - finite / size;
        // Some backends' max passes over a NaN: when entries are not finite, the square sum knows it for sure.
        const largest = nonFinite > 0 && Number.isFinite(maxAbs) ? Math.sqrt(square) : maxAbs;
        return [name, { norm: Math.sqrt(square), maxAbs: largest, zeros: zeros / size, nonFinite }];
      }),
    );
  },
});
