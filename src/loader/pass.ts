import type { Samples } from '../data/source.js';
import type { EpochBatches } from './epoch-batches.js';
import { loaderClosed } from './loader-error.js';
import type { ThreadPool } from './thread-pool.js';
import type { Made, Ticket } from './ticket.js';

/** What is counted of all passes. */
export interface Counts {
  /** Batches that were taken. */
  taken: number;
  /** Of these, how many were not there yet when they were asked for. */
  waited: number;
  /** ms that were waited for them. */
  waitedMs: number;
}

export interface PassSettings {
  readonly pool: ThreadPool;
  readonly epoch: number;
  readonly batches: EpochBatches;
  /** The first batch that is wanted. */
  readonly from: number;
  /** Batches that may be asked for and not yet taken. */
  readonly window: number;
  readonly counts: Counts;
}

const over: IteratorResult<Samples> = { done: true, value: undefined };

/** One way through the batches of an epoch, in their order: asks the threads for as many as there is room for, and hands them out. */
export class Pass implements AsyncIterator<Samples> {
  readonly #settings: PassSettings;
  /** Asked for and not taken, in their order. */
  readonly #tickets: Ticket[] = [];
  /** The next to be asked for. */
  #next: number;
  #isOver = false;

  constructor(settings: PassSettings) {
    this.#settings = settings;
    this.#next = settings.from;
    this.#fill();
  }

  /** The next batch: without a turn of the event loop where it is there. @throws DataError LOADER_FAILED, LOADER_CLOSED */
  async next(): Promise<IteratorResult<Samples>> {
    const { pool, counts } = this.#settings;
    if (this.#isOver) return over;
    if (pool.isClosed) throw this.#ended(loaderClosed());
    pool.drain();
    const ticket = this.#tickets.shift();
    if (ticket === undefined) {
      this.#isOver = true;
      return over;
    }
    // Before anything is waited for: the threads go on while the training computes.
    this.#fill();
    const made = ticket.made ?? (await this.#waited(ticket));
    counts.taken += 1;
    if (made.kind === 'failed') throw this.#ended(made.error);
    return { done: false, value: made.samples };
  }

  /** Ends it early: what was asked for is not made any more, or let go. */
  return(): Promise<IteratorResult<Samples>> {
    this.#ended(undefined);
    return Promise.resolve(over);
  }

  async #waited(ticket: Ticket): Promise<Made> {
    const { pool, counts } = this.#settings;
    const began = performance.now();
    const made = await pool.wait(ticket);
    counts.waited += 1;
    counts.waitedMs += performance.now() - began;
    return made;
  }

  #fill(): void {
    const { pool, epoch, batches, window } = this.#settings;
    while (!this.#isOver && this.#tickets.length < window && this.#next < batches.length) {
      const batch = this.#next++;
      this.#tickets.push(pool.make({ epoch, batch, indices: batches.indicesOf(batch) }));
    }
  }

  #ended(error: unknown): Error {
    this.#isOver = true;
    this.#settings.pool.drop(new Set(this.#tickets.splice(0)));
    return error as Error;
  }
}
