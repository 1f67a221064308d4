import { median } from 'simple-statistics';

/**
 * Slope of y over x as the median of the slopes between all pairs of points (Theil 1950, Sen 1968): 29% of the points
 * may be arbitrarily wrong without moving it far.
 *
 * @returns in units of y per unit of x, or null when there are no two points with different x.
 */
export function theilSenSlope(xs: readonly number[], ys: readonly number[]): number | null {
  const slopes: number[] = [];
  xs.forEach((x, i) => {
    for (let j = 0; j < i; j += 1) {
      const run = x - (xs[j] ?? NaN);
      if (run !== 0) slopes.push(((ys[i] ?? NaN) - (ys[j] ?? NaN)) / run);
    }
  });
  return slopes.length === 0 ? null : median(slopes);
}
