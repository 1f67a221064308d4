import { z } from 'zod';
import { constantFactorOptions } from './constant-factor.js';
import { constantOptions } from './constant.js';
import { cosineWithWarmRestartsOptions } from './cosine-with-warm-restarts.js';
import { cosineOptions } from './cosine.js';
import { cyclicOptions } from './cyclic.js';
import { exponentialOptions } from './exponential.js';
import { inverseSquareRootOptions } from './inverse-square-root.js';
import { linearOptions } from './linear.js';
import { multiStepOptions } from './multi-step.js';
import { oneCycleOptions } from './one-cycle.js';
import { polynomialOptions } from './polynomial.js';
import { milestonesFit, sequentialMilestones } from './sequential.js';
import { stepOptions } from './step.js';
import { warmupOptions } from './warmup.js';

const kind = <K extends string>(name: K) => ({ kind: z.literal(name) });

const plainSpecs = [
  constantOptions.safeExtend(kind('constant')),
  constantFactorOptions.safeExtend(kind('constantFactor')),
  stepOptions.safeExtend(kind('step')),
  multiStepOptions.safeExtend(kind('multiStep')),
  exponentialOptions.safeExtend(kind('exponential')),
  polynomialOptions.safeExtend(kind('polynomial')),
  linearOptions.safeExtend(kind('linear')),
  cosineOptions.safeExtend(kind('cosine')),
  cosineWithWarmRestartsOptions.safeExtend(kind('cosineWithWarmRestarts')),
  oneCycleOptions.safeExtend(kind('oneCycle')),
  cyclicOptions.safeExtend(kind('cyclic')),
  inverseSquareRootOptions.safeExtend(kind('inverseSquareRoot')),
] as const;

// TypeScript does not infer a type that goes through itself by way of safeExtend, so the three kinds that hold schedules are spelt out.
type PlainSpec = (typeof plainSpecs)[number];
interface Warmup<Spec> {
  kind: 'warmup';
  schedule: Spec;
}
interface Sequential<Spec> {
  kind: 'sequential';
  schedules: Spec[];
  milestones: number[];
}
interface Chained<Spec> {
  kind: 'chained';
  schedule: Spec;
  factors: Spec[];
}

/** A schedule as plain JSON. */
export type ScheduleSpec =
  | z.input<PlainSpec>
  | (z.input<typeof warmupOptions> & Warmup<ScheduleSpec>)
  | Sequential<ScheduleSpec>
  | Chained<ScheduleSpec>;

/** A schedule as plain JSON that has passed `scheduleSpec`: every default is filled in. */
export type CheckedScheduleSpec =
  | z.output<PlainSpec>
  | (z.output<typeof warmupOptions> & Warmup<CheckedScheduleSpec>)
  | Sequential<CheckedScheduleSpec>
  | Chained<CheckedScheduleSpec>;

type AnySpec = z.ZodType<CheckedScheduleSpec, ScheduleSpec>;

const warmupSpec = warmupOptions.safeExtend({
  ...kind('warmup'),
  get schedule(): AnySpec {
    return scheduleSpec;
  },
});

const sequentialSpec = z
  .strictObject({
    ...kind('sequential'),
    get schedules(): z.ZodArray<AnySpec> {
      return z.array(scheduleSpec).min(1).describe('The schedules in their order; each starts at its own 0.');
    },
    milestones: sequentialMilestones,
  })
  .superRefine(milestonesFit);

const chainedSpec = z
  .strictObject({
    ...kind('chained'),
    get schedule(): AnySpec {
      return scheduleSpec;
    },
    get factors(): z.ZodArray<AnySpec> {
      return z.array(scheduleSpec).min(1).describe('What the schedule is multiplied by: schedules with a learningRate of 1.');
    },
  })
  .superRefine(({ factors }, context) => {
    for (const { path, learningRate } of factors.flatMap((factor, index) => learningRatesOf(factor, ['factors', index]))) {
      if (learningRate === 1) continue;
      const message = `learningRate is ${learningRate}, and that of a factor must be 1: the learning rate comes from the chained schedule`;
      context.addIssue({ code: 'custom', path: [...path, 'learningRate'], message });
    }
  });

/**
 * Any schedule but `lambda` as plain JSON, told apart by `kind`: for config files and the options of plugins. z.toJSONSchema takes it
 * (with io: 'input', what has a default is optional). What only a built schedule shows is checked by `buildSchedule`.
 */
export const scheduleSpec = z
  .discriminatedUnion('kind', [...plainSpecs, warmupSpec, sequentialSpec, chainedSpec])
  .meta({ id: 'Schedule' });

/** Where a specification stands, from the root. */
export type SpecPath = readonly (string | number)[];

/** The learning rates that a spec brings with it, and where. The bounds of a oneCycle or cyclic factor are its own affair. */
function learningRatesOf(spec: CheckedScheduleSpec, path: SpecPath): { path: SpecPath; learningRate: number }[] {
  if ('learningRate' in spec) return [{ path, learningRate: spec.learningRate }];
  switch (spec.kind) {
    case 'oneCycle':
    case 'cyclic':
      return [];
    case 'sequential':
      return spec.schedules.flatMap((part, index) => learningRatesOf(part, [...path, 'schedules', index]));
    case 'warmup':
    case 'chained': // its own factors are checked with it
      return learningRatesOf(spec.schedule, [...path, 'schedule']);
  }
}
