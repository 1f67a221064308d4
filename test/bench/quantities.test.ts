import { expect, test } from 'vitest';
import { quantitiesOf, together } from '../../bench/calibration/quantities.js';
import type { GradientPoint, WeightPoint } from '../../bench/calibration/train-setup.js';

const gradient = (norm: number, firstToLast: number | null = null): GradientPoint => ({ norm, firstToLast });
const weight = (norm: number, loss: number, updateRatio = 0.001): WeightPoint => ({ loss, kernels: new Map([['a/kernel', { norm, updateRatio }]]) });
const times = <T>(length: number, value: T): T[] => Array.from({ length }, () => value);

test('a norm 7 robust deviations above 20 others counts once as outlier and as spike, over a start of (1 + e^2) / 2', () => {
  // Logarithms 0 and 2 by turns: median 1, median absolute deviation 1, so a deviation is 1.4826.
  const settled = Array.from({ length: 20 }, (_, i) => gradient(i % 2 === 0 ? 1 : Math.exp(2)));
  const norm = Math.exp(1 + 7 * 1.4826);
  const found = quantitiesOf({ gradients: [...settled, gradient(norm)], weights: [] });
  expect(found).toMatchObject({ norms: 1, flagged: 1, flaggedTenfold: 1, spikes: 1, spikesOfHalf: 1 });
  expect(found.highestScore).toBeCloseTo(7, 6);
  expect(found.spikeOverStart).toBeCloseTo(norm / ((1 + Math.exp(2)) / 2), 3);
});

test('ten norms that keep to 6 after twenty of 2 kept to 3 times the start, and ten of 4 after twenty of 1 kept to 4 times the lowest level', () => {
  const gradients = [...times(20, 2), ...times(10, 6), ...times(20, 1), ...times(10, 4)].map((norm) => gradient(norm));
  expect(quantitiesOf({ gradients, weights: [] })).toMatchObject({ keptOverStart: 3, keptOverLowest: 4 });
});

test('the depth ratio is the median of ten: of nine 0.5 and one 1000 it is 0.5', () => {
  const gradients = [...times(9, gradient(1, 0.5)), gradient(1, 1000)];
  expect(quantitiesOf({ gradients, weights: [] })).toMatchObject({ lowestDepthRatio: 0.5, highestDepthRatio: 0.5 });
});

test('after a window that is let pass, three windows of norms 1, 2 and 4 are a growth of 4: in vain or not by the loss', () => {
  const weights = (losses: readonly number[]): WeightPoint[] => [1, 1, 2, 4].flatMap((norm, i) => times(20, weight(norm, losses[i]!)));
  const inVain = quantitiesOf({ gradients: [], weights: weights([9, 3, 3, 3]) });
  expect([inVain.growthInVain, inVain.growthWithProgress]).toEqual([4, undefined]);
  const withProgress = quantitiesOf({ gradients: [], weights: weights([9, 3, 2, 1]) });
  expect([withProgress.growthInVain, withProgress.growthWithProgress]).toEqual([undefined, 4]);
});

test('of two runs, counts add up and extremes stay: 3 + 4 norms, the lower of two lowest ratios, the higher of two scores', () => {
  const both = together([{ norms: 3, lowestDepthRatio: 0.2, highestScore: 5 }, { norms: 4, lowestDepthRatio: 0.1 }]);
  expect(both).toMatchObject({ norms: 7, lowestDepthRatio: 0.1, highestScore: 5 });
  expect(both.growthInVain).toBeUndefined();
});
