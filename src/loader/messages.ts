import type { MessagePort } from 'node:worker_threads';
import type { Samples } from '../data/source.js';
import type { WireError } from '../thread/wire-error.js';

/** What the bootstrap of a thread is started with. */
export interface LoaderStart {
  /** The file: URL of the module whose default export is the loader. */
  readonly module: string;
  readonly options: unknown;
  readonly seed: number;
  readonly index: number;
  readonly threads: number;
  /** Shared: epoch and batch of what is being made, -1 while nothing is. A thread that dies says no more than what stands here. */
  readonly atWork: Int32Array;
  /** Of its own, so that a module may use the worker's parentPort for what it likes. */
  readonly port: MessagePort;
}

/** A batch to be made. */
export interface Job {
  readonly epoch: number;
  /** In the epoch, from 0. */
  readonly batch: number;
  /** Of its samples. */
  readonly indices: Int32Array;
}

export type ToLoader =
  | { readonly kind: 'make'; readonly id: number; readonly job: Job }
  /** Nobody waits for these any more. */
  | { readonly kind: 'drop'; readonly ids: readonly number[] }
  | { readonly kind: 'close' };

/** From a thread: one of the first two, then an answer to each `make` that is not dropped. */
export type FromLoader =
  | { readonly kind: 'ready'; readonly count: number; readonly closes: boolean }
  | { readonly kind: 'broken'; readonly error: WireError }
  | { readonly kind: 'made'; readonly id: number; readonly samples: Samples }
  | { readonly kind: 'failed'; readonly id: number; readonly error: WireError }
  /** The last, of a thread whose module's close() threw. */
  | { readonly kind: 'unclosed'; readonly error: WireError };
