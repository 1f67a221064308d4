import * as tf from '@tensorflow/tfjs-core';
import type { Metrics } from '../plugin/index.js';
import type { CompiledMetrics } from './metrics/index.js';

/**
 * The loss, the losses of several outputs, and the metrics, as one vector of sums over samples: sums add up over
 * batches of any size, and `finish` makes of them means weighted by the samples in each batch.
 */
export class MetricSums {
  readonly width: number;
  readonly #outputs: readonly string[];
  readonly #metrics: CompiledMetrics;

  /** @param outputs Names of the outputs: several get a loss each beside the total. */
  constructor(outputs: readonly string[], metrics: CompiledMetrics) {
    this.#outputs = outputs.length > 1 ? outputs : [];
    this.#metrics = metrics;
    this.width = 1 + this.#outputs.length + metrics.width;
  }

  /** As `finish` names them. */
  get names(): readonly string[] {
    return ['loss', ...this.#outputs.map((name) => `${name}_loss`), ...this.#metrics.names];
  }

  /** @returns [width] */
  vector(loss: tf.Scalar, perOutput: readonly tf.Scalar[], labels: readonly tf.Tensor[], predictions: readonly tf.Tensor[], samples: number): tf.Tensor1D {
    return tf.tidy(() => {
      const means = this.#outputs.length === 0 ? [loss] : [loss, ...perOutput];
      const losses = tf.mul<tf.Tensor1D>(means.length === 1 ? tf.reshape<tf.Rank.R1>(loss, [1]) : tf.stack<tf.Tensor>([...means]), samples);
      return this.#metrics.width === 0 ? losses : tf.concat1d([losses, this.#metrics.sums(labels, predictions)]);
    });
  }

  /** The same sums read at once, where the host has the tensors in its memory: [width]. */
  read(loss: tf.Scalar, perOutput: readonly tf.Scalar[], labels: readonly tf.Tensor[], predictions: readonly tf.Tensor[], samples: number): Float64Array {
    const sums = new Float64Array(this.width);
    const means = this.#outputs.length === 0 ? [loss] : [loss, ...perOutput];
    means.forEach((mean, i) => {
      sums[i] = (mean.dataSync()[0] ?? Number.NaN) * samples;
    });
    if (this.#metrics.width > 0) sums.set(tf.tidy(() => this.#metrics.sums(labels, predictions).dataSync()), means.length);
    return sums;
  }

  /** Throws where the metrics cannot be computed of these. Call in a tidy. */
  check(labels: readonly tf.Tensor[], predictions: readonly tf.Tensor[]): void {
    this.#metrics.sums(labels, predictions);
  }

  /** Means by name, `loss` first. NaN for no samples. */
  finish(sums: ArrayLike<number>, samples: number): Metrics {
    const metrics: Record<string, number> = { loss: (sums[0] ?? Number.NaN) / samples };
    this.#outputs.forEach((name, i) => {
      metrics[`${name}_loss`] = (sums[i + 1] ?? Number.NaN) / samples;
    });
    const rest = Float64Array.from(sums).subarray(1 + this.#outputs.length);
    return Object.freeze(Object.assign(metrics, this.#metrics.finish(rest, samples)));
  }
}
