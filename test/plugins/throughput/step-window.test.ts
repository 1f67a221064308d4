import { expect, test } from 'vitest';
import { quantile, StepWindow } from '../../../plugins/throughput/step-window.js';

test.each([
  [[10, 20, 30, 40], 0.5, 25],
  [[10, 20, 30, 40], 0.95, 38.5], // place 2.85
  [[10, 20, 30], 0.5, 20],
  [[7], 0.95, 7],
])('of %j, sorted, the share %d lies below %d', (sorted, share, value) => {
  expect(quantile(sorted, share)).toBeCloseTo(value, 12);
});

test('a window of 3 holds the latest 3 steps', () => {
  const window = new StepWindow(3);
  expect(window.speed).toBeUndefined();
  window.add({ ms: 1000, samples: 1 });
  expect(window.speed).toEqual({ steps: 1, samples: 1, ms: 1000, p50: 1000, p95: 1000 });
  for (const ms of [10, 30, 20]) window.add({ ms, samples: 8 });
  expect(window.speed).toEqual({ steps: 3, samples: 24, ms: 60, p50: 20, p95: 29 });
});
