import * as tf from '@tensorflow/tfjs-core';
import { isNumericArray, isRecord, isTensor } from './recognize.js';

/**
 * A moment, as the id that the next tensor would have. TensorFlow.js counts ids up, over all copies of the package, so a
 * tensor with a greater id was made later. That is how tensors that a source makes (and hands over) are told from tensors
 * that the user keeps, whichever way they come.
 */
export type Moment = number;

export function now(): Moment {
  const probe = tf.scalar(0);
  probe.dispose();
  return probe.id;
}

/** The tensors in arrays and objects that were made after the moment: those to be disposed of once read. */
export function tensorsMadeSince(value: unknown, moment: Moment): tf.Tensor[] {
  if (isTensor(value)) return value.id > moment ? [value] : [];
  if (Array.isArray(value)) {
    // An array of numbers holds no tensor; it may be long.
    const [first] = value as readonly unknown[];
    const numbers = typeof first === 'number' || typeof first === 'boolean' || isNumericArray(first);
    return numbers ? [] : value.flatMap((each: unknown) => tensorsMadeSince(each, moment));
  }
  // Only plain objects: an iterator or a Dataset keeps tensors of its own.
  if (isRecord(value) && (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null)) {
    return Object.values(value).flatMap((each) => tensorsMadeSince(each, moment));
  }
  return [];
}
