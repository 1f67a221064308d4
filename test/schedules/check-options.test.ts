import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import {
  buildSchedule,
  constant,
  constantFactor,
  cosine,
  cosineWithWarmRestarts,
  cyclic,
  exponential,
  inverseSquareRoot,
  linear,
  multiStep,
  oneCycle,
  polynomial,
  reduceOnPlateau,
  step,
  warmup,
} from '../../src/schedules/index.js';

/** The ConfigError that the call throws. */
function errorOf(call: () => unknown): ConfigError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error('nothing was thrown');
}

type Loose = (options: Record<string, unknown>) => unknown;
const behind = constant({ learningRate: 1 });
/** Each factory with options that are right, and the numbers among them that may be 0. */
const factories: Record<string, { make: Loose; options: Record<string, number>; zero?: string[] }> = {
  constant: { make: constant as unknown as Loose, options: { learningRate: 0.1 } },
  constantFactor: { make: constantFactor as unknown as Loose, options: { learningRate: 0.1, factor: 0.5, totalIters: 4 } },
  step: { make: step as unknown as Loose, options: { learningRate: 0.1, stepSize: 4, gamma: 0.5 } },
  multiStep: { make: ((options) => multiStep({ milestones: [2], ...options } as never)), options: { learningRate: 0.1, gamma: 0.5 } },
  exponential: { make: exponential as unknown as Loose, options: { learningRate: 0.1, gamma: 0.5 } },
  polynomial: { make: polynomial as unknown as Loose, options: { learningRate: 0.1, totalIters: 4, power: 2 } },
  linear: { make: linear as unknown as Loose, options: { learningRate: 0.1, startFactor: 0.5, endFactor: 0.5, totalIters: 4 }, zero: ['endFactor'] },
  cosine: { make: cosine as unknown as Loose, options: { learningRate: 0.1, tMax: 4, etaMin: 0.01 }, zero: ['etaMin'] },
  cosineWithWarmRestarts: {
    make: cosineWithWarmRestarts as unknown as Loose,
    options: { learningRate: 0.1, t0: 4, tMult: 2, etaMin: 0.01 },
    zero: ['etaMin'],
  },
  oneCycle: {
    make: oneCycle as unknown as Loose,
    options: { maxLr: 0.1, totalSteps: 10, pctStart: 0.3, divFactor: 25, finalDivFactor: 100 },
    zero: ['pctStart'],
  },
  cyclic: { make: cyclic as unknown as Loose, options: { baseLr: 0.01, maxLr: 0.1, stepSizeUp: 4, stepSizeDown: 4, gamma: 0.5 }, zero: ['baseLr'] },
  inverseSquareRoot: { make: inverseSquareRoot as unknown as Loose, options: { learningRate: 0.1, warmupSteps: 4 } },
  warmup: { make: ((options) => warmup(behind, options as never)), options: { steps: 4, from: 0.1 }, zero: ['from'] },
  reduceOnPlateau: {
    make: reduceOnPlateau as unknown as Loose,
    options: { learningRate: 0.1, factor: 0.5, patience: 2, threshold: 0.1, cooldown: 1, minLr: 0.01, eps: 1e-8 },
    zero: ['patience', 'threshold', 'cooldown', 'minLr', 'eps'],
  },
};

describe.each(Object.entries(factories))('%s', (_name, { make, options, zero = [] }) => {
  test('takes its options', () => {
    expect(make(options)).toBeDefined();
    for (const key of zero) expect(make({ ...options, [key]: 0 })).toBeDefined();
  });

  test.each(Object.keys(options))('refuses %s when it is negative, 0 (where 0 means nothing), NaN or infinite, and names it', (key) => {
    const bad = [-1, NaN, Infinity, -Infinity, ...(zero.includes(key) ? [] : [0])];
    for (const value of bad) {
      const { code, problems } = errorOf(() => make({ ...options, [key]: value }));
      expect(code).toBe('OPTIONS_INVALID');
      expect(problems.map(({ path }) => path), `${key}: ${value}`).toContainEqual([key]);
    }
  });

  test('names all that is wrong at once', () => {
    const bad = Object.fromEntries(Object.keys(options).map((key) => [key, NaN]));
    const { problems } = errorOf(() => make(bad));
    expect(problems.map(({ path }) => path[0])).toEqual(Object.keys(options));
  });
});

test('the message says what was found and what is expected, for each option', () => {
  const { message } = errorOf(() => cosine({ learningRate: -1, tMax: 0.5 }));
  expect(message).toBe(
    'the options of cosine are invalid: learningRate: found -1, expected a number above 0; tMax: found 0.5, expected a whole number; it takes learningRate, tMax, etaMin.',
  );
});

test('a misspelt option is answered with the right name', () => {
  const { problems, message } = errorOf(() => cosine({ learningRate: 0.1, tMax: 10, etamin: 0 } as never));
  expect(problems).toEqual([{ path: ['etamin'], message: 'unknown key "etamin"', suggestion: 'etaMin' }]);
  expect(message).toContain('(did you mean "etaMin"?)');
});

test('an option that is not given is missing, and so are options as such', () => {
  expect(errorOf(() => exponential({ learningRate: 0.1 } as never)).problems[0]?.message).toBe('missing, expected a number');
  expect(errorOf(() => (constant as unknown as () => unknown)()).message).toContain('missing, expected an object');
});

test('in a nested spec a problem has its whole path, and a misspelt kind or option its nearest name', () => {
  const { problems, message } = errorOf(() =>
    buildSchedule({
      kind: 'sequential',
      milestones: [5],
      schedules: [
        { kind: 'cosine', learningRate: 0.1, tmax: 3 },
        { kind: 'warmup', steps: 0, schedule: { kind: 'exponental' } },
      ],
    } as never),
  );
  expect(problems).toEqual([
    { path: ['schedules', 0, 'tmax'], message: 'unknown key "tmax"', suggestion: 'tMax' },
    { path: ['schedules', 1, 'steps'], message: 'found 0, expected a whole number of at least 1' },
    {
      path: ['schedules', 1, 'schedule', 'kind'],
      message: expect.stringMatching(/^found "exponental", expected one of constant, .*, chained$/) as unknown,
      suggestion: 'exponential',
    },
  ]);
  expect(message).toContain('schedules[0]: unknown key "tmax" (did you mean "tMax"?); schedules[1].steps: found 0,');
});
