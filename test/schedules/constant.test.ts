import { expect, test } from 'vitest';
import { constant } from '../../src/schedules/index.js';

test('a constant of 0.1 is 0.1 at 0 and at a million', () => {
  const schedule = constant({ learningRate: 0.1 });
  expect([schedule(0), schedule(1e6)]).toEqual([0.1, 0.1]);
});
