import { quickselect } from 'simple-statistics';

/**
 * The median of the first `count` of finite numbers, which come out in another order: without a copy, for what is asked
 * at every step. NaN of none.
 */
export function medianInPlace(values: number[] | Float64Array, count = values.length): number {
  if (count === 0) return NaN;
  const middle = count >> 1;
  // It selects in whatever is indexed, and is typed for arrays alone.
  quickselect(values as number[], middle, 0, count - 1);
  const upper = values[middle] ?? NaN;
  if (count % 2 === 1) return upper;
  // What stands before the middle is not above it: the largest of that is the other middle one.
  let lower = -Infinity;
  for (let i = 0; i < middle; i += 1) lower = Math.max(lower, values[i] ?? NaN);
  return (lower + upper) / 2;
}
