import * as tf from '@tensorflow/tfjs-core';
import { shapeText } from './shapes.js';
import type { DatasetLike, NumericArray, ShapedArray } from './source.js';

/** Whether it is a tensor, of this copy of TensorFlow.js or another. */
export const isTensor = (value: unknown): value is tf.Tensor => value instanceof tf.Tensor;

/** Whether it is a typed array of numbers. */
export const isNumericArray = (value: unknown): value is NumericArray =>
  ArrayBuffer.isView(value) && !(value instanceof DataView) && !(value instanceof BigInt64Array) && !(value instanceof BigUint64Array);

/** Whether it is an object with fields: no array, typed array, tensor or function. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value) && !isTensor(value);

/** Whether it is `{ values, shape }`. */
export const isShapedArray = (value: unknown): value is ShapedArray =>
  isRecord(value) && Array.isArray(value.shape) && (isNumericArray(value.values) || Array.isArray(value.values));

/** Whether it is an object that names its inputs, as Samples do. */
export const isSamplesRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isRecord(value) && ('inputs' in value || 'xs' in value);

/** Whether it has the methods of a tf.data Dataset. */
export const isDataset = (value: unknown): value is DatasetLike =>
  isRecord(value) && typeof value.iterator === 'function' && typeof value.batch === 'function' && typeof value.forEachAsync === 'function';

/** Whether it gives batches in time. */
export const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

/** Whether it gives batches at once. A typed array is iterable too, but over numbers. */
export const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && Symbol.iterator in value;

/** Whether its batches can be had from any place on. */
export const isSeekable = (value: object): value is { iterateFrom(batch: number): unknown } => 'iterateFrom' in value && typeof value.iterateFrom === 'function';

/** A value in words, for messages: `a Float32Array of 12`, `the string "7"`, `an object with the keys a, b`. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `the string ${JSON.stringify(value.length > 20 ? `${value.slice(0, 20)}...` : value)}`;
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  if (isTensor(value)) return `a ${value.dtype} tensor of shape ${shapeText(value.shape)}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (isNumericArray(value)) return `a ${value.constructor.name} of ${value.length}`;
  if (isRecord(value)) {
    const keys = Object.keys(value);
    const name = (Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null)?.constructor?.name ?? 'Object';
    return name === 'Object' ? `an object with the keys ${keys.length === 0 ? '(none)' : keys.join(', ')}` : `an object of class ${name}`;
  }
  return `a ${typeof value}`;
}
