import { z } from 'zod';

/**
 * Running aggregates of readings that hold no reading: their size does not grow with the length of the run, and they are
 * plain data, so that a checkpoint carries them.
 */
export const extent = z.strictObject({ count: z.int().min(0), sum: z.number(), max: z.number() });
export type Extent = z.output<typeof extent>;

/**
 * For percentages, which nvidia-smi gives as whole numbers: one bin for each makes percentiles of the whole run exact,
 * where a ring of readings would forget the beginning.
 */
export const percentages = z.strictObject({ bins: z.array(z.int().min(0)).length(101) });
export type Percentages = z.output<typeof percentages>;

export interface ExtentSummary {
  mean: number;
  max: number;
}

export interface PercentSummary extends ExtentSummary {
  p5: number;
  p95: number;
}

export const emptyExtent = (): Extent => ({ count: 0, sum: 0, max: 0 });
export const emptyPercentages = (): Percentages => ({ bins: new Array<number>(101).fill(0) });

/** A null is no reading. None of what is read (MiB, W, degrees, MHz) matters below 0. */
export function addToExtent(into: Extent, value: number | null): void {
  if (value === null) return;
  into.count += 1;
  into.sum += value;
  into.max = Math.max(into.max, value);
}

export function addPercentage(into: Percentages, value: number | null): void {
  if (value === null) return;
  const bin = Math.round(value);
  into.bins[bin] = (into.bins[bin] ?? 0) + 1;
}

export const summarizeExtent = ({ count, sum, max }: Extent): ExtentSummary | null => (count === 0 ? null : { mean: sum / count, max });

export const countPercentages = ({ bins }: Percentages): number => bins.reduce((sum, count) => sum + count, 0);

/** p5 and p95 by nearest rank: the smallest value that at least that share of the readings do not exceed. */
export function summarizePercentages(of: Percentages): PercentSummary | null {
  const count = countPercentages(of);
  if (count === 0) return null;
  const atRank = (rank: number): number => {
    let seen = 0;
    return of.bins.findIndex((inBin) => (seen += inBin) >= rank);
  };
  const sum = of.bins.reduce((total, inBin, value) => total + inBin * value, 0);
  return { mean: sum / count, p5: atRank(Math.ceil(0.05 * count)), p95: atRank(Math.ceil(0.95 * count)), max: atRank(count) };
}
