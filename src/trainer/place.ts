import type { FeedMark } from './batch-feed.js';
import type { SavedSums } from './running-sums.js';

/**
 * Where between two hooks a fit stands: after a step, after the last step of an epoch and before its end, or after
 * an epoch. A resumed fit goes on there.
 */
export type PlaceKind = 'in-epoch' | 'steps-done' | 'between-epochs';

/** What the loop itself holds at such a place, beside counters. */
export interface LoopPlace {
  readonly at: PlaceKind;
  /** Whether a validation of the last step was begun and not finished. */
  readonly validationDue: boolean;
  /** Applied in the last step. */
  readonly lastRate: number;
  readonly feed: FeedMark;
  readonly sums: SavedSums;
  /** How often the validation data was opened: its order may depend on it. */
  readonly validationOpens: number;
}
