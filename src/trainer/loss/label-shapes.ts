import { DataError, type ErrorFacts } from '../../errors.js';
import type { LabelForm } from './loss.js';

export type Shape = readonly number[];

/** `[32, 10]` */
export const shapeText = (shape: readonly (number | null)[]): string => `[${shape.map((size) => size ?? 'null').join(', ')}]`;

const equal = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((size, axis) => size === b[axis]);

/** Whether the labels are the predictions' shape without the last axis, or with a last axis of 1. */
const isClassShape = (labels: Shape, predictions: Shape): boolean => {
  const samples = predictions.slice(0, -1);
  return equal(labels, samples) || equal(labels, [...samples, 1]);
};

/** Whether a result has one value for the batch, or for every sample: [], [batch] or [batch, ...], where axes may shrink to 1. */
export const isPerSample = (result: Shape, predictions: Shape): boolean =>
  result.length <= predictions.length && result.every((size, axis) => size === predictions[axis] || (axis > 0 && size === 1));

const width = (predictions: Shape): number => predictions.at(-1) ?? 1;

function mismatch(form: Exclude<LabelForm, 'free'>, name: string, labels: Shape, predictions: Shape): Pick<ErrorFacts, 'expected' | 'remedy'> {
  const samples = predictions.slice(0, -1);
  const classes = width(predictions);
  const batchDiffers = labels[0] !== predictions[0];
  if (form === 'class') {
    const oneHot = equal(labels, predictions);
    return {
      expected: `${name} expects class numbers, ${shapeText(samples)}, for predictions ${shapeText(predictions)}`,
      remedy: oneHot
        ? 'Use categoricalCrossentropy for one-hot labels, or make class numbers of them with tf.argMax(labels, -1).'
        : batchDiffers
          ? 'Give one label for every sample.'
          : 'Give one class number for every prediction.',
    };
  }
  const expected = `${name} expects ${shapeText(predictions)}, the shape of the predictions`;
  if (batchDiffers) return { expected, remedy: 'Give one label for every sample.' };
  if (form === 'distribution' && classes > 1 && isClassShape(labels, predictions)) {
    return { expected, remedy: `One-hot them with tf.oneHot(labels, ${classes}), or use sparseCategoricalCrossentropy.` };
  }
  if (equal([...labels, 1], predictions)) {
    return { expected, remedy: 'Give each a list of its own, labels.map((y) => [y]), or a tensor a last axis, tf.expandDims(labels, -1): as they are, they would spread over all pairs of samples.' };
  }
  if (equal(labels, [...predictions, 1])) return { expected, remedy: 'Take their last axis off with tf.squeeze(labels, [-1]).' };
  return { expected, remedy: `Give the model an output of the labels' shape, or reshape the labels.` };
}

/**
 * Throws unless labels of this shape go with predictions of that shape; costs nothing on the device. TensorFlow.js
 * would spread [batch, 1] over [batch] to [batch, batch] and train on nonsense.
 *
 * @param name Whose demand it is: a loss or a metric.
 * @throws DataError DATA_SHAPE
 */
export function assertLabelShape(form: LabelForm, name: string, output: string, labels: Shape, predictions: Shape): void {
  if (form === 'free') return;
  if (form === 'class' ? isClassShape(labels, predictions) : equal(labels, predictions)) return;
  throw new DataError('DATA_SHAPE', {
    found: `labels of output "${output}" have shape ${shapeText(labels)}`,
    ...mismatch(form, name, labels, predictions),
  });
}
