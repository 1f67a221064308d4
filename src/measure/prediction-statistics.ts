import * as tf from '@tensorflow/tfjs-core';
import type { Measurement } from './measurement.js';

/** Predictions of a batch beside its labels, for one output, in a few numbers. What does not apply is null. */
export interface PredictionStatistics {
  readonly samples: number;
  /** Share of entries that are NaN or infinite. */
  readonly nonFinite: number;
  readonly maxAbs: number;
  /** Standard deviation across the batch, the root of the mean variance of all columns. */
  readonly spread: number;
  readonly labelSpread: number | null;
  /** Pearson's r of predictions and labels, both centred by column, in [-1, 1]. Labels of classes are taken one-hot. */
  readonly correlation: number | null;
  readonly classes: {
    readonly count: number;
    /** Share of the class that is predicted most, and of the one that is most among the labels. */
    readonly topPredicted: number;
    readonly topLabel: number;
    /** Entropy of the labels of the batch, in nats. */
    readonly labelEntropy: number;
    /** Share of samples whose predicted class is the label's, and the share that chance gives for the same counts. */
    readonly agreement: number;
    readonly chance: number;
  } | null;
}

const perOutput = 12;
/** One-hot labels and class counts cost as much as the predictions: above this many entries they are left out. */
const largest = 1_000_000;

type Kind = 'columns' | 'sparse' | 'none';

function kindOf(prediction: tf.Tensor, label: tf.Tensor): Kind {
  const classes = prediction.shape.at(-1) ?? 1;
  if (prediction.size === label.size) return 'columns';
  return classes > 1 && prediction.rank >= 2 && prediction.size === label.size * classes && prediction.size <= largest ? 'sparse' : 'none';
}

/** [samples, columns] of a tensor with the batch first. */
const columnsOf = (value: tf.Tensor, columns: number): tf.Tensor2D => tf.reshape(tf.cast(value, 'float32'), [value.size / columns, columns]);

const centred = (value: tf.Tensor2D): tf.Tensor2D => tf.sub(value, tf.mean(value, 0, true));

function reduceOne(prediction: tf.Tensor, label: tf.Tensor | undefined): tf.Tensor {
  if (prediction.size === 0) return tf.fill([perOutput], NaN);
  const columns = prediction.rank < 2 ? 1 : (prediction.shape.at(-1) ?? 1);
  const p = columnsOf(prediction, columns);
  const magnitude = tf.abs(p);
  const nothing = tf.scalar(NaN);
  const apart = centred(p);
  const square = tf.mean(tf.square(apart));
  const own = [tf.sub(1, tf.mean(tf.cast(tf.lessEqual(magnitude, 3.4028234663852886e38), 'float32'))), tf.max(magnitude), square];
  const kind = label === undefined ? 'none' : kindOf(prediction, label);
  if (label === undefined || kind === 'none') return tf.stack([...own, ...Array.from({ length: perOutput - 3 }, () => nothing)]);
  const y = kind === 'sparse' ? tf.cast(tf.oneHot(tf.cast(tf.reshape(label, [label.size]), 'int32'), columns), 'float32') : columnsOf(label, columns);
  const labelsApart = centred(y as tf.Tensor2D);
  return tf.stack([...own, tf.mean(tf.square(labelsApart)), tf.mean(tf.mul(apart, labelsApart)), ...classesOf(p, y as tf.Tensor2D)]);
}

/** Labels are classes when each row is one-hot, or, with a single column, when all are 0 or 1. */
function classesOf(p: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor[] {
  const [, columns] = y.shape;
  const bits = tf.mean(tf.cast(tf.logicalOr(tf.equal(y, 0), tf.equal(y, 1)), 'float32'));
  const rows = columns === 1 ? tf.scalar(1) : tf.mean(tf.cast(tf.equal(tf.sum(y, 1), 1), 'float32'));
  // Probabilities are parted at 1/2, logits at 0.
  const isProbability = tf.logicalAnd(tf.greaterEqual(tf.min(p), 0), tf.lessEqual(tf.max(p), 1));
  const border = tf.where(isProbability, tf.scalar(0.5), tf.scalar(0));
  const both = (first: tf.Tensor): tf.Tensor2D => tf.concat([tf.sub(1, first), first], 1) as tf.Tensor2D;
  const predicted = columns === 1 ? both(tf.cast(tf.greater(p, border), 'float32')) : tf.cast<tf.Tensor2D>(tf.oneHot(tf.argMax<tf.Tensor1D>(p, 1), columns) as tf.Tensor2D, 'float32');
  const actual = columns === 1 ? both(y) : y;
  const shares = [tf.mean(predicted, 0), tf.mean(actual, 0)] as const;
  const entropy = tf.neg(tf.sum(tf.mul(shares[1], tf.log(tf.maximum(shares[1], 1e-12)))));
  return [tf.mul(bits, rows), tf.max(shares[0]), tf.max(shares[1]), entropy, tf.mean(tf.sum(tf.mul(predicted, actual), 1)), tf.sum(tf.mul(shares[0], shares[1])), tf.scalar(Math.max(2, columns))];
}

function readOne(values: Float32Array, samples: number): PredictionStatistics {
  const [nonFinite = NaN, maxAbs = NaN, square = NaN, labelSquare = NaN, covariance = NaN, isClasses = NaN, topPredicted = NaN, topLabel = NaN, labelEntropy = NaN, agreement = NaN, chance = NaN, count = NaN] = values;
  const r = covariance / Math.sqrt(square * labelSquare);
  return {
    samples,
    nonFinite,
    maxAbs,
    spread: Math.sqrt(square),
    labelSpread: Number.isNaN(labelSquare) ? null : Math.sqrt(labelSquare),
    correlation: Number.isFinite(r) ? Math.max(-1, Math.min(1, r)) : null,
    classes: isClasses === 1 ? { count, topPredicted, topLabel, labelEntropy, agreement, chance } : null,
  };
}

/** Predictions of the step's forward pass beside the labels, one entry an output. */
export const predictionStatistics = (): Measurement<readonly PredictionStatistics[], 'predictions' | 'labels'> => ({
  key: 'predictionStatistics',
  sources: ['predictions', 'labels'],
  reduce: ({ predictions, labels }) => (predictions.length === 0 ? tf.zeros([0]) : tf.stack(predictions.map((each, i) => reduceOne(each, labels[i])))),
  read: (values, { batchSize }) => Array.from({ length: values.length / perOutput }, (_, i) => readOne(values.subarray(i * perOutput, (i + 1) * perOutput), batchSize)),
});
