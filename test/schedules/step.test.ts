import { expect, test } from 'vitest';
import { step } from '../../src/schedules/index.js';
import { expectTorch, expectValues, stepLR } from './torch.js';

test('0.05 with a step of 30 and the gamma of 0.1 that is the default: 0.05 at 29, 0.005 at 30, 0.0005 at 60', () => {
  const schedule = step({ learningRate: 0.05, stepSize: 30 });
  expect(schedule(29)).toBe(0.05);
  expect(schedule(30)).toBeCloseTo(0.005, 15);
  expect(schedule(59)).toBeCloseTo(0.005, 15);
  expect(schedule(60)).toBeCloseTo(0.0005, 15);
});

test('halved at every second step: 8, 8, 4, 4, 2, 2, 1', () => {
  expectValues(step({ learningRate: 8, stepSize: 2, gamma: 0.5 }), [8, 8, 4, 4, 2, 2, 1]);
});

test('500 steps are those of StepLR', () => {
  expectTorch(step({ learningRate: 0.3, stepSize: 7, gamma: 0.9 }), stepLR(7, 0.9), 0.3, 500);
  expectTorch(step({ learningRate: 0.3, stepSize: 1, gamma: 0.99 }), stepLR(1, 0.99), 0.3, 500);
});
