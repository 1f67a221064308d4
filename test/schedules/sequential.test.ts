import { expect, test } from 'vitest';
import { constant, constantFactor, cosine, exponential, linear, sequential } from '../../src/schedules/index.js';
import { constantLR, cosineAnnealingLR, expectTorch, expectValues, exponentialLR, linearLR, sequentialLR } from './torch.js';

test('0.1 twice, then halved from 0.1, then 3: each starts at its own 0', () => {
  const parts = [constant({ learningRate: 0.1 }), exponential({ learningRate: 0.1, gamma: 0.5 }), constant({ learningRate: 3 })];
  expectValues(sequential(parts, [2, 5]), [0.1, 0.1, 0.1, 0.05, 0.025, 3, 3]);
});

test('one schedule needs no milestone', () => {
  expectValues(sequential([exponential({ learningRate: 8, gamma: 0.5 })], []), [8, 4, 2]);
});

test('a tenth of 0.05 for 20 steps, then nine tenths a step: 0.005 at 19, 0.05 at 20, 0.045 at 21', () => {
  const tenth = constantFactor({ learningRate: 0.05, factor: 0.1, totalIters: 20 });
  const schedule = sequential([tenth, exponential({ learningRate: 0.05, gamma: 0.9 })], [20]);
  expect(schedule(19)).toBeCloseTo(0.005, 15);
  expect(schedule(20)).toBe(0.05);
  expect(schedule(21)).toBeCloseTo(0.045, 15);
});

test('400 steps of four schedules are those of SequentialLR', () => {
  const schedule = sequential(
    [
      linear({ learningRate: 0.1, startFactor: 0.1, totalIters: 30 }),
      cosine({ learningRate: 0.1, tMax: 60, etaMin: 0.01 }),
      constantFactor({ learningRate: 0.1, factor: 0.5, totalIters: 1000 }),
      exponential({ learningRate: 0.1, gamma: 0.98 }),
    ],
    [30, 150, 151],
  );
  const torch = sequentialLR([linearLR(0.1, 1, 30), cosineAnnealingLR(60, 0.01), constantLR(0.5, 1000), exponentialLR(0.98)], [30, 150, 151]);
  expectTorch(schedule, torch, 0.1, 400);
});

test('two schedules with two milestones are refused', () => {
  const one = constant({ learningRate: 0.1 });
  expect(() => sequential([one, one], [2, 5])).toThrow('there are 2 milestones for 2 schedules');
});
