import type { TrainscopeEvent } from './envelope.js';

/**
 * Where events go. The bus calls write() once an event, in the order of seq, and does not wait for the promise of one
 * before it writes the next. A sink that throws or whose promise rejects is detached and closed; the run goes on.
 *
 * A sink must bound what it holds: when its destination cannot keep up it leaves events out and counts them in `lost`.
 */
export interface Sink {
  /** For messages and in `sink-error` and `sink-loss`; say where it goes: `file:run.jsonl`. */
  readonly name: string;
  write(event: TrainscopeEvent): void | Promise<void>;
  /** Resolves when all that was written before is where it should be. */
  flush?(): Promise<void>;
  /** Flushes and gives back what the sink holds. Called once, also after a failure; nothing is written afterwards. */
  close?(): Promise<void>;
  stats?(): SinkStats;
}

export interface SinkStats {
  /** Events handed to the destination. */
  readonly written: number;
  /** Events left out, because the destination could not keep up or failed. Never falls. */
  readonly lost: number;
}
