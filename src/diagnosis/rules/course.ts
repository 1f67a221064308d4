import type { History } from './history.js';
import { deviationOf, meanOf, medianOf, trendOf, type Trend } from './trend.js';

/** How closely predictions follow labels of late: mean over the newest measurements, with its standard error. */
export interface Learned {
  readonly mean: number;
  readonly error: number;
}

/** Measurements from which the mean is told: the standard error of eight is about a third of their deviation. */
const measurementsForLearned = 8;

export function learned({ associations }: History): Learned | null {
  if (associations.length < measurementsForLearned) return null;
  return { mean: meanOf(associations), error: deviationOf(associations) / Math.sqrt(associations.length) };
}

/**
 * Predictions follow the labels no better than chance: a correlation below 0.1 (a hundredth of the variance) that two
 * standard errors cannot tell from 0.05.
 */
export function learnsNothing(history: History): boolean {
  const known = learned(history);
  return known !== null && Math.abs(known.mean) < 0.1 && Math.abs(known.mean) - 2 * known.error < 0.05;
}

/** A quarter of the variance of the labels or more is explained: whatever else is odd, the model learns. */
export const learnsWell = (history: History): boolean => (learned(history)?.mean ?? 0) > 0.5;

/** The loss over the whole run, in equal parts: by epoch where there are eight or more, else by reading. */
export function lossSeries({ epochs, losses }: History): readonly number[] {
  const byEpoch = epochs.flatMap(({ loss }) => loss ?? []);
  if (byEpoch.length < 8) return losses.means;
  const every = Math.ceil(byEpoch.length / 64);
  return byEpoch.filter((_, i) => i % every === 0);
}

export interface LossCourse extends Trend {
  readonly start: number;
  readonly now: number;
  /** (start - now) / |start|. */
  readonly fall: number;
  readonly parts: number;
}

/** Where the loss began, where it is, and whether that is a trend. Null with fewer than eight parts. */
export function lossCourse(history: History): LossCourse | null {
  const series = lossSeries(history);
  if (series.length < 8) return null;
  const few = Math.max(2, Math.floor(series.length / 8));
  const start = medianOf(series.slice(0, few));
  const now = medianOf(series.slice(-few));
  return { ...trendOf(series), start, now, fall: (start - now) / Math.max(Math.abs(start), 1e-12), parts: series.length };
}

/** 99% one-sided: a normal deviate below -2.33. */
export const isFalling = ({ score }: Trend): boolean => score < -2.33;

/** Where the loss has risen to, and from where; null when it has not, or may have by chance. */
export function riseOf(history: History): { readonly from: number; readonly to: number } | null {
  const { firstLosses, recentLosses, losses, epochs } = history;
  if (learnsWell(history)) return null;
  const from = medianOf(firstLosses);
  const scale = Math.max(Math.abs(from), 1e-12);
  // Of ten first and twenty newest readings that are alike, all of the newest above all of the first: 10!20!/30! = 3e-8.
  const many = firstLosses.length >= 10 && recentLosses.length >= 20 && losses.means.length + losses.pending >= 30;
  const to = medianOf(recentLosses);
  if (many && Math.min(...recentLosses) > Math.max(...firstLosses) && to - from > 0.2 * scale) return { from, to };
  // Ten times the largest of the first three, in three in a row that grow: noise of that size does not come in order.
  const early = firstLosses.slice(0, 3);
  const newest = recentLosses.slice(-3);
  if (early.length === 3 && recentLosses.length >= 5) {
    const border = Math.max(...early) + 9 * Math.max(...early.map(Math.abs));
    if (newest.every((each) => each > border) && (newest[2] ?? 0) >= (newest[1] ?? 0) && (newest[1] ?? 0) >= (newest[0] ?? 0)) return { from: medianOf(early), to: medianOf(newest) };
  }
  // Whole epochs are means over the same samples: five in a row above the first one, and by half of it, are no noise.
  const byEpoch = epochs.flatMap(({ loss }) => loss ?? []);
  const [first] = byEpoch;
  const last = byEpoch.slice(-5);
  if (first !== undefined && byEpoch.length >= 8 && last.every((each) => each - first > 0.5 * Math.max(Math.abs(first), 1e-12))) return { from: first, to: medianOf(last) };
  return null;
}

/**
 * Whether the loss jumps about without getting on: half of the changes are turns anyway in pure noise (2/3 for
 * independent values), so what counts is how wide the turns are beside the level, over epochs, and that nothing falls.
 */
export function oscillationOf({ epochs }: History): { readonly amplitude: number; readonly turns: number; readonly epochs: number } | null {
  const values = epochs.flatMap(({ loss }) => loss ?? []).slice(-20);
  if (values.length < 10) return null;
  const changes = values.slice(1).map((each, i) => each - (values[i] ?? NaN));
  const turns = changes.slice(1).filter((each, i) => each * (changes[i] ?? 0) < 0).length / (changes.length - 1);
  const amplitude = medianOf(changes.map(Math.abs)) / Math.max(Math.abs(medianOf(values)), 1e-12);
  return turns >= 0.5 && amplitude >= 0.2 && !isFalling(trendOf(values)) ? { amplitude, turns, epochs: values.length } : null;
}

/** Whether the run came far enough for "it has not learned" to be a verdict: half of what was planned. */
export const isLate = ({ epoch, plannedEpochs }: History): boolean => plannedEpochs === null || epoch >= plannedEpochs / 2;

/** Measurements before a model that does not learn well yet is held to be one that does not: 100 steps and more as measured by default. */
const timeToLearn = 15;

/** Whether the model gets on, or has not had the time to: what is odd in it does not seem to be in its way. */
export function getsOn(history: History): boolean {
  if (history.measurements < timeToLearn) return true;
  if (learned(history) !== null) return learnsWell(history);
  const course = lossCourse(history);
  return course === null || isFalling(course);
}
