import * as tf from '@tensorflow/tfjs-core';
import type { Measurement } from './measurement.js';

/** Predictions of the fixed validation batch, one output each: row after row. */
export interface ProbePredictions {
  /** [samples, ...] */
  readonly shape: readonly number[];
  /** Row-major, a copy. */
  readonly values: Float32Array;
}

/**
 * The model's predictions, in inference mode and after the update, for the first `samples` validation samples, whole:
 * samples x outputs numbers come to the host, so keep `samples` small.
 */
export const probePredictions = (options: { readonly samples: number }): Measurement<readonly ProbePredictions[], 'probe'> => ({
  key: `probePredictions:${String(options.samples)}`,
  sources: ['probe'],
  probeSamples: options.samples,
  reduce: ({ probe }) =>
    tf.concat1d(
      probe.map((each) => {
        const rows = tf.slice(each, 0, Math.min(options.samples, each.shape[0]));
        return tf.reshape<tf.Rank.R1>(tf.cast(rows, 'float32'), [rows.size]);
      }),
    ),
  onHost({ probe }) {
    const rows = probe.map((each) => ({ each, size: Math.min(options.samples, each.shape[0]) * tf.util.sizeFromShape(each.shape.slice(1)) }));
    const all = new Float32Array(rows.reduce((sum, { size }) => sum + size, 0));
    let at = 0;
    for (const { each, size } of rows) {
      all.set(each.dataSync().subarray(0, size), at);
      at += size;
    }
    return all;
  },
  read(values, { probeShapes }) {
    let at = 0;
    return probeShapes.map(([rows = 0, ...rest]) => {
      const shape = [Math.min(options.samples, rows), ...rest];
      const size = shape.reduce((product, each) => product * each, 1);
      return { shape, values: values.slice(at, (at += size)) };
    });
  },
});
