import { expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { constant, cosine, warmup } from '../../src/schedules/index.js';
import { constantLR, cosineAnnealingLR, expectTorch, expectValues, linearLR, sequentialLR } from './torch.js';

test('four steps to a constant 0.1: 0, 0.025, 0.05, 0.075, 0.1, 0.1', () => {
  expectValues(warmup(constant({ learningRate: 0.1 }), { steps: 4 }), [0, 0.025, 0.05, 0.075, 0.1, 0.1]);
});

test('from 0.06: 0.06, 0.07, 0.08, 0.09, 0.1', () => {
  expectValues(warmup(constant({ learningRate: 0.1 }), { steps: 4, from: 0.06 }), [0.06, 0.07, 0.08, 0.09, 0.1]);
});

test('a constant warm-up stays at 0.01 for three steps and jumps to 0.1', () => {
  expectValues(warmup(constant({ learningRate: 0.1 }), { steps: 3, from: 0.01, mode: 'constant' }), [0.01, 0.01, 0.01, 0.1, 0.1]);
});

test('the schedule behind it starts at its 0: a cosine of 90 steps behind 10 is at its middle at 55 and at its end at 100', () => {
  const schedule = warmup(cosine({ learningRate: 0.1, tMax: 90 }), { steps: 10 });
  expect(schedule(10)).toBe(0.1);
  expect(schedule(55)).toBeCloseTo(0.05, 15);
  expect(schedule(100)).toBeCloseTo(0, 15);
});

test('300 steps are those of SequentialLR with LinearLR or ConstantLR in front of CosineAnnealingLR', () => {
  const behind = cosine({ learningRate: 0.1, tMax: 150 });
  const annealing = cosineAnnealingLR(150, 0);
  expectTorch(warmup(behind, { steps: 50, from: 0.001 }), sequentialLR([linearLR(0.01, 1, 50), annealing], [50]), 0.1, 300);
  const constantly = warmup(behind, { steps: 50, from: 0.02, mode: 'constant' });
  expectTorch(constantly, sequentialLR([constantLR(0.2, 50), annealing], [50]), 0.1, 300);
});

test('a factor given as from, 1 before a rate of 0.001, is refused with what it found', () => {
  const make = (): unknown => warmup(constant({ learningRate: 0.001 }), { steps: 10, from: 1 });
  expect(make).toThrow(ConfigError);
  expect(make).toThrow('from is 1, above the 0.001');
});

test('a constant warm-up at 0 would learn nothing and is refused', () => {
  expect(() => warmup(constant({ learningRate: 0.1 }), { steps: 10, mode: 'constant' })).toThrow('from must be above 0');
});

test('something else than a schedule is refused', () => {
  expect(() => warmup(0.1 as unknown as () => number, { steps: 10 })).toThrow('a schedule must be a function of the step');
});
