import type { Finding } from '../finding.js';
import type { History } from './history.js';
import type { Statistics } from './statistics.js';

type Metrics = Readonly<Record<string, number>>;

/** What happens in a run, as rules see it: the same live and from a log. */
export type Seen = { readonly step: number; readonly epoch: number } & (
  | { readonly event: 'run-start'; readonly data: { readonly epochs: number; readonly regularised: boolean | null } }
  /** A saved run goes on. The epochs of its fit may be others now; null when not told. */
  | { readonly event: 'resume'; readonly data: { readonly plannedEpochs: number | null } }
  | { readonly event: 'training-statistics'; readonly data: Statistics }
  | { readonly event: 'step'; readonly data: { readonly loss: number; readonly learningRate: number } }
  | { readonly event: 'epoch-end'; readonly data: { readonly metrics: Metrics; readonly validation: Metrics | null } }
  | { readonly event: 'run-end'; readonly data: { readonly reason: 'completed' | 'stopped' | 'aborted' | 'failed' } }
);

/**
 * A rule is a pure function of the history of a run, which knows the event that is looked at already: no clock, no
 * randomness, no tensors. What has been said is not its affair.
 */
export interface Rule {
  readonly name: string;
  /** After which events it looks. */
  readonly on: readonly Seen['event'][];
  readonly look: (history: History, event: Seen) => readonly Finding[];
}

export const rule = (name: string, on: Rule['on'], look: Rule['look']): Rule => ({ name, on, look });
