import { expect, test } from 'vitest';
import { debiasedShares, equalShares, fixedShares, type Share } from '../../../plugins/weight-average/shares.js';

const averageOf = (share: Share, values: readonly number[]): number => values.reduce((average, value, i) => average + share(i + 1) * (value - average), 0);

test('equal shares give the mean: of 1, 2, 6 it is 3', () => {
  expect(averageOf(equalShares, [1, 2, 6])).toBeCloseTo(3, 12);
});

test('fixed shares begin with the first: of 1, 2, 6 at decay 0.5 they give 0.5 * (0.5 * 1 + 0.5 * 2) + 0.5 * 6 = 3.75', () => {
  expect(averageOf(fixedShares(0.5), [1, 2, 6])).toBeCloseTo(3.75, 12);
});

test('debiased shares are those of Adam: of 1, 2, 6 at decay 0.5 they give (0.25 * 1 + 0.5 * 2 + 6) / 1.75', () => {
  expect(averageOf(debiasedShares(0.5), [1, 2, 6])).toBeCloseTo(7.25 / 1.75, 12);
});

test('the average of a constant is the constant from the first update on', () => {
  for (const share of [equalShares, fixedShares(0.999), debiasedShares(0.999)]) for (const count of [1, 2, 50]) expect(averageOf(share, Array.from({ length: count }, () => 0.7))).toBeCloseTo(0.7, 12);
});
