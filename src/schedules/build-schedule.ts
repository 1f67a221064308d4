import type { ConfigProblem } from '../errors.js';
import { problemsOf } from '../problems.js';
import { chained } from './chained.js';
import { invalidOptions } from './check-options.js';
import { constantFactor } from './constant-factor.js';
import { constant } from './constant.js';
import { cosineWithWarmRestarts } from './cosine-with-warm-restarts.js';
import { cosine } from './cosine.js';
import { cyclic } from './cyclic.js';
import { exponential } from './exponential.js';
import { inverseSquareRoot } from './inverse-square-root.js';
import { linear } from './linear.js';
import { multiStep } from './multi-step.js';
import { oneCycle } from './one-cycle.js';
import { polynomial } from './polynomial.js';
import type { Schedule } from './schedule.js';
import { sequential } from './sequential.js';
import { scheduleSpec, type CheckedScheduleSpec, type ScheduleSpec, type SpecPath } from './spec.js';
import { step } from './step.js';
import { warmup, warmupProblem } from './warmup.js';

/** The kinds of `scheduleSpec`. */
export const scheduleKinds: readonly CheckedScheduleSpec['kind'][] = scheduleSpec.options.map((option) => option.shape.kind.value);

/**
 * The schedule that a spec describes.
 * @throws ConfigError OPTIONS_INVALID with all problems and their paths
 * @example buildSchedule({ kind: 'warmup', steps: 10, schedule: { kind: 'cosine', learningRate: 0.1, tMax: 90 } })
 */
export function buildSchedule(spec: ScheduleSpec): Schedule {
  const parsed = scheduleSpec.safeParse(spec);
  if (!parsed.success) {
    const found = problemsOf(parsed.error, scheduleSpec, spec);
    const kinds = `the kinds are ${scheduleKinds.join(', ')}, and lambda in code alone`;
    throw invalidOptions('a schedule', found, found.some(({ path }) => path.at(-1) === 'kind') ? kinds : undefined);
  }
  const problems: ConfigProblem[] = [];
  const schedule = build(parsed.data, [], problems);
  if (problems.length > 0) throw invalidOptions('a schedule', problems);
  return schedule;
}

/** Adds to `problems` what can only be seen in the values of a built schedule. */
function build(spec: CheckedScheduleSpec, path: SpecPath, problems: ConfigProblem[]): Schedule {
  switch (spec.kind) {
    case 'constant':
      return constant(optionsOf(spec));
    case 'constantFactor':
      return constantFactor(optionsOf(spec));
    case 'step':
      return step(optionsOf(spec));
    case 'multiStep':
      return multiStep(optionsOf(spec));
    case 'exponential':
      return exponential(optionsOf(spec));
    case 'polynomial':
      return polynomial(optionsOf(spec));
    case 'linear':
      return linear(optionsOf(spec));
    case 'cosine':
      return cosine(optionsOf(spec));
    case 'cosineWithWarmRestarts':
      return cosineWithWarmRestarts(optionsOf(spec));
    case 'oneCycle':
      return oneCycle(optionsOf(spec));
    case 'cyclic':
      return cyclic(optionsOf(spec));
    case 'inverseSquareRoot':
      return inverseSquareRoot(optionsOf(spec));
    case 'warmup': {
      const { schedule, ...options } = optionsOf(spec);
      const behind = build(schedule, [...path, 'schedule'], problems);
      const problem = warmupProblem(options.from, behind(0));
      if (problem === undefined) return warmup(behind, options);
      const at = [...path, 'from'];
      problems.push({ path: at, message: problem });
      return behind;
    }
    case 'sequential': {
      const parts = spec.schedules.map((part, index) => build(part, [...path, 'schedules', index], problems));
      return sequential(parts, spec.milestones);
    }
    case 'chained': {
      const factors = spec.factors.map((factor, index) => build(factor, [...path, 'factors', index], problems));
      return chained(build(spec.schedule, [...path, 'schedule'], problems), factors);
    }
  }
}

function optionsOf<S extends CheckedScheduleSpec>(spec: S): Omit<S, 'kind'> {
  const { kind: _, ...options } = spec;
  return options;
}
