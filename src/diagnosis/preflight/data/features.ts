import type { Lab } from '../lab.js';
import type { Column } from '../sample.js';

/** What one number of an input is over all samples. */
export interface Feature {
  readonly index: number;
  readonly mean: number;
  readonly std: number;
  readonly rms: number;
  readonly min: number;
  readonly max: number;
  /** Some value is NaN or infinite: the other numbers are of the finite ones. */
  readonly finite: boolean;
}

const known = new WeakMap<Column, readonly Feature[]>();

/** All features of a column, from its values [count, width]. */
export function featuresOf(column: Column): readonly Feature[] {
  const made = known.get(column);
  if (made !== undefined) return made;
  const { values, width } = column;
  const count = width === 0 ? 0 : values.length / width;
  const origin = Float64Array.from({ length: width }, (_, j) => (Number.isFinite(values[j] ?? 0) ? (values[j] ?? 0) : 0));
  const sum = new Float64Array(width);
  const squares = new Float64Array(width);
  const finite = new Int32Array(width);
  const min = new Float64Array(width).fill(Infinity);
  const max = new Float64Array(width).fill(-Infinity);
  for (let i = 0; i < count; i += 1) {
    const from = i * width;
    for (let j = 0; j < width; j += 1) {
      const value = values[from + j] ?? 0;
      if (!Number.isFinite(value)) continue;
      const away = value - (origin[j] ?? 0);
      sum[j] = (sum[j] ?? 0) + away;
      squares[j] = (squares[j] ?? 0) + away * away;
      finite[j] = (finite[j] ?? 0) + 1;
      if (value < (min[j] ?? 0)) min[j] = value;
      if (value > (max[j] ?? 0)) max[j] = value;
    }
  }
  const result = Array.from({ length: width }, (_, index): Feature => {
    const n = Math.max(1, finite[index] ?? 0);
    const away = (sum[index] ?? 0) / n;
    const mean = (origin[index] ?? 0) + away;
    const low = min[index] ?? 0;
    const high = max[index] ?? 0;
    // Equal values differ by nothing: rounding must not make a deviation of them.
    const std = high > low ? Math.sqrt(Math.max(0, (squares[index] ?? 0) / n - away * away)) : 0;
    return { index, mean, std, rms: Math.hypot(mean, std), min: low, max: high, finite: finite[index] === count };
  });
  known.set(column, result);
  return result;
}

/** Smallest and largest number of all features. */
export function rangeOf(features: readonly Feature[]): { readonly min: number; readonly max: number } {
  return features.reduce((range, { min, max }) => ({ min: Math.min(range.min, min), max: Math.max(range.max, max) }), { min: Infinity, max: -Infinity });
}

export const varies = ({ std, mean }: Feature): boolean => std > 1e-6 * Math.max(1e-30, Math.abs(mean));

/** The lower median: of two the smaller one. NaN of none. */
export function middleOf(values: readonly number[], share = 0.5): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
}

/** Finite values of one feature, sorted, of at most `most` rows spread over all. */
export function sortedValues({ values, width }: Column, feature: number, most = 1024): Float64Array {
  const count = values.length / width;
  const step = Math.max(1, Math.ceil(count / most));
  const taken = Float64Array.from({ length: Math.ceil(count / step) }, (_, i) => values[i * step * width + feature] ?? 0);
  // NaN has no place in an order: loops that walk along two of them would never end.
  return taken.filter((value) => Number.isFinite(value)).sort();
}

/** `age`, or `feature 3`, or `pixels 120` where an input is not the first. */
export function featureName(lab: Lab, column: Column, index: number): string {
  const isFirst = lab.training.inputs[0]?.name === column.name;
  return (isFirst ? lab.experiment.featureNames?.[index] : undefined) ?? (lab.training.inputs.length > 1 ? `${column.name} ${String(index)}` : `feature ${String(index)}`);
}

/** The first few names, and how many more there are. */
export function someNames(names: readonly string[], shown = 5): string {
  const more = names.length - shown;
  return more > 0 ? `${names.slice(0, shown).join(', ')} and ${String(more)} more` : names.join(', ');
}
