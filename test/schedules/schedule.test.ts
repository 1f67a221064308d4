import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildSchedule, chained, constant, scheduleKinds, warmup, type ScheduleSpec } from '../../src/schedules/index.js';

/** Anything that the options allow, up to the largest double: a schedule has to bear it all. */
const rate = fc.oneof(fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true }), fc.double({ min: 1e-6, max: 1, noNaN: true }));
const share = fc.double({ min: 0, max: 1, noNaN: true });
const factor = fc.double({ min: Number.MIN_VALUE, max: 1, noNaN: true });
const gamma = fc.oneof(factor, fc.double({ min: 1, max: 1e300, noNaN: true }));
const count = fc.integer({ min: 1, max: 1000 });
const milestones = (length: number) =>
  fc.uniqueArray(fc.integer({ min: 1, max: 5000 }), { minLength: length, maxLength: length }).map((counts) => counts.sort((a, b) => a - b));

const plain = (learningRate: fc.Arbitrary<number>): fc.Arbitrary<ScheduleSpec> =>
  fc.oneof(
    fc.record({ kind: fc.constant('constant' as const), learningRate }),
    fc.record({ kind: fc.constant('constantFactor' as const), learningRate, factor, totalIters: count }),
    fc.record({ kind: fc.constant('step' as const), learningRate, stepSize: count, gamma }),
    fc.record({ kind: fc.constant('multiStep' as const), learningRate, milestones: milestones(3), gamma }),
    fc.record({ kind: fc.constant('exponential' as const), learningRate, gamma }),
    fc.record({ kind: fc.constant('polynomial' as const), learningRate, totalIters: count, power: gamma }),
    fc.record({ kind: fc.constant('linear' as const), learningRate, startFactor: factor, endFactor: share, totalIters: count }),
    fc
      .record({ learningRate, tMax: count, low: share })
      .map(({ low, ...rest }) => ({ ...rest, kind: 'cosine' as const, etaMin: rest.learningRate * low })),
    fc
      .record({ learningRate, t0: count, tMult: fc.integer({ min: 1, max: 9 }), low: share })
      .map(({ low, ...rest }) => ({ ...rest, kind: 'cosineWithWarmRestarts' as const, etaMin: rest.learningRate * low })),
    fc.record({
      kind: fc.constant('oneCycle' as const),
      maxLr: learningRate,
      totalSteps: count,
      pctStart: fc.double({ min: 0, max: 0.5, noNaN: true }),
      annealStrategy: fc.constantFrom('cos' as const, 'linear' as const),
      divFactor: fc.double({ min: 1, max: 1e300, noNaN: true }),
      finalDivFactor: fc.double({ min: 1, max: 1e300, noNaN: true }),
      threePhase: fc.boolean(),
    }),
    fc
      .record({
        maxLr: learningRate,
        low: share,
        stepSizeUp: count,
        stepSizeDown: count,
        mode: fc.constantFrom('triangular' as const, 'triangular2' as const, 'exp_range' as const),
        gamma,
      })
      .map(({ low, ...rest }) => ({ ...rest, kind: 'cyclic' as const, baseLr: rest.maxLr * low })),
    fc.record({ kind: fc.constant('inverseSquareRoot' as const), learningRate, warmupSteps: count }),
  );

const { spec } = fc.letrec<{ spec: ScheduleSpec; warmup: ScheduleSpec; sequential: ScheduleSpec; chained: ScheduleSpec }>((tie) => ({
  spec: fc.oneof({ maxDepth: 3, withCrossShrink: true }, plain(rate), tie('warmup'), tie('sequential'), tie('chained')),
  warmup: fc.record({ kind: fc.constant('warmup' as const), schedule: tie('spec'), steps: count }),
  sequential: fc.record({
    kind: fc.constant('sequential' as const),
    schedules: fc.tuple(tie('spec'), tie('spec'), tie('spec')).map((three) => [...three]),
    milestones: milestones(2),
  }),
  chained: fc.record({
    kind: fc.constant('chained' as const),
    schedule: tie('spec'),
    factors: fc.array(plain(fc.constant(1)), { minLength: 1, maxLength: 3 }),
  }),
}));
const steps = fc.array(fc.oneof(fc.nat(6000), fc.nat(), fc.double({ min: 0, max: 1e12, noNaN: true })), { minLength: 1, maxLength: 50 });

test('any schedule of any options is finite and at least 0 at any step, whole or not', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(spec, steps, (given, at) => {
      seen.add(given.kind);
      const schedule = buildSchedule(given);
      for (const step of at) {
        const value = schedule(step);
        if (!(Number.isFinite(value) && value >= 0)) throw new Error(`${value} at ${step} of ${JSON.stringify(given)}`);
      }
    }),
    { numRuns: 3000 },
  );
  expect([...seen].sort()).toEqual([...scheduleKinds].sort());
});

test('a schedule remembers nothing: the steps asked for backwards and twice give the same values', () => {
  fc.assert(
    fc.property(spec, steps, (given, at) => {
      const schedule = buildSchedule(given);
      const forwards = at.map(schedule);
      const backwards = [...at].reverse().map(schedule).reverse();
      expect(backwards).toEqual(forwards);
    }),
  );
});

test('a spec is plain JSON: written and read again it makes the same schedule', () => {
  fc.assert(
    fc.property(spec, steps, (given, at) => {
      const again = buildSchedule(JSON.parse(JSON.stringify(given)) as ScheduleSpec);
      expect(at.map(again)).toEqual(at.map(buildSchedule(given)));
    }),
  );
});

test('a warm-up from anywhere below never leaves the stretch between its two ends', () => {
  fc.assert(
    fc.property(rate, share, count, fc.constantFrom('linear' as const, 'constant' as const), steps, (top, low, length, mode, at) => {
      const from = top * low;
      fc.pre(from > 0);
      const schedule = warmup(constant({ learningRate: top }), { steps: length, from, mode });
      for (const step of at) {
        // A rounding error of the sum may be on either side.
        expect(schedule(step)).toBeGreaterThanOrEqual(from * (1 - 1e-15));
        expect(schedule(step)).toBeLessThanOrEqual(Math.min(top * (1 + 1e-15), Number.MAX_VALUE));
      }
    }),
  );
});

test('a product that would overflow stops at the largest finite number', () => {
  const most = constant({ learningRate: Number.MAX_VALUE });
  expect(chained(most, [most, most])(7)).toBe(Number.MAX_VALUE);
});
