import type { ControlState, LiveAction } from './actions.js';

/** What the thread of a page is started with. */
export interface PageStart {
  readonly host: string;
  readonly port: number;
  readonly hosts: readonly string[];
  /** Null: nothing can be done from the page. */
  readonly token: string | null;
  readonly title: string;
}

/** The key in workerData. */
export const startKey = 'trainscopePage';

export type ToPage =
  /** Events of one run, a line each. */
  | { readonly kind: 'lines'; readonly runId: string; readonly text: string }
  /** Events that were left out because the page could not keep up, since the last message of this kind. */
  | { readonly kind: 'lost'; readonly runId: string; readonly count: number }
  | { readonly kind: 'state'; readonly state: ControlState }
  /** An action was taken, or not: what is told of it. */
  | { readonly kind: 'answer'; readonly id: number; readonly ok: boolean; readonly message: string }
  /** What there is is to be sent to the browsers, and then told with `flushed`; in `ms` at the latest. */
  | { readonly kind: 'flush'; readonly id: number; readonly ms: number }
  | { readonly kind: 'close' };

export type FromPage =
  | { readonly kind: 'listening'; readonly url: string; readonly port: number; readonly warnings: readonly string[] }
  | { readonly kind: 'failed'; readonly code: string | null; readonly message: string }
  /** A message with lines was read. */
  | { readonly kind: 'taken'; readonly bytes: number }
  | { readonly kind: 'action'; readonly id: number; readonly action: LiveAction }
  | { readonly kind: 'flushed'; readonly id: number };
