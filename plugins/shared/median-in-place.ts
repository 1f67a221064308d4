import { quickselect } from 'simple-statistics';

/** The median of finite numbers, which come out in another order: without a copy, for what is asked at every step. NaN of none. */
export function medianInPlace(values: Float64Array): number {
  const middle = values.length >> 1;
  // It selects in whatever is indexed, and is typed for arrays alone.
  quickselect(values as unknown as number[], middle);
  const upper = values[middle] ?? NaN;
  if (values.length % 2 === 1) return upper;
  // What stands before the middle is not above it: the largest of that is the other middle one.
  let lower = values.length === 0 ? NaN : -Infinity;
  for (let i = 0; i < middle; i += 1) lower = Math.max(lower, values[i] ?? NaN);
  return (lower + upper) / 2;
}
