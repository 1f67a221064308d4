import { z } from 'zod';

/** Below this share of the largest rate a step moves nothing that float32 keeps of a weight (2^-24 is 6e-8) beside what was learned before. */
export const nothingLeft = 1e-6;

/** What is kept of the learning rates of a run. */
export const ratesSchema = z.strictObject({
  largest: z.number(),
  /** The newest step, and the newest at a rate that was more than nothing beside the largest; 0 for none. */
  step: z.int(),
  lastStep: z.int(),
  lastRate: z.number(),
  /** Readings in a row at a rate of nothing. */
  readings: z.int(),
});
export type Rates = z.output<typeof ratesSchema>;
export const emptyRates: Rates = { largest: 0, step: 0, lastStep: 0, lastRate: 0, readings: 0 };

/** The rates with one more; a step that comes twice counts once. */
export function withRate(before: Rates, step: number, rate: number): Rates {
  if (step <= before.step || !Number.isFinite(rate)) return before;
  const largest = Math.max(before.largest, rate);
  return rate > 0 && rate >= nothingLeft * largest ? { largest, step, lastStep: step, lastRate: rate, readings: 0 } : { ...before, largest, step, readings: before.readings + 1 };
}
