import { expect, test } from 'vitest';
import type { ConfigError } from '../../src/errors.js';
import { multiStep } from '../../src/schedules/index.js';
import { expectTorch, expectValues, multiStepLR } from './torch.js';

test('0.05 with milestones at 30 and 80 and the default gamma of 0.1: 0.05 at 29, 0.005 at 30 and 79, 0.0005 at 80', () => {
  const schedule = multiStep({ learningRate: 0.05, milestones: [30, 80] });
  expect(schedule(29)).toBe(0.05);
  expect(schedule(30)).toBeCloseTo(0.005, 15);
  expect(schedule(79)).toBeCloseTo(0.005, 15);
  expect(schedule(80)).toBeCloseTo(0.0005, 15);
});

test('halved at 1 and at 3: 8, 4, 4, 2, 2', () => {
  expectValues(multiStep({ learningRate: 8, milestones: [1, 3], gamma: 0.5 }), [8, 4, 4, 2, 2]);
});

test('400 steps are those of MultiStepLR', () => {
  const milestones = [1, 2, 50, 51, 200, 399];
  expectTorch(multiStep({ learningRate: 0.1, milestones, gamma: 0.7 }), multiStepLR(milestones, 0.7), 0.1, 400);
});

test('milestones that fall or repeat are refused, each with its place', () => {
  const paths = (() => {
    try {
      multiStep({ learningRate: 0.1, milestones: [30, 30, 10] });
    } catch (error) {
      return (error as ConfigError).problems.map(({ path }) => path);
    }
    return [];
  })();
  expect(paths).toEqual([
    ['milestones', 1],
    ['milestones', 2],
  ]);
});
