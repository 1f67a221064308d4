import { z } from 'zod';
import { medianAbsoluteDeviation } from 'simple-statistics';
import { medianOf } from './trend.js';

/** Intervals that a new one is held against: SageMaker Debugger's StepOutlier takes 10 at least. */
const fewest = 10;
const kept = 20;
/** SageMaker's rule takes deviations from the mean; from the median, one outlier does not hide the next. */
const deviations = 5;
/** Steps of one kind differ by so much anyway, whatever the deviation of the newest few is. */
const usualSpread = 0.1;
/** Below this many times the usual time it is no stall: another process that takes its share of the cores doubles a step's time. */
const stall = 3;

/** Times of steps between measurements, without validation and pauses: how they usually are, and what stood out. */
export const paceSchema = z.strictObject({
  /** The last measurement: its step, and the milliseconds until then; null before the first. */
  step: z.int(),
  at: z.number().nullable(),
  /** The step before the fit began. */
  from: z.int(),
  /** Milliseconds a step, of the newest intervals that were usual. */
  usual: z.array(z.number()),
  count: z.int(),
  /** Milliseconds above the usual, of all and of the largest. */
  excess: z.number(),
  largest: z.number(),
  /** The first and the newest of them, by their last steps. */
  steps: z.array(z.int()),
});
export type Pace = z.output<typeof paceSchema>;
export const emptyPace: Pace = { step: 0, at: null, from: 0, usual: [], count: 0, excess: 0, largest: 0, steps: [] };

/** @param loop Milliseconds of the loop so far; undefined in a log that does not tell. */
export function withInterval(before: Pace, step: number, loop: number | undefined): Pace {
  if (loop === undefined || !Number.isFinite(loop) || step <= before.step) return before;
  const now = { ...before, step, at: loop };
  const steps = step - before.step;
  // The first steps compile kernels and fill caches.
  if (before.at === null || step - before.from <= 5) return now;
  const each = (loop - before.at) / steps;
  if (!(each > 0)) return now;
  const median = medianOf(before.usual);
  const spread = before.usual.length < fewest ? Infinity : Math.max(1.4826 * medianAbsoluteDeviation(before.usual), usualSpread * median);
  // One step of an interval that stalls shows in the mean of the interval.
  const excess = (each - median) * steps;
  if (!(each > median + (deviations * spread) / Math.sqrt(steps)) || !(excess > (stall - 1) * median)) return { ...now, usual: [...before.usual, each].slice(-kept) };
  const all = [...before.steps, step];
  return { ...now, count: before.count + 1, excess: before.excess + excess, largest: Math.max(before.largest, excess), steps: all.length > 10 ? [...all.slice(0, 5), ...all.slice(-5)] : all };
}
