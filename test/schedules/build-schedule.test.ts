import { expect, test } from 'vitest';
import type { ConfigError } from '../../src/errors.js';
import { buildSchedule, type ScheduleSpec } from '../../src/schedules/index.js';
import { expectValues } from './torch.js';

/** Each kind, and its first values worked out by hand. */
const cases: [ScheduleSpec, number[]][] = [
  [{ kind: 'constant', learningRate: 0.1 }, [0.1, 0.1]],
  [{ kind: 'constantFactor', learningRate: 0.2, factor: 0.5, totalIters: 2 }, [0.1, 0.1, 0.2]],
  [{ kind: 'step', learningRate: 8, stepSize: 2, gamma: 0.5 }, [8, 8, 4, 4, 2]],
  [{ kind: 'multiStep', learningRate: 8, milestones: [1, 3], gamma: 0.5 }, [8, 4, 4, 2]],
  [{ kind: 'exponential', learningRate: 8, gamma: 0.5 }, [8, 4, 2]],
  [{ kind: 'polynomial', learningRate: 0.16, totalIters: 4, power: 2 }, [0.16, 0.09, 0.04, 0.01, 0]],
  [{ kind: 'linear', learningRate: 0.4, startFactor: 0.5, totalIters: 2 }, [0.2, 0.3, 0.4, 0.4]],
  [{ kind: 'cosine', learningRate: 0.1, tMax: 2, etaMin: 0.02 }, [0.1, 0.06, 0.02, 0.06, 0.1]],
  [{ kind: 'cosineWithWarmRestarts', learningRate: 0.1, t0: 2 }, [0.1, 0.05, 0.1, 0.05]],
  [
    { kind: 'oneCycle', maxLr: 1, totalSteps: 4, pctStart: 0.5, divFactor: 2, finalDivFactor: 2, annealStrategy: 'linear' },
    [0.5, 1, 0.625, 0.25, 0.25],
  ],
  [{ kind: 'cyclic', baseLr: 0.1, maxLr: 0.3, stepSizeUp: 2 }, [0.1, 0.2, 0.3, 0.2, 0.1]],
  [{ kind: 'inverseSquareRoot', learningRate: 0.4, warmupSteps: 1 }, [0.4, 0.4 / Math.SQRT2, 0.4 / Math.sqrt(3), 0.2]],
  [{ kind: 'warmup', steps: 2, from: 0.1, schedule: { kind: 'exponential', learningRate: 0.4, gamma: 0.5 } }, [0.1, 0.25, 0.4, 0.2]],
  [
    { kind: 'sequential', milestones: [1], schedules: [{ kind: 'constant', learningRate: 3 }, { kind: 'exponential', learningRate: 1, gamma: 0.5 }] },
    [3, 1, 0.5],
  ],
  [
    {
      kind: 'chained',
      schedule: { kind: 'constantFactor', learningRate: 8, factor: 0.5, totalIters: 1 },
      factors: [{ kind: 'exponential', learningRate: 1, gamma: 0.5 }],
    },
    [4, 4, 2],
  ],
];

test.each(cases)('%o', (spec, expected) => {
  expectValues(buildSchedule(spec), expected);
});

function problemsOf(spec: unknown): ConfigError['problems'] {
  try {
    buildSchedule(spec as ScheduleSpec);
  } catch (error) {
    return (error as ConfigError).problems;
  }
  return [];
}

test('two warm-ups that start above their schedules are two problems, with their places', () => {
  const from = (rate: number): ScheduleSpec => ({ kind: 'warmup', steps: 2, from: rate, schedule: { kind: 'constant', learningRate: 0.1 } });
  const problems = problemsOf({ kind: 'sequential', milestones: [5, 9], schedules: [from(1), from(0.05), from(2)] });
  expect(problems.map(({ path }) => path)).toEqual([
    ['schedules', 0, 'from'],
    ['schedules', 2, 'from'],
  ]);
  expect(problems[0]?.message).toContain('from is 1, above the 0.1');
});

test('a factor of a chain with a learning rate of its own is refused, however deep it is', () => {
  const factor = { kind: 'warmup', steps: 4, schedule: { kind: 'exponential', learningRate: 0.1, gamma: 0.9 } };
  const cyclic = { kind: 'cyclic', baseLr: 0.5, maxLr: 1, stepSizeUp: 4 };
  const problems = problemsOf({ kind: 'chained', schedule: { kind: 'constant', learningRate: 0.1 }, factors: [cyclic, factor] });
  expect(problems.map(({ path }) => path)).toEqual([['factors', 1, 'schedule', 'learningRate']]);
});

test('a lambda is not known in a spec, and the message says where it is', () => {
  expect(() => buildSchedule({ kind: 'lambda', learningRate: 0.1 } as never)).toThrow('and lambda in code alone');
});

test('a spec that is missing is refused', () => {
  expect(problemsOf(undefined)).toEqual([{ path: [], message: 'missing, expected an object' }]);
});
