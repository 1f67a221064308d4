import { describe, expect, test } from 'vitest';
import { oneCycle } from '../../src/schedules/index.js';

/** OneCycleLR's rate at a step, looked up in its table of phases: [last step, rate before, rate after]. */
function torchOneCycle(t: number, total: number, pct: number, max: number, div: number, finalDiv: number, linear: boolean, three: boolean): number {
  const initial = max / div;
  const min = initial / finalDiv;
  const table: [number, number, number][] = three
    ? [
        [pct * total - 1, initial, max],
        [2 * pct * total - 2, max, initial],
        [total - 1, initial, min],
      ]
    : [
        [pct * total - 1, initial, max],
        [total - 1, max, min],
      ];
  const found = table.findIndex(([end]) => t <= end);
  const index = found < 0 ? table.length - 1 : found;
  const [end, before, after] = table[index]!;
  const start = index === 0 ? 0 : table[index - 1]![0];
  const share = (t - start) / (end - start);
  return linear ? (after - before) * share + before : after + ((before - after) / 2) * (Math.cos(Math.PI * share) + 1);
}

describe('two phases', () => {
  test('ten straight steps to 0.1: up from 0.004 in two, and down to 4e-7 at the last', () => {
    const schedule = oneCycle({ maxLr: 0.1, totalSteps: 10, annealStrategy: 'linear' });
    expect(schedule(0)).toBeCloseTo(0.004, 15);
    expect(schedule(1)).toBeCloseTo(0.052, 15);
    expect(schedule(2)).toBeCloseTo(0.1, 15);
    // A seventh of the way down: 0.1 - (0.1 - 4e-7) / 7.
    expect(schedule(3)).toBeCloseTo(0.6000004 / 7, 15);
    expect(schedule(9)).toBeCloseTo(4e-7, 15);
  });

  test('half cosines are halfway between start and top in the middle of the climb: (0.04 + 1) / 2 at 1', () => {
    expect(oneCycle({ maxLr: 1, totalSteps: 10 })(1)).toBeCloseTo(0.52, 15);
  });
});

test('three phases of 12 steps with a pctStart of 0.25: up in 2, down to the start in 2, then to the end', () => {
  const phases = { pctStart: 0.25, divFactor: 4, finalDivFactor: 25, threePhase: true };
  const schedule = oneCycle({ maxLr: 1, totalSteps: 12, annealStrategy: 'linear', ...phases });
  const expected = [0.25, 0.625, 1, 0.625, 0.25];
  expected.forEach((value, step) => expect(schedule(step), `step ${step}`).toBeCloseTo(value, 15));
  expect(schedule(11)).toBeCloseTo(0.01, 15);
});

test('each of 300 steps is that of OneCycleLR, for both strategies, two and three phases, and ends of phases between two steps', () => {
  let compared = 0;
  for (const annealStrategy of ['cos', 'linear'] as const)
    for (const threePhase of [false, true])
      for (const [pctStart, divFactor, finalDivFactor] of [
        [0.3, 25, 1e4],
        [0.127, 10, 100],
        [0, 25, 1e4],
        [0.5, 1, 1],
      ] as const) {
        const schedule = oneCycle({ maxLr: 0.1, totalSteps: 300, pctStart, annealStrategy, divFactor, finalDivFactor, threePhase });
        for (let t = 0; t < 300; t++) {
          const torch = torchOneCycle(t, 300, pctStart, 0.1, divFactor, finalDivFactor, annealStrategy === 'linear', threePhase);
          expect(Math.abs(schedule(t) - torch), `${annealStrategy} ${threePhase} ${pctStart} step ${t}`).toBeLessThan(1e-15);
          compared += 1;
        }
      }
  expect(compared).toBe(16 * 300);
});

test('at totalSteps PyTorch would be below zero with straight lines; here the last value stays', () => {
  expect(torchOneCycle(10, 10, 0.3, 0.1, 25, 1e4, true, false)).toBeLessThan(-0.014);
  const schedule = oneCycle({ maxLr: 0.1, totalSteps: 10, annealStrategy: 'linear' });
  expect(schedule(10)).toBe(schedule(9));
  expect(schedule(1000)).toBe(schedule(9));
});

test('a climb of exactly one step, where PyTorch divides by zero, starts at the top', () => {
  expect(oneCycle({ maxLr: 0.1, totalSteps: 10, pctStart: 0.1 })(0)).toBeCloseTo(0.1, 15);
});

test('what cannot be a cycle is refused: an end above the top, and three phases without room', () => {
  expect(() => oneCycle({ maxLr: 0.1, totalSteps: 10, divFactor: 2, finalDivFactor: 0.1 })).toThrow('puts the end of the cycle above maxLr');
  expect(() => oneCycle({ maxLr: 0.1, totalSteps: 10, pctStart: 0.6, threePhase: true })).toThrow('at most 0.5');
});
