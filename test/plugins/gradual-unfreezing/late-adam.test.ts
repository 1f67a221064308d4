import { expect, test } from 'vitest';
import { betasOf, lateFactor } from '../../../plugins/gradual-unfreezing/late-adam.js';

const usual = { beta1: 0.9, beta2: 0.999 };

test('a weight that was there from the start keeps its rate', () => {
  expect(lateFactor(usual, 7, 7)).toBe(1);
});

test('with the usual betas, long after the start, a first update is scaled by sqrt(0.001) / 0.1, a tenth by 0.0998 / 0.651', () => {
  expect(lateFactor(usual, 1, 100_000)).toBeCloseTo(Math.sqrt(0.001) / 0.1, 12);
  // 1 - 0.999^10 = 0.00995512, its root 0.0997753; 1 - 0.9^10 = 0.6513216.
  expect(lateFactor(usual, 10, 100_000)).toBeCloseTo(0.0997753 / 0.6513216, 6);
});

test.each([
  [{ name: 'adam', learningRate: 0.1, ...usual }, usual],
  [{ name: 'adamw', ...usual }, usual],
  [{ name: 'Adam', ...usual }, usual],
  [{ name: 'adamax', ...usual }, null],
  [{ name: 'sgd' }, null],
  [undefined, null],
])('of the optimizer %j the betas are %j', (optimizer, expected) => {
  expect(betasOf(optimizer)).toEqual(expected);
});
