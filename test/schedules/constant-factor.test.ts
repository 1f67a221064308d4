import { expect, test } from 'vitest';
import { constantFactor } from '../../src/schedules/index.js';
import { constantLR, expectTorch } from './torch.js';

test('half of 0.05 holds for 40 steps: 0.025 at 39, 0.05 at 40', () => {
  const schedule = constantFactor({ learningRate: 0.05, factor: 0.5, totalIters: 40 });
  expect([schedule(0), schedule(39), schedule(40), schedule(41)]).toEqual([0.025, 0.025, 0.05, 0.05]);
});

test('the factor is 1/3 if none is given: 0.1 of 0.3', () => {
  expect(constantFactor({ learningRate: 0.3, totalIters: 5 })(4)).toBeCloseTo(0.1, 15);
});

test('300 steps are those of ConstantLR', () => {
  expectTorch(constantFactor({ learningRate: 0.2, factor: 0.3, totalIters: 120 }), constantLR(0.3, 120), 0.2, 300);
  expectTorch(constantFactor({ learningRate: 0.2, totalIters: 1 }), constantLR(1 / 3, 1), 0.2, 300);
});
