import type { Finding } from '../finding.js';
import type { History } from './history.js';
import type { Statistics } from './statistics.js';

type Metrics = Readonly<Record<string, number>>;

/** What happens in a run, as rules see it: the same live and from a log. */
export type Seen = { readonly step: number; readonly epoch: number } & (
  | { readonly event: 'run-start'; readonly data: { readonly epochs: number; readonly regularised: boolean | null } }
  | { readonly event: 'training-statistics'; readonly data: Statistics }
  | { readonly event: 'step'; readonly data: { readonly loss: number; readonly learningRate: number } }
  | { readonly event: 'epoch-end'; readonly data: { readonly metrics: Metrics; readonly validation: Metrics | null } }
  | { readonly event: 'run-end'; readonly data: { readonly reason: 'completed' | 'stopped' | 'aborted' | 'failed' } }
);

/** What a rule keeps, plain JSON, and what it has to say. */
export interface Step<State> {
  readonly state: State;
  readonly findings: readonly Finding[];
}

/**
 * A rule is a reducer over the events of a run: no clock, no randomness, no tensors. `history` knows this event already
 * and holds what most rules need, so that few keep a state of their own.
 */
export interface Rule<State = unknown> {
  readonly name: string;
  start(): State;
  see(state: State, event: Seen, history: History): Step<State>;
}

/** A rule that needs no more than the history. `on`: after which events it looks. */
export const rule = (name: string, on: readonly Seen['event'][], look: (history: History, event: Seen) => readonly Finding[]): Rule<null> => ({
  name,
  start: () => null,
  see: (state, event, history) => ({ state, findings: on.includes(event.event) ? look(history, event) : [] }),
});
