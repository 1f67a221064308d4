import { binomialDistribution, median } from 'simple-statistics';

/** A median with the interval that holds the true one in 95 of 100 cases. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The median and its confidence interval by order statistics: how many of n values lie below the true median is binomial
 * with p = 1/2, whatever they are distributed like (Conover, Practical Nonparametric Statistics, section 3.2). With fewer
 * than 6 values there is no such interval of 95 %, and it is the whole range.
 */
export function estimate(values: readonly number[]): Estimate {
  if (values.length === 0) return { median: Number.NaN, low: Number.NaN, high: Number.NaN };
  const sorted = [...values].sort((a, b) => a - b);
  const chances = binomialDistribution(sorted.length, 0.5) ?? [];
  let [rank, below] = [0, 0];
  while (rank < Math.floor(sorted.length / 2) && below + (chances[rank] ?? 0) <= 0.025) {
    below += chances[rank] ?? 0;
    rank += 1;
  }
  const cut = Math.max(0, rank - 1);
  return { median: median(sorted), low: sorted[cut] ?? Number.NaN, high: sorted[sorted.length - 1 - cut] ?? Number.NaN };
}

/** Of each round its own ratio: what else the machine did then is in both. */
export const pairedRatio = (of: readonly number[], to: readonly number[]): Estimate => estimate(of.map((each, i) => each / (to[i] ?? Number.NaN)));
