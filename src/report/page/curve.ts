import type { Mark, RunModel, Series } from '../model.js';

export type Axis = 'step' | 'epoch' | 'time';

/** Epochs as a number with a fraction: how far a step is between the ends of two epochs. */
export function epochAt(step: number, ends: readonly Mark[]): number {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle]?.step ?? 0) < step) low = middle + 1;
    else high = middle;
  }
  const before = ends[low - 1] ?? { epoch: 0, step: 0 };
  const after = ends[low];
  if (after !== undefined) return after.step === before.step ? after.epoch : before.epoch + ((step - before.step) / (after.step - before.step)) * (after.epoch - before.epoch);
  // Beyond the last end: at the pace of the epoch before.
  const earlier = ends[low - 2] ?? { epoch: 0, step: 0 };
  const steps = before.step - earlier.step;
  return steps > 0 ? before.epoch + ((step - before.step) / steps) * (before.epoch - earlier.epoch) : before.epoch;
}

export const positions = ({ steps, times }: Series, run: RunModel, axis: Axis): readonly number[] => (axis === 'step' ? steps : axis === 'time' ? times : steps.map((step) => epochAt(step, run.epochEnds)));

export type Point = readonly [x: number, y: number | null];

/**
 * Exponential moving average with its start corrected, as Adam corrects its moments (Kingma & Ba 2015) and TensorBoard its
 * curves. A gap stays one and leaves the average as it is.
 * @param weight Of what was before, 0 to less than 1
 */
export function smoothed(values: readonly (number | null)[], weight: number): readonly (number | null)[] {
  let [average, power] = [0, 1];
  return values.map((value) => {
    if (value === null) return null;
    average = weight * average + (1 - weight) * value;
    power *= weight;
    return average / (1 - power);
  });
}
