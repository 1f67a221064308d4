import { expect, test } from 'vitest';
import { chained, constantFactor, cosine, exponential, linear, multiStep, polynomial, step } from '../../src/schedules/index.js';
import {
  chainedScheduler,
  constantLR,
  cosineAnnealingLR,
  expectTorch,
  expectValues,
  exponentialLR,
  linearLR,
  multiStepLR,
  polynomialLR,
  stepLR,
  torchRates,
} from './torch.js';

test('half of 8 for two steps, times halves: 4, 2, then 2, 1, 0.5', () => {
  const schedule = chained(constantFactor({ learningRate: 8, factor: 0.5, totalIters: 2 }), [exponential({ learningRate: 1, gamma: 0.5 })]);
  expectValues(schedule, [4, 2, 2, 1, 0.5]);
});

test('300 steps of seven at once are those of ChainedScheduler', () => {
  const schedule = chained(constantFactor({ learningRate: 0.5, factor: 0.1, totalIters: 20 }), [
    exponential({ learningRate: 1, gamma: 0.999 }),
    step({ learningRate: 1, stepSize: 50, gamma: 0.8 }),
    multiStep({ learningRate: 1, milestones: [60, 90], gamma: 0.5 }),
    linear({ learningRate: 1, startFactor: 0.2, endFactor: 0.9, totalIters: 100 }),
    polynomial({ learningRate: 1, totalIters: 290, power: 0.5 }),
    cosine({ learningRate: 1, tMax: 300 }),
  ]);
  const torch = chainedScheduler([
    constantLR(0.1, 20),
    exponentialLR(0.999),
    stepLR(50, 0.8),
    multiStepLR([60, 90], 0.5),
    linearLR(0.2, 0.9, 100),
    polynomialLR(290, 0.5),
    cosineAnnealingLR(300, 0),
  ]);
  expectTorch(schedule, torch, 0.5, 300);
});

test('a cosine beyond its tMax of 10 adds to the rate in PyTorch; here it goes on multiplying', () => {
  const schedule = chained(exponential({ learningRate: 1, gamma: 0.5 }), [cosine({ learningRate: 1, tMax: 10 })]);
  const torch = torchRates(chainedScheduler([exponentialLR(0.5), cosineAnnealingLR(10, 0)]), 1, 12);
  expect(schedule(10)).toBeCloseTo(torch[10]!, 15);
  const share = (1 - Math.cos(Math.PI / 10)) / 2;
  expect(schedule(11)).toBeCloseTo(share / 2048, 15);
  expect(torch[11]).toBeCloseTo(share, 12);
});

test('no factors at all are refused', () => {
  expect(() => chained(exponential({ learningRate: 1, gamma: 0.5 }), [])).toThrow('factors: found an array of 0, expected an array of at least 1');
});
