import { describe, expect, test } from 'vitest';
import { labelsOf, probabilities, readingOf } from '../../../plugins/prediction-dynamics/reading.js';
import type { Rows } from '../../../plugins/prediction-dynamics/rows.js';

const rows = (width: number, ...values: number[]): Rows => ({ samples: values.length / width, rowsPerSample: 1, width, values });

describe('readingOf', () => {
  test.each([
    ['rows that sum to 1 within 1e-3 are classes', rows(2, 0.3, 0.7, 0.9995, 0), 'classification'],
    ['rows that sum to 1.002 are not', rows(2, 0.3, 0.702), 'regression'],
    ['a negative number is no probability, though the row sums to 1', rows(2, -0.5, 1.5), 'regression'],
    ['single numbers from 0 to 1 are binary', rows(1, 0, 0.4, 1), 'binary'],
    ['a single number above 1 is not', rows(1, 0.4, 1.01), 'regression'],
    ['several numbers in [0, 1] that do not sum to 1 are a regression', rows(3, 0.9, 0.8, 0.1), 'regression'],
  ] as const)('auto: %s', (_, given, task) => expect(readingOf('auto', null, given)).toEqual({ task, logits: false }));

  test('auto: what was binary becomes a regression at the first 1.2, and stays one', () => {
    const once = readingOf('auto', { task: 'binary', logits: false }, rows(1, 0.5, 1.2));
    expect(once.task).toBe('regression');
    expect(readingOf('auto', once, rows(1, 0.5, 0.6)).task).toBe('regression');
  });

  test('auto: numbers that are not finite decide nothing', () => {
    expect(readingOf('auto', { task: 'binary', logits: false }, rows(1, 0.5, NaN)).task).toBe('binary');
    expect(readingOf('auto', null, rows(1, 0.5, NaN)).task).toBe('regression');
  });

  test('named classification takes rows that do not sum to 1 for logits, from then on', () => {
    expect(readingOf('classification', null, rows(2, 0.4, 0.6))).toEqual({ task: 'classification', logits: false });
    const logits = readingOf('classification', null, rows(2, 2, -1));
    expect(logits).toEqual({ task: 'classification', logits: true });
    expect(readingOf('classification', logits, rows(2, 0.4, 0.6)).logits).toBe(true);
  });

  test('named binary takes numbers outside [0, 1] for logits, and a single column of classes is binary', () => {
    expect(readingOf('binary', null, rows(1, 0.2, 3))).toEqual({ task: 'binary', logits: true });
    expect(readingOf('classification', null, rows(1, 0.2, 0.3))).toEqual({ task: 'binary', logits: false });
  });
});

describe('probabilities', () => {
  test('softmaxes the logits [0, ln 3] to [1/4, 3/4], also 1000 higher', () => {
    for (const shift of [0, 1000]) {
      const [a = NaN, b = NaN] = probabilities([shift, shift + Math.log(3)], 2, { task: 'classification', logits: true });
      expect(a).toBeCloseTo(0.25, 10);
      expect(b).toBeCloseTo(0.75, 10);
    }
  });

  test('gives 3/4 for a binary logit of ln 3, and leaves what is not logits', () => {
    expect(probabilities([Math.log(3)], 1, { task: 'binary', logits: true })[0]).toBeCloseTo(0.75, 12);
    expect(probabilities([0.3, 7], 1, { task: 'regression', logits: false })).toEqual([0.3, 7]);
  });
});

describe('labelsOf', () => {
  test('takes the first of equal classes, and none of a row with NaN', () => {
    expect(labelsOf([0.5, 0.5, 0.1, 0.9, NaN, 1], 2, 'classification')).toEqual([0, 1, null]);
  });
});
