import { describe, expect, test } from 'vitest';
import { compareDecompositions, decompose } from '../../src/diagnosis/index.js';

describe('the parts of an error', () => {
  test('0.15 in training, 0.16 in validation, 0.18 in the test, 0.01 that no one can avoid: 0.14 + 0.01 + 0.02', () => {
    const parts = decompose({ training: 0.15, validation: 0.16, test: 0.18, irreducible: 0.01 });
    expect(parts).toMatchObject({ irreducible: 0.01, next: 'bias' });
    expect([parts.bias, parts.variance ?? NaN, parts.selection ?? NaN, parts.total].map((each) => each.toFixed(10))).toEqual(['0.1400000000', '0.0100000000', '0.0200000000', '0.1800000000']);
  });
  test('of a gap of 0.02 to the test data 0.015 is the luck of the best of several validations, and never more than the gap', () => {
    expect(decompose({ training: 0.15, validation: 0.16, test: 0.18, optimism: 0.015 }).advice).toMatch(/Of the gap of 0.02 to the test data, 0.015 comes of/);
    expect(decompose({ training: 0.15, validation: 0.16, test: 0.18, optimism: 0.5 }).advice).toMatch(/Of the gap of 0.02 to the test data, 0.02 comes of/);
    expect(decompose({ training: 0.15, validation: 0.16, test: 0.18 }).advice).not.toMatch(/Of the gap/);
  });
  test('0.01 in training and 0.2 in validation: the gap is to be worked on', () => {
    expect(decompose({ training: 0.01, validation: 0.2 }).next).toBe('variance');
  });
  test('without validation the gap is not known, and a test error cannot be parted', () => {
    expect(decompose({ training: 0.2, test: 0.3 })).toMatchObject({ variance: null, selection: null, total: 0.2 });
  });
  test('nothing is left where training is at what cannot be avoided', () => {
    expect(decompose({ training: 0.1, validation: 0.1, irreducible: 0.1 }).next).toBeNull();
  });
  test('a validation loss below that of training is said, and no part is a share of a whole that is smaller', () => {
    const { next, advice } = decompose({ training: 0.0982, validation: 0.0882 });
    expect(next).toBe('bias');
    expect(advice).toContain('It is 0.0982. The validation loss is 0.01 below the training loss');
    expect(advice).not.toContain('%');
  });
  test('a part that is above by more than the whole is said as that', () => {
    expect(compareDecompositions({ good: decompose({ training: 0.1, validation: 0.1 }), odd: decompose({ training: 2.7, validation: 1.5 }) })?.summary).toBe('good has the lowest error, 0.1; odd is 1.4 above it, with a bias that is 2.6 higher');
  });
  test('of two runs the one with 0.1 less in all is the best, and the other loses 0.15 in variance', () => {
    const compared = compareDecompositions({ large: decompose({ training: 0.05, validation: 0.3 }), small: decompose({ training: 0.1, validation: 0.2 }) });
    expect(compared?.best).toBe('small');
    expect(compared?.differences['large']?.variance).toBeCloseTo(0.15, 10);
    expect(compared?.differences['large']?.bias).toBeCloseTo(-0.05, 10);
    expect(compared?.summary).toBe('small has the lowest error, 0.2; large is 0.1 above it, with a variance that is 0.15 higher');
    expect(compareDecompositions({})).toBeNull();
  });
});
