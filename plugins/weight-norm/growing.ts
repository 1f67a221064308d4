import { median } from 'simple-statistics';
import { digits } from '../shared/digits.js';
import { medianInPlace } from '../shared/median-in-place.js';
import { cleared, tell, unchanged, type Verdict } from '../shared/told.js';
import { isKernel, placeOf } from '../shared/weight-facts.js';
import type { Options, State } from './contract.js';
import type { Reading, WeightReading } from './reading.js';

interface Growth extends WeightReading {
  /** Medians of the windows, oldest first. */
  readonly medians: readonly number[];
  /** The last of them over the first. */
  readonly factor: number;
  /** Whether each is above the one before. */
  readonly rising: boolean;
}

const windowMedians = (values: readonly number[], { window, windows }: Options): number[] =>
  Array.from({ length: windows }, (_, i) => median(values.slice(i * window, (i + 1) * window)));

/**
 * Kernels whose norm rises from window to window and by the factor over all of them. A warning when the loss has not
 * fallen over the same windows, an info when it has: weights of a classifier that gets surer grow for a good reason.
 * `state` knows this measurement.
 */
export function judgeGrowing(state: State, now: Reading, options: Options): Verdict {
  const { window, windows, growthFactor } = options;
  const before = state.told.growing;
  const length = window * windows;
  if (state.measurements < length + window || state.losses.length < length) return unchanged(before);
  const growths = now.weights.flatMap((weight): Growth[] => {
    const norms = state.norms[weight.info.name] ?? [];
    if (!isKernel(weight.info) || !weight.info.trainable || norms.length < length) return [];
    // Medians lie between: where the largest of the last window is not far above the least of the first, none is told.
    const most = Math.max(...norms.slice((windows - 1) * window, windows * window)) / Math.min(...norms.slice(0, window));
    if (most < Math.sqrt(growthFactor)) return [{ ...weight, medians: [], factor: most, rising: false }];
    const medianFrom = (start: number): number => medianInPlace(norms.slice(start, start + window));
    const factor = medianFrom((windows - 1) * window) / medianFrom(0);
    // Medians of the windows between are of use only for one that has grown.
    if (factor < Math.sqrt(growthFactor)) return [{ ...weight, medians: [], factor, rising: false }];
    const medians = windowMedians(norms, options);
    return Number.isFinite(factor) ? [{ ...weight, medians, factor, rising: medians.every((each, i) => i === 0 || each > (medians[i - 1] ?? NaN)) }] : [];
  });
  // Half of the way in logarithms, so that a factor that wavers about the threshold is told once.
  if (growths.every(({ factor }) => factor < Math.sqrt(growthFactor))) return cleared;
  const growing = growths.filter(({ factor, rising }) => rising && factor >= growthFactor).sort((a, b) => b.factor - a.factor);
  const [worst] = growing;
  if (worst === undefined) return unchanged(before);

  const losses = windowMedians(state.losses, options);
  const fallen = (losses.at(-1) ?? NaN) < (losses[0] ?? NaN);
  const from = state.steps[0] ?? now.step;
  return tell(before, {
    rule: 'weight-norm-growing',
    severity: fallen ? 'info' : 'warning',
    message: `the norm of ${worst.info.name} has grown ${digits(worst.factor)} times in steps ${from} to ${now.step} (${worst.medians.map(digits).join(', ')}) while the loss ${fallen ? 'fell' : 'did not fall'}${growing.length === 1 ? '' : `, and so have ${growing.length - 1} other kernels`}`,
    where: { ...placeOf(worst.info), steps: { from, to: now.step } },
    evidence: { factors: Object.fromEntries(growing.map(({ info, factor }) => [info.name, factor])), medians: worst.medians, losses, threshold: growthFactor, learningRate: now.learningRate },
    remedy: 'Lower the learning rate; if that does not end it, add weight decay, and check that the loss has a lower bound.',
    docs: 'rules/weight-norm-growing.md',
  });
}
