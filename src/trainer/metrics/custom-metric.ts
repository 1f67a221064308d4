import * as tf from '@tensorflow/tfjs-core';
import { DataError, TrainscopeError } from '../../errors.js';
import { isPerSample, shapeText } from '../loss/label-shapes.js';
import { meanOf, type Metric, type MetricFunction } from './metric.js';
import { thrownText } from '../../thrown-text.js';

// tf.Tensor is generic in its rank, and instanceof alone leaves that rank as any.
const isTensor = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor;

/**
 * A metric of the user's own: what it gives is looked at, since a wrong shape would be averaged like a right one.
 * @throws DataError METRIC_INVALID (when it is computed) where it throws, or gives no value for the batch or for each sample
 */
export const customMetric = (name: string, output: string, fn: MetricFunction): Metric =>
  meanOf('free', (labels, predictions) => {
    const what = `the metric "${name}" of output "${output}"`;
    const shapes = `labels ${shapeText(labels.shape)} and predictions ${shapeText(predictions.shape)}`;
    const invalid = (found: string, cause?: unknown): DataError =>
      new DataError('METRIC_INVALID', { found, expected: 'a metric is a scalar, or has one value for every sample', remedy: 'Return what tf operations make of the labels and predictions, without awaiting.', cause });
    let value: unknown;
    try {
      value = fn(labels, predictions);
    } catch (cause) {
      if (cause instanceof TrainscopeError) throw cause;
      throw invalid(`${what} failed for ${shapes} (${thrownText(cause).split('\n')[0] ?? ''})`, cause);
    }
    if (value instanceof Promise) value.catch(() => undefined);
    if (!isTensor(value)) throw invalid(`${what} returned ${value instanceof Promise ? 'a promise' : typeof value}`);
    if (!isPerSample(value.shape, predictions.shape)) throw invalid(`${what} has shape ${shapeText(value.shape)} for ${shapes}`);
    return value;
  });
