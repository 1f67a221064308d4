import { linearRegression, mean, sampleCorrelation, standardDeviation } from 'simple-statistics';

export const trendLabels = ['settling', 'drifting', 'oscillating', 'unknown'] as const;
export type TrendLabel = (typeof trendLabels)[number];

/** The latest changes of one output, at most a window of them, and the most it has moved in the run. */
export interface History {
  /** Mean absolute changes, oldest first. */
  readonly amplitudes: readonly number[];
  /** Cosines between successive changes, one fewer; NaN where a change was nothing. */
  readonly cosines: readonly number[];
  /** Largest mean amplitude of any window of the run; 0 before the first. */
  readonly peak: number;
}

/** Where the predictions are going, with the numbers that say so; null before a window is full. */
export interface Trend {
  readonly label: TrendLabel;
  /** Mean absolute change over the window. */
  readonly amplitude: number | null;
  /** By what factor the change grew (above 1) or shrank over the window, from a line fitted to its logarithm. */
  readonly growth: number | null;
  /** Mean cosine between successive changes. */
  readonly cosine: number | null;
  /** Amplitude as a share of the largest of the run. */
  readonly ofPeak: number | null;
  /** Standard deviation of the changes as a share of their mean. */
  readonly variation: number | null;
}

/**
 * Limits of the labels. For predictions that scatter independently about a fixed point the expected cosine of
 * successive changes is -1/2, and for a first-order autoregression with coefficient f it is -(1 - f)/2: that of a healthy
 * training at its noise floor lies in [-1/2, 0], and below -1/2 each look overshoots the point (f < 0).
 */
export const limits = {
  /** The change has to lose some third over the window ... */
  settlingGrowth: 0.7,
  /** ... steadily: six independent changes reach this correlation with time once in 36 (t = 2.67, 4 degrees of freedom). */
  settlingCorrelation: -0.8,
  /** A tenth of the largest change of the run is calm, whatever it does there: the slow tail of a fit goes one way too. */
  settledShare: 0.1,
  /** Successive changes within 60 degrees of each other. */
  driftingCosine: 0.5,
  /** f = -1/3: a third of the way past the point. */
  oscillatingCosine: -2 / 3,
} as const;

const nothing: Omit<Trend, 'label'> = { amplitude: null, growth: null, cosine: null, ofPeak: null, variation: null };

/** Takes in one more change. A change that is not finite empties the window: across it nothing can be compared. */
export function remember(history: History, amplitude: number, cosine: number | null, window: number): History {
  if (!Number.isFinite(amplitude)) return { ...history, amplitudes: [], cosines: [] };
  const amplitudes = [...history.amplitudes, amplitude].slice(-window);
  // The cosine with a change that the window does not hold says nothing about this window.
  const cosines = history.amplitudes.length === 0 || cosine === null ? [] : [...history.cosines, cosine].slice(1 - window);
  const peak = amplitudes.length < window ? history.peak : Math.max(history.peak, mean(amplitudes));
  return { amplitudes, cosines, peak };
}

/**
 * Settling: the change shrinks steadily over the window, or is down to a tenth of the largest of the run. Drifting: changes point
 * the same way and do not shrink, as with a learning rate that is too small. Oscillating: they point against each other
 * more than independent noise does and do not shrink, as with one that is too large. Unknown: none of these (noise,
 * mostly), or fewer than `window` changes.
 */
export function trendOf({ amplitudes, cosines, peak }: History, window: number): Trend {
  if (amplitudes.length < window) return { label: 'unknown', ...nothing };
  const amplitude = mean([...amplitudes]);
  const turns = cosines.filter((each) => Number.isFinite(each));
  const cosine = turns.length === 0 ? null : mean(turns);
  if (amplitude === 0) return { ...nothing, label: 'settling', amplitude, ofPeak: peak === 0 ? null : 0 };
  // A change of exactly nothing has no logarithm; a millionth of the mean stands for it.
  const logarithms = amplitudes.map((each) => Math.log(Math.max(each, amplitude * 1e-6)));
  const { m: slope } = linearRegression(logarithms.map((each, i) => [i, each]));
  const isSteady = sampleCorrelation([...amplitudes.keys()], logarithms) <= limits.settlingCorrelation;
  const numbers = {
    amplitude,
    growth: Math.exp(slope * (window - 1)),
    cosine,
    ofPeak: amplitude / peak,
    variation: standardDeviation([...amplitudes]) / amplitude,
  };
  return { label: labelOf(numbers, isSteady), ...numbers };
}

function labelOf({ growth, cosine, ofPeak }: { growth: number; cosine: number | null; ofPeak: number }, isSteady: boolean): TrendLabel {
  if (growth <= limits.settlingGrowth && isSteady) return 'settling';
  if (ofPeak <= limits.settledShare) return 'settling';
  if (cosine !== null && cosine >= limits.driftingCosine) return 'drifting';
  return cosine !== null && cosine <= limits.oscillatingCosine ? 'oscillating' : 'unknown';
}

/**
 * Oscillation beyond doubt: back and forth by nearly the same amount each time, at least half as far as ever in the run,
 * and by a tenth of what tells the samples' predictions apart (`spread`).
 *
 * Independent noise in one dimension (a model whose one bias jitters) alternates now and then, but its changes differ in
 * size (variation 0.76 for Gaussian noise); in many dimensions its changes are equal in size, but its cosine is near
 * -1/2. To meet both conditions takes a real cycle.
 */
export function isStrongOscillation({ label, growth, cosine, ofPeak, variation, amplitude }: Trend, spread: number): boolean {
  if (label !== 'oscillating' || growth === null || cosine === null || ofPeak === null || variation === null || amplitude === null) return false;
  return cosine <= -0.8 && variation <= 0.35 && growth >= 0.9 && ofPeak >= 0.5 && amplitude >= 0.1 * spread;
}
