import { medianAbsoluteDeviation, probit } from 'simple-statistics';
import type { History } from './history.js';
import { medianOf } from './trend.js';

/** Fewer choices, or fewer changes to know their noise by, tell nothing. */
const fewest = 10;
/** What is within so many deviations of the best might as well have come out best. */
const near = 3;

/** How much of the best validation loss of a run may be luck. */
export interface Optimism {
  /** Expected distance of the best of `choices` from their mean. */
  readonly optimism: number;
  readonly choices: number;
  /** Standard deviation of the validation loss about its course. */
  readonly noise: number;
  readonly best: number;
  readonly bestEpoch: number;
}

/**
 * The lowest of n readings with noise s lies below their mean by s z(n), z the expected largest of n standard normal
 * numbers: Phi^-1((n - 0.375) / (n + 0.25)) (Blom, 1958). The noise is that of the second differences, which a course
 * that is straight over three epochs leaves out: their deviation is s sqrt(6).
 */
export function optimismOf({ epochs }: Pick<History, 'epochs'>): Optimism | null {
  const seen = epochs.flatMap(({ epoch, validation }) => (validation === null ? [] : [{ epoch, validation }]));
  if (seen.length < fewest) return null;
  const values = seen.map(({ validation }) => validation);
  // Of the later half: while a model learns, the course itself bends.
  const late = values.slice(Math.floor(values.length / 2));
  const bends = late.slice(2).map((each, i) => each - 2 * (late[i + 1] ?? NaN) + (late[i] ?? NaN));
  if (bends.length < 3) return null;
  const noise = (1.4826 * medianAbsoluteDeviation(bends)) / Math.sqrt(6);
  const best = seen.reduce((a, b) => (b.validation < a.validation ? b : a));
  const choices = values.filter((each) => each <= best.validation + near * noise).length;
  return { optimism: choices < 2 ? 0 : noise * probit((choices - 0.375) / (choices + 0.25)), choices, noise, best: best.validation, bestEpoch: best.epoch };
}

/** Where the later half of the validation losses lies: what the luck of the best is to be held against. */
export const levelOf = ({ epochs }: Pick<History, 'epochs'>): number => {
  const values = epochs.flatMap(({ validation }) => validation ?? []);
  return medianOf(values.slice(Math.floor(values.length / 2)));
};
