import { expect, test } from 'vitest';
import { cosineWithWarmRestarts } from '../../src/schedules/index.js';
import { cosineAnnealingWarmRestarts, expectTorch, expectValues } from './torch.js';

test('stretches of 2, 4 and 8: a restart at 2, 6 and 14', () => {
  const high = (2 + Math.SQRT2) / 40;
  const low = (2 - Math.SQRT2) / 40;
  const schedule = cosineWithWarmRestarts({ learningRate: 0.1, t0: 2, tMult: 2 });
  expectValues(schedule, [0.1, 0.05, 0.1, high, 0.05, low, 0.1]);
  expect(schedule(10)).toBeCloseTo(0.05, 15);
  expect(schedule(14)).toBe(0.1);
});

test('every stretch is as long as the first if tMult is not given: 0.1 at 0, 4, 8, and 0.06 halfway to an etaMin of 0.02', () => {
  const schedule = cosineWithWarmRestarts({ learningRate: 0.1, t0: 4, etaMin: 0.02 });
  expect([0, 4, 8, 400].map(schedule)).toEqual([0.1, 0.1, 0.1, 0.1]);
  expect(schedule(402)).toBeCloseTo(0.06, 15);
});

test('1000 steps are those of CosineAnnealingWarmRestarts', () => {
  for (const [t0, tMult, etaMin] of [
    [10, 1, 0],
    [10, 2, 0.01],
    [1, 3, 0],
    [7, 5, 0.05],
  ] as const) {
    const schedule = cosineWithWarmRestarts({ learningRate: 0.1, t0, tMult, etaMin });
    expectTorch(schedule, cosineAnnealingWarmRestarts(t0, tMult, etaMin), 0.1, 1000);
  }
});

test('the fifth restart of stretches 1, 3, 9, 27, 81 is at 121, where a logarithm is off by one', () => {
  const schedule = cosineWithWarmRestarts({ learningRate: 0.1, t0: 1, tMult: 3 });
  expect(schedule(121)).toBe(0.1);
  expect(schedule(120)).toBeLessThan(1e-4);
});
