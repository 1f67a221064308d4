import { expect, test } from 'vitest';
import { exponential } from '../../src/schedules/index.js';
import { expectTorch, expectValues, exponentialLR } from './torch.js';

test('halved at every step: 0.1, 0.05, 0.025, 0.0125', () => {
  expectValues(exponential({ learningRate: 0.1, gamma: 0.5 }), [0.1, 0.05, 0.025, 0.0125]);
});

test('800 steps are those of ExponentialLR, for a gamma below 1 and for one above', () => {
  expectTorch(exponential({ learningRate: 0.1, gamma: 0.99 }), exponentialLR(0.99), 0.1, 800);
  expectTorch(exponential({ learningRate: 1e-3, gamma: 1.001 }), exponentialLR(1.001), 1e-3, 800);
});

test('a gamma of 2 stops at the largest finite number, from step 1024 on', () => {
  const schedule = exponential({ learningRate: 1, gamma: 2 });
  expect(schedule(1023)).toBe(2 ** 1023);
  expect(schedule(1024)).toBe(Number.MAX_VALUE);
  expect(schedule(1e9)).toBe(Number.MAX_VALUE);
});
