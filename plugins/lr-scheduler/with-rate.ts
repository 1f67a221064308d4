import { scheduleSpec, type ReduceOnPlateauOptions } from 'trainscope/schedules';
import { metricDirection } from '../early-stopping/metric-direction.js';
import type { PlateauSpec } from './schedule-option.js';

export const defaultMonitor = 'val_loss';

const kindsWithRate: ReadonlySet<unknown> = new Set(scheduleSpec.options.filter(({ shape }) => 'learningRate' in shape).map(({ shape }) => shape.kind.value));

/**
 * A schedule by its kind, with `rate` wherever it leaves its learning rate out, at every depth, and 1 in the factors of
 * a chain. What is no such schedule is given back as it is: whoever builds it says what is wrong.
 */
export function withRate(spec: unknown, rate: number): unknown {
  if (typeof spec !== 'object' || spec === null) return spec;
  if (Array.isArray(spec)) return spec.map((each) => withRate(each, rate));
  const given = spec as Readonly<Record<string, unknown>>;
  return {
    ...given,
    ...(kindsWithRate.has(given['kind']) && given['learningRate'] === undefined && { learningRate: rate }),
    ...('schedule' in given && { schedule: withRate(given['schedule'], rate) }),
    ...('schedules' in given && { schedules: withRate(given['schedules'], rate) }),
    ...('factors' in given && { factors: withRate(given['factors'], 1) }),
  };
}

/** The options of `reduceOnPlateau` that a spec stands for, at the optimizer's learning rate. */
export function plateauOptions({ kind: _, monitor = defaultMonitor, mode, learningRate, ...rest }: PlateauSpec, rate: number): ReduceOnPlateauOptions {
  return { ...rest, learningRate: learningRate ?? rate, mode: mode ?? metricDirection(monitor) ?? 'min' };
}

/** What the options' own check could not see: something does not go with the optimizer's learning rate. */
export const atBase = (name: string, base: number, cause: unknown): Error =>
  new Error(`${name} takes the learning rate that its schedule leaves out from the optimizer, ${base}: ${cause instanceof Error ? cause.message : String(cause)} Give the schedule a learningRate, or change the optimizer's.`, { cause });
