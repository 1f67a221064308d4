import * as tf from '@tensorflow/tfjs-core';
import type { Measurement } from './measurement.js';

/** The output of a layer for a batch, in a few numbers. A unit is the last axis: [batch, ..., units]. */
export interface ActivationStatistics {
  /** Values that each unit gave: the batch times all axes but the last. */
  readonly rows: number;
  /** Share of units that are 0 for the whole batch, in [0, 1]. */
  readonly deadUnits: number;
  /** Share of entries that are exactly 0, of the first samples where there are many. */
  readonly zeros: number;
  /** sqrt of the mean square; NaN or infinite when an entry is, or when the squares overflow. */
  readonly rms: number;
  readonly maxAbs: number;
  readonly min: number;
  /** Share of entries beyond +-0.995, where tanh' is below 0.01; of the first samples where there are many. */
  readonly beyondTanh: number;
  /** Share of entries outside 0.0025 to 0.9975, where the sigmoid's derivative is below 1% of its largest, 1/4. */
  readonly beyondSigmoid: number;
}

const perLayer = 7;
/** Entries that shares of entries are taken of: the standard error of a share is then 0.4% at most, for independent ones. */
const sampled = 16_384;

/** Tensors with at least a batch axis and units. */
const unitsLast = (value: tf.Tensor): tf.Tensor2D => {
  const flat = tf.cast(value, 'float32');
  return tf.reshape(flat, value.rank < 2 ? [value.size, 1] : [value.size / (value.shape.at(-1) ?? 1), value.shape.at(-1) ?? 1]);
};

const share = (of: tf.Tensor): tf.Tensor => tf.mean(tf.cast(of, 'float32'));

function reduceOne(value: tf.Tensor): tf.Tensor {
  if (value.size === 0) return tf.zeros([perLayer]);
  const flat = unitsLast(value);
  const [rows, units] = flat.shape;
  const magnitude = tf.abs(flat);
  const unitMax = tf.max(magnitude, 0);
  // Rows in order are whole samples, or parts of them: no matter for a share of entries.
  const few: [number, number] = [Math.min(rows, Math.max(1, Math.floor(sampled / units))), units];
  const some = tf.slice(flat, [0, 0], few);
  const sizes = tf.slice(magnitude, [0, 0], few);
  return tf.stack([
    share(tf.equal(unitMax, 0)),
    share(tf.equal(sizes, 0)),
    tf.mean(tf.square(flat)),
    tf.max(unitMax),
    tf.min(flat),
    share(tf.greater(sizes, 0.995)),
    share(tf.greater(tf.abs(tf.sub(some, 0.5)), 0.4975)),
  ]);
}

/** Statistics of the outputs of layers (or taps) in the step's forward pass. Default: of all. */
export const activationStatistics = (layers?: readonly string[]): Measurement<ReadonlyMap<string, ActivationStatistics>, 'activations'> => {
  /** Known from the shapes at each reduction. */
  let rows: readonly number[] = [];
  return {
    key: `activationStatistics:${layers === undefined ? '' : JSON.stringify(layers)}`,
    sources: ['activations'],
    ...(layers === undefined ? {} : { layers }),
    reduce({ activations }) {
      rows = [...activations.values()].map(({ size, shape, rank }) => (rank < 2 ? size : size / Math.max(1, shape.at(-1) ?? 1)));
      return activations.size === 0 ? tf.zeros([0]) : tf.stack([...activations.values()].map(reduceOne));
    },
    read: (values, { activationNames }) =>
      new Map(
        activationNames.map((name, i) => {
          const [deadUnits = 0, zeros = 0, square = 0, maxAbs = 0, min = 0, beyondTanh = 0, beyondSigmoid = 0] = values.subarray(i * perLayer, (i + 1) * perLayer);
          return [name, { rows: rows[i] ?? 0, deadUnits, zeros, rms: Math.sqrt(square), maxAbs, min, beyondTanh, beyondSigmoid }];
        }),
      ),
  };
};
