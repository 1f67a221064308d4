import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, DataError } from '../errors.js';
import { shapeText } from './shapes.js';

/** How much a sample of each class counts: by class index. Classes that a record leaves out count 1, as in Keras. */
export type ClassWeights = readonly number[] | Readonly<Record<number, number>>;

/**
 * The weight of each sample by its class: [batch], float32, computed on the device, and the caller's to dispose of.
 *
 * Labels are class indices, [batch] or [batch, 1], or one-hot rows, [batch, classes]. A row that shares its weight among
 * classes (label smoothing, mixup) weighs the mean of theirs, and so does an index between two classes (0.1 is nine parts of
 * class 0 and one of class 1). `sampleWeights` [batch] multiply in. `form` says which of the
 * two they are; left out, a second dimension of more than 1 is taken for classes.
 *
 * Throws OPTIONS_INVALID for weights that are negative or not finite, DATA_SHAPE where labels have another shape or the
 * number of classes is not that of the weights.
 */
export function classSampleWeights(labels: tf.Tensor, classWeights: ClassWeights, sampleWeights?: tf.Tensor, form?: 'indices' | 'one-hot'): tf.Tensor1D {
  const listed = listOf(classWeights);
  const [batch = 0, classes = 1] = labels.shape;
  if (labels.rank !== 1 && labels.rank !== 2) {
    throw new DataError('DATA_SHAPE', { found: `labels have shape ${shapeText(labels.shape)}`, expected: 'class weights take [batch] or [batch, classes]', remedy: 'Give sampleWeights instead.' });
  }
  if (form === 'indices' && classes > 1) {
    throw new DataError('DATA_SHAPE', {
      found: `labels have shape ${shapeText(labels.shape)}, with ${classes} class numbers a sample`,
      expected: 'class weights take one class a sample: [batch] or [batch, 1]',
      remedy: 'Give sampleWeights instead.',
    });
  }
  const oneHot = labels.rank === 2 && classes > 1;
  const listsAll = Array.isArray(classWeights);
  if (oneHot && (listsAll ? listed.length !== classes : listed.length > classes)) {
    throw new DataError('DATA_SHAPE', {
      found: `labels have shape ${shapeText(labels.shape)}`,
      expected: `class weights are given for ${listed.length} classes`,
      remedy: `Give ${classes} weights, one a class.`,
    });
  }
  return tf.tidy(() => {
    const weights = oneHot ? ofRows(labels, listed, classes) : ofIndices(tf.reshape(labels, [batch]), listed);
    return sampleWeights === undefined ? weights : tf.mul<tf.Tensor1D>(weights, tf.cast(sampleWeights, 'float32'));
  });
}

/** Weights by index without gaps. */
function listOf(classWeights: ClassWeights): number[] {
  const entries = Object.entries(classWeights).map(([key, weight]) => [Number(key), weight, key] as const);
  const wrong = entries.find(([index, weight]) => !Number.isSafeInteger(index) || index < 0 || !Number.isFinite(weight) || weight < 0);
  if (wrong !== undefined || entries.length === 0) {
    const problem = wrong === undefined ? 'classWeights is empty' : `classWeights has ${wrong[1]} for class ${JSON.stringify(wrong[2])}`;
    throw new ConfigError('OPTIONS_INVALID', {
      found: problem,
      expected: 'it takes a weight of 0 or more for a class index of 0 or more',
      problems: [{ path: ['classWeights'], message: problem }],
    });
  }
  const given = new Map(entries.map(([index, weight]) => [index, weight]));
  return Array.from({ length: Math.max(...given.keys()) + 1 }, (_, index) => given.get(index) ?? 1);
}

function ofRows(labels: tf.Tensor, listed: readonly number[], classes: number): tf.Tensor1D {
  const row = Array.from({ length: classes }, (_, index) => listed[index] ?? 1);
  return tf.sum(tf.mul(tf.cast(labels, 'float32'), tf.tensor1d(row)), 1);
}

function ofIndices(labels: tf.Tensor1D, listed: readonly number[]): tf.Tensor1D {
  // One weight of 1 at the end, for every class beyond the list.
  const table = tf.tensor1d([...listed, 1]);
  const isInteger = labels.dtype === 'int32';
  const place = tf.minimum(labels, tf.scalar(listed.length, isInteger ? 'int32' : 'float32'));
  const below = tf.cast(place, 'int32');
  const lower = tf.gather(table, below);
  if (isInteger) return lower;
  const upper = tf.gather(table, tf.minimum(tf.add(below, tf.scalar(1, 'int32')), tf.scalar(listed.length, 'int32')));
  return tf.add(lower, tf.mul(tf.sub(upper, lower), tf.sub(place, tf.cast(below, 'float32'))));
}
