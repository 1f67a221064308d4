import { median } from 'simple-statistics';

export interface Trend {
  /** Theil-Sen: the median of the slopes of all pairs, a place of the series. */
  readonly slope: number;
  /** Standard score of Mann-Kendall's S: below 0 when the series falls. */
  readonly score: number;
}

/**
 * Whether a series falls or rises: Theil-Sen slope, and the test of Mann (1945) and Kendall, which knows no
 * distribution. For n >= 8 the score is close to normal.
 */
export function trendOf(values: readonly number[]): Trend {
  const slopes: number[] = [];
  let s = 0;
  values.forEach((value, i) => {
    for (let j = 0; j < i; j += 1) {
      const difference = value - (values[j] ?? NaN);
      slopes.push(difference / (i - j));
      s += Math.sign(difference);
    }
  });
  const n = values.length;
  const deviation = Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  return { slope: slopes.length === 0 ? 0 : median(slopes), score: deviation === 0 ? 0 : (s - Math.sign(s)) / deviation };
}

export const medianOf = (values: readonly number[]): number => (values.length === 0 ? NaN : median([...values]));
export const meanOf = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;

/** Standard deviation of a sample. */
export function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, values.length - 1));
}
