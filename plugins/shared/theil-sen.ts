import { medianInPlace } from './median-in-place.js';

/** For the slopes of one call: a window of 20 points has 190 of them, and each weight has its own at every measurement. */
let slopes = new Float64Array(190);

/**
 * Slope of y over x as the median of the slopes between all pairs of points (Theil 1950, Sen 1968): 29% of the points
 * may be arbitrarily wrong without moving it far.
 *
 * @returns in units of y per unit of x, or null when there are no two points with different x.
 */
export function theilSenSlope(xs: readonly number[], ys: readonly number[]): number | null {
  const pairs = (xs.length * (xs.length - 1)) / 2;
  if (slopes.length < pairs) slopes = new Float64Array(pairs);
  let count = 0;
  for (let i = 1; i < xs.length; i += 1) {
    const [x = NaN, y = NaN] = [xs[i], ys[i]];
    for (let j = 0; j < i; j += 1) {
      const run = x - (xs[j] ?? NaN);
      if (run === 0) continue;
      slopes[count] = (y - (ys[j] ?? NaN)) / run;
      count += 1;
    }
  }
  return count === 0 ? null : medianInPlace(slopes, count);
}
