import { expect, test } from 'vitest';
import { inverseSquareRoot } from '../../src/schedules/index.js';
import { expectValues } from './torch.js';

test('a climb of four steps to 0.1, half of it at 15, the sixteenth step, and a quarter at 63', () => {
  const schedule = inverseSquareRoot({ learningRate: 0.1, warmupSteps: 4 });
  expectValues(schedule, [0.025, 0.05, 0.075, 0.1, 0.1 * Math.sqrt(4 / 5)]);
  expect(schedule(15)).toBeCloseTo(0.05, 15);
  expect(schedule(63)).toBeCloseTo(0.025, 15);
});

test("10,000 steps are those of the Transformer paper's base model, d_model 512 and 4000 steps of warm-up, whose top is 6.988e-4", () => {
  const schedule = inverseSquareRoot({ learningRate: 1 / Math.sqrt(512 * 4000), warmupSteps: 4000 });
  expect(schedule(3999)).toBeCloseTo(6.988e-4, 7);
  for (let s = 1; s <= 10_000; s++) {
    const paper = 512 ** -0.5 * Math.min(s ** -0.5, s * 4000 ** -1.5);
    expect(Math.abs(schedule(s - 1) - paper), `s = ${s}`).toBeLessThan(1e-17);
  }
});
