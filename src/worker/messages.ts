import type { MessagePort } from 'node:worker_threads';
import type { TrainscopeEvent } from '../events/index.js';
import type { WireError } from '../thread/wire-error.js';

/** What the bootstrap of the worker is started with. */
export interface WorkerStart {
  /** The file: URL of the module whose default export trains. */
  readonly module: string;
  readonly data: unknown;
  /** Of its own, so that a training may use the worker's parentPort for what it likes. */
  readonly port: MessagePort;
  /** Why the training is to stop, where that was asked before it began. */
  readonly stopped: string | null;
}

/** From the worker to the main thread, in this order: any of the first three, then one of the last two. */
export type FromWorker =
  | { readonly kind: 'event'; readonly event: TrainscopeEvent }
  /** All that came before is to be written, and then told with `flushed`. */
  | { readonly kind: 'flush'; readonly id: number }
  | { readonly kind: 'trouble'; readonly message: string }
  | { readonly kind: 'done'; readonly result: unknown; readonly lost: number }
  | { readonly kind: 'failed'; readonly error: WireError; readonly lost: number };

export type ToWorker =
  /** How many events have come and been handled, from the first one on. */
  | { readonly kind: 'handled'; readonly count: number }
  | { readonly kind: 'flushed'; readonly id: number }
  | { readonly kind: 'stop'; readonly message: string };
