import { expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { lambda } from '../../src/schedules/index.js';
import { expectValues } from './torch.js';

test('a factor of 1 / (1 + step) makes 0.6, 0.3, 0.2, 0.15 of 0.6', () => {
  expectValues(lambda({ learningRate: 0.6, factor: (step) => 1 / (1 + step) }), [0.6, 0.3, 0.2, 0.15]);
});

test.each([-1, NaN, Infinity])('a factor of %d at step 2 is refused at step 2, and not before', (bad) => {
  const schedule = lambda({ learningRate: 0.1, factor: (step) => (step === 2 ? bad : 1) });
  expect(schedule(1)).toBe(0.1);
  expect(() => schedule(2)).toThrow(ConfigError);
  expect(() => schedule(2)).toThrow('at step 2');
});

test('a factor that is no function is refused when the schedule is made', () => {
  expect(() => lambda({ learningRate: 0.1, factor: 0.5 as unknown as () => number })).toThrow('factor must be a function of the step');
});
