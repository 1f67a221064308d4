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
  const found: tf.Tensor[] = [];
  // A set and no recursion: what is no data yet may be nested as deep as it likes, or hold itself.
  const waiting = new Set<unknown>([value]);
  for (const each of waiting) {
    if (isTensor(each)) {
      if (each.id > moment) found.push(each);
      continue;
    }
    for (const inner of partsOf(each)) waiting.add(inner);
  }
  return found;
}

/** What may be or hold a tensor. */
function partsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) {
    // An array of numbers holds no tensor; it may be long.
    const [first] = value as readonly unknown[];
    return typeof first === 'number' || typeof first === 'boolean' || isNumericArray(first) ? [] : value;
  }
  // Only plain objects: an iterator or a Dataset keeps tensors of its own.
  return isRecord(value) && (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null) ? Object.values(value) : [];
}
