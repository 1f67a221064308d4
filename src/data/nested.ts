import { DataError } from '../errors.js';
import { describe, isNumericArray, isTensor } from './recognize.js';
import { shapeText, sizeOf } from './shapes.js';

/** The numbers of nested arrays in row-major order, and their shape. */
export interface FlatArray {
  readonly values: Float32Array | Float64Array;
  readonly shape: readonly number[];
}

/**
 * Nested JavaScript arrays as one flat array. `exact` keeps doubles, so that integers beyond 2^24 reach an int32 tensor whole.
 * Throws DATA_SHAPE where the arrays are ragged and DATA_TYPE where something is no number; both say where.
 */
export function flattenNested(array: readonly unknown[], label: string, exact: boolean): FlatArray {
  const shape = shapeOfFirst(array);
  const values = new (exact ? Float64Array : Float32Array)(sizeOf(shape));
  const position: number[] = [];
  let next = 0;

  const fill = (part: unknown, depth: number): void => {
    const length = shape[depth];
    if (length === undefined) {
      if (typeof part !== 'number' && typeof part !== 'boolean') throw wrongPart(label, position, part, shape);
      values[next++] = Number(part);
      return;
    }
    const row = Array.isArray(part) ? (part as readonly unknown[]) : undefined;
    if (row === undefined && !(isNumericArray(part) && depth === shape.length - 1)) throw wrongPart(label, position, part, shape);
    const partLength = (part as ArrayLike<unknown>).length;
    if (partLength !== length) throw ragged(label, position, partLength, length);
    if (row === undefined) {
      values.set(part as ArrayLike<number>, next);
      next += length;
      return;
    }
    for (let index = 0; index < length; index++) {
      position[depth] = index;
      fill(row[index], depth + 1);
    }
    position.length = depth;
  };

  fill(array, 0);
  return { values, shape };
}

function shapeOfFirst(array: readonly unknown[]): number[] {
  const shape: number[] = [];
  let part: unknown = array;
  while (Array.isArray(part) || isNumericArray(part)) {
    shape.push(part.length);
    part = Array.isArray(part) ? (part[0] as unknown) : 0;
  }
  return shape;
}

const place = (label: string, position: readonly number[]): string => `${label}${position.map((index) => `[${index}]`).join('')}`;

function ragged(label: string, position: readonly number[], found: number, expected: number): DataError {
  return new DataError('DATA_SHAPE', {
    found: `${place(label, position)} has length ${found}`,
    expected: `the arrays before it have length ${expected}`,
    remedy: 'Pad or cut them to one length.',
  });
}

function wrongPart(label: string, position: readonly number[], part: unknown, shape: readonly number[]): DataError {
  const found = `${place(label, position)} is ${describe(part)}`;
  if (Array.isArray(part) || isNumericArray(part) || typeof part === 'number' || typeof part === 'boolean') {
    return new DataError('DATA_SHAPE', { found, expected: `after the first sample the shape is ${shapeText(shape)}`, remedy: 'Nest every sample equally deep.' });
  }
  return new DataError('DATA_TYPE', {
    found,
    expected: 'numbers are needed',
    remedy: isTensor(part) ? 'Make one tensor of them with tf.stack.' : 'Encode it as a number before training.',
  });
}
