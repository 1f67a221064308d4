import type { PhaseTimes } from 'trainscope/plugin';
import { z } from 'zod';
import { gpuTotals } from './gpu-totals.js';

const milliseconds = z.number().min(0);

/** Milliseconds by phase of the loop. */
export const phaseMilliseconds = z.strictObject({
  data: milliseconds,
  forwardBackward: milliseconds,
  update: milliseconds,
  measure: milliseconds,
  plugins: milliseconds,
  validation: milliseconds,
  pace: milliseconds,
}) satisfies z.ZodType<PhaseTimes>;
type Spent = z.output<typeof phaseMilliseconds>;

export const phases = Object.keys(phaseMilliseconds.shape) as readonly (keyof PhaseTimes)[];

/** All that is counted over a stretch of the training: plain data, kept in the state. */
export const span = z.strictObject({
  steps: z.int().min(0),
  samples: z.number().min(0),
  spent: phaseMilliseconds,
  /** Of the process, between the same moments. */
  cpu: milliseconds,
  wall: milliseconds,
  peakRss: z.number().min(0),
  peakTensorBytes: z.number().min(0),
  /** By UUID. */
  gpus: z.record(z.string(), gpuTotals),
  /** Readings that found no room. */
  forgotten: z.int().min(0),
});
export type Span = z.output<typeof span>;

export const noTime = (): Spent => ({ data: 0, forwardBackward: 0, update: 0, measure: 0, plugins: 0, validation: 0, pace: 0 });

export const emptySpan = (): Span => ({ steps: 0, samples: 0, spent: noTime(), cpu: 0, wall: 0, peakRss: 0, peakTensorBytes: 0, gpus: {}, forgotten: 0 });

/** Adds what a phase took between two readings of the loop's times. A clock that was set back between them counts as no time. */
export function addTimes(into: Span, before: PhaseTimes, now: PhaseTimes): void {
  for (const phase of phases) into.spent[phase] += Math.max(0, now[phase] - before[phase]);
}

export const totalTime = (spent: PhaseTimes): number => phases.reduce((sum, phase) => sum + spent[phase], 0);

/** The time of the training itself: validation is work of its own, whose share says nothing of the loop. */
export const loopTime = (spent: PhaseTimes): number => totalTime(spent) - spent.validation;
