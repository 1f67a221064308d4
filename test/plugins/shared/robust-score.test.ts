import { describe, expect, test } from 'vitest';
import { robustScore } from '../../../plugins/shared/robust-score.js';

describe('robustScore', () => {
  test('among 1 to 7, whose median is 4 and whose absolute deviations have the median 2, 12 is 8 / (1.4826 x 2) deviations away', () => {
    expect(robustScore([7, 1, 6, 2, 5, 3, 4], 12)).toBeCloseTo(2.69796, 5);
    expect(robustScore([7, 1, 6, 2, 5, 3, 4], -4)).toBeCloseTo(-2.69796, 5);
  });

  test('an outlier among the earlier values does not hide a second one: 7 replaced by 7000 leaves the score as it is', () => {
    expect(robustScore([7000, 1, 6, 2, 5, 3, 4], 12)).toBeCloseTo(2.69796, 5);
  });

  test('among equal values, their own is 0 deviations away and any other infinitely many', () => {
    expect([robustScore([2, 2, 2], 2), robustScore([2, 2, 2], 2.1), robustScore([2, 2, 2], 1)]).toEqual([0, Infinity, -Infinity]);
  });
});
