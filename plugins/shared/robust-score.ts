import { medianInPlace } from './median-in-place.js';

/** The standard deviation of normally distributed numbers in terms of their median absolute deviation: 1 / 0.6745. */
const deviationsPerMad = 1.4826;

/**
 * The modified z-score of Iglewicz and Hoaglin (How to Detect and Handle Outliers, 1993), with its sign:
 * (value - median) / (1.4826 MAD). Up to half of the earlier values may be outliers without moving it.
 *
 * @param earlier finite numbers
 * @returns in standard deviations; infinite when the earlier values are (half of them or more) equal and this one differs.
 */
export function robustScore(earlier: readonly number[], value: number): number {
  const values = earlier.slice();
  const middle = medianInPlace(values);
  const distance = value - middle;
  if (distance === 0) return 0;
  for (let i = 0; i < values.length; i += 1) values[i] = Math.abs((values[i] ?? NaN) - middle);
  return distance / (deviationsPerMad * medianInPlace(values));
}
