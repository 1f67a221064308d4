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
  const shape = shapeOfFirst(array, label);
  const values = roomFor(shape, label, exact);
  const position: number[] = [];
  const innermost = shape.length - 1;
  let next = 0;

  const fill = (part: unknown, depth: number): void => {
    const length = shape[depth] ?? 0;
    if (!Array.isArray(part) && !(isNumericArray(part) && depth === innermost)) throw wrongPart(label, position, part, shape);
    if (part.length !== length) throw ragged(label, position, part.length, length);
    if (!Array.isArray(part)) {
      values.set(part, next);
      next += length;
    } else if (depth === innermost) {
      const wrong = copyRow(part, values, next);
      if (wrong !== undefined) throw wrongPart(label, [...position, wrong], part[wrong], shape);
      next += length;
    } else {
      for (let index = 0; index < length; index++) {
        position[depth] = index;
        fill(part[index], depth + 1);
      }
      position.length = depth;
    }
  };

  fill(array, 0);
  return { values, shape };
}

/** Copies a row of numbers and booleans, up to the first element that is neither: gives its index. Almost all the time is spent here. */
function copyRow(row: readonly unknown[], values: Float32Array | Float64Array, start: number): number | undefined {
  for (let index = 0; index < row.length; index++) {
    const element = row[index];
    if (typeof element === 'number') values[start + index] = element;
    else if (typeof element === 'boolean') values[start + index] = element ? 1 : 0;
    else return index;
  }
  return undefined;
}

/** Several times what tensors have (TensorFlow.js' largest rank is 6): beyond, an array holds itself, or is no data. */
const maxDepth = 32;

function shapeOfFirst(array: readonly unknown[], label: string): number[] {
  const shape: number[] = [];
  let part: unknown = array;
  while (Array.isArray(part) || isNumericArray(part)) {
    if (shape.length === maxDepth) throw new DataError('DATA_SHAPE', { found: `${label} is nested more than ${maxDepth} deep`, expected: 'an array of numbers has no more dimensions than a tensor', remedy: 'Look for an array that holds itself.' });
    shape.push(part.length);
    part = Array.isArray(part) ? (part[0] as unknown) : 0;
  }
  return shape;
}

/** The first sample says how many numbers there are: others may be shorter, and all of them none that fit in memory. */
function roomFor(shape: readonly number[], label: string, exact: boolean): Float32Array | Float64Array {
  try {
    return new (exact ? Float64Array : Float32Array)(sizeOf(shape));
  } catch (cause) {
    throw new DataError('DATA_SHAPE', { found: `${label} has the shape ${shapeText(shape)} by its first sample`, expected: 'that many numbers fit into memory', remedy: 'Give smaller parts from a generator, and look whether the first sample is like the others.', cause });
  }
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
