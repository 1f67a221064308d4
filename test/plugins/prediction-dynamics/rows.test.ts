import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { comparedRows, shortFloat, spreadOf } from '../../../plugins/prediction-dynamics/rows.js';

const counting = (shape: number[]) => ({ shape, values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i) });

describe('comparedRows', () => {
  test('takes all of [3, 2], and a column from [3]', () => {
    expect(comparedRows(counting([3, 2]), 100)).toEqual({ samples: 3, rowsPerSample: 1, width: 2, values: [0, 1, 2, 3, 4, 5] });
    expect(comparedRows(counting([3]), 100)).toEqual({ samples: 3, rowsPerSample: 1, width: 1, values: [0, 1, 2] });
  });

  test('of two 4x4 images with 3 classes and at most 6 numbers each it takes the pixels 0 and 8', () => {
    expect(comparedRows(counting([2, 4, 4, 3]), 6)).toEqual({ samples: 2, rowsPerSample: 2, width: 3, values: [0, 1, 2, 24, 25, 26, 48, 49, 50, 72, 73, 74] });
  });

  test('takes one whole row at least, however wide', () => {
    expect(comparedRows(counting([1, 2, 5]), 3).values).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('shortFloat', () => {
  test('writes the float32 0.1 as 0.1', () => expect(shortFloat(Math.fround(0.1))).toBe(0.1));
  test('gives a number of the same float32 for every float32', () => {
    fc.assert(fc.property(fc.float(), (value) => (Number.isNaN(value) ? Number.isNaN(shortFloat(value)) : Math.fround(shortFloat(value)) === value)), { numRuns: 2000, seed: 5 });
  });
});

describe('spreadOf', () => {
  test('is the mean absolute deviation by column: 1 of [0, 2] and 0 of [5, 5] make 0.5', () => {
    expect(spreadOf([0, 5, 2, 5], 2)).toBe(0.5);
  });
  test('is 0 for one sample', () => expect(spreadOf([3, 4], 1)).toBe(0));
});
