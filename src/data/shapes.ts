import { DataError } from '../errors.js';
import type { SpecShape } from './spec.js';

/** `[null, 28, 28, 1]`, as TensorFlow.js prints shapes. */
export const shapeText = (shape: SpecShape): string => `[${shape.map(String).join(', ')}]`;

/** The number of elements; 1 for no dimensions. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, dimension) => size * dimension, 1);

const agrees = (found: readonly number[], expected: SpecShape): boolean =>
  found.length === expected.length && expected.every((dimension, axis) => dimension === null || dimension === found[axis]);

/** Throws DATA_SHAPE unless the dimensions of one sample are what the model takes. `found` is [samples, ...]. */
export function checkSampleShape(label: string, found: readonly number[], expected: SpecShape | undefined): void {
  if (found.length === 0) {
    throw new DataError('DATA_SHAPE', { found: `${label} is a single number`, expected: 'its first dimension has to be the samples', remedy: 'Give an array of samples.' });
  }
  if (expected === undefined || agrees(found.slice(1), expected.slice(1))) return;
  throw new DataError('DATA_SHAPE', {
    found: `${label} has shape ${shapeText(found)}`,
    expected: `the model takes ${shapeText(expected)}`,
    remedy: shapeRemedy(found, expected),
  });
}

function shapeRemedy(found: readonly number[], expected: SpecShape): string {
  if (agrees(found, expected.slice(1))) {
    return 'The batch dimension is missing: add it with tf.expandDims(x, 0), or give batchSize for a Dataset of single samples.';
  }
  if (agrees(found.slice(2), expected.slice(1))) {
    const merged = shapeText([(found[0] ?? 1) * (found[1] ?? 1), ...found.slice(2)]);
    return `There is one dimension too many: reshape to ${merged}, or leave out batchSize for a Dataset that is batched already.`;
  }
  const perSample = expected.slice(1).map((dimension) => dimension ?? -1);
  const free = perSample.filter((dimension) => dimension === -1).length;
  if (free === 0 && sizeOf(found.slice(1)) === sizeOf(perSample)) {
    return `Each sample has as many numbers as the model takes: reshape to ${shapeText([found[0] ?? null, ...perSample])}.`;
  }
  return 'Change the data, or the input shape of the model.';
}

/** Throws DATA_SHAPE where the model takes batches of one size and would be given another. */
export function checkBatchDimension(label: string, size: number, expected: SpecShape | undefined): void {
  const fixed = expected?.[0];
  if (fixed === undefined || fixed === null || fixed === size) return;
  throw new DataError('DATA_SHAPE', {
    found: `${label} comes in a batch of ${size}`,
    expected: `the model takes batches of ${fixed} alone`,
    remedy: `Set batchSize: ${fixed} and dropLast: true, or build the model with a free batch dimension.`,
  });
}
