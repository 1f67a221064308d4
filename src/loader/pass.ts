import type { Samples } from '../data/source.js';
import type { EpochBatches } from './epoch-batches.js';
import { loaderClosed } from './loader-error.js';
import type { ThreadPool } from './thread-pool.js';
import type { Made, Ticket } from './ticket.js';

/** What is counted of all passes. */
export interface Counts {
  /** Batches that were taken. A fit takes the first one twice: once to check it. */
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
  /** The pass that is likely to be next, not yet opened: called when all batches of this one have been asked for. */
  readonly following: () => Pass | undefined;
}

const over: IteratorResult<Samples> = { done: true, value: undefined };

/**
 * One way through the batches of an epoch, in their order: asks the threads for as many as there is room for, and hands
 * them out. Room that is left at its end goes to the pass that is likely to be next, so that the threads do not stand
 * still while an epoch ends, is validated, and another begins.
 */
export class Pass implements AsyncIterator<Samples> {
  readonly #settings: PassSettings;
  /** Asked for and not taken, in their order. */
  readonly #tickets: Ticket[] = [];
  /** The next to be asked for. */
  #next: number;
  #isOpen = false;
  #isOver = false;
  /** Asked for once: there may be none. */
  #following: { readonly pass: Pass | undefined } | undefined;

  constructor(settings: PassSettings) {
    this.#settings = settings;
    this.#next = settings.from;
  }

  get epoch(): number {
    return this.#settings.epoch;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Begins to read it. What it was given before that, it has. */
  open(): this {
    this.#isOpen = true;
    this.#fill(this.#settings.window);
    return this;
  }

  /** Has its first batches made, as many as there is room for. Does nothing once it is open. */
  begin(room: number): void {
    if (!this.#isOpen) this.#fill(room);
  }

  /** It will not be opened. Does nothing once it is. */
  abandon(): void {
    if (!this.#isOpen) this.#ended(undefined);
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
    this.#fill(this.#settings.window);
    const made = ticket.made ?? (await this.#waited(ticket));
    counts.taken += 1;
    if (made.kind === 'failed') throw this.#ended(made.error);
    return { done: false, value: made.samples };
  }

  /** Ends it early: what was asked for is not made any more, or let go. */
  return(): Promise<IteratorResult<Samples>> {
    if (!this.#isOver) this.#ended(undefined);
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

  /** Asks for batches until so many are asked for and not taken. */
  #fill(room: number): void {
    const { pool, epoch, batches, following } = this.#settings;
    while (!this.#isOver && this.#tickets.length < room && this.#next < batches.length) {
      const batch = this.#next++;
      this.#tickets.push(pool.make({ epoch, batch, indices: batches.indicesOf(batch) }));
    }
    if (!this.#isOpen || this.#isOver || this.#next < batches.length) return;
    const left = room - this.#tickets.length;
    if (left > 0) (this.#following ??= { pass: following() }).pass?.begin(left);
  }

  #ended(error: unknown): Error {
    this.#isOver = true;
    this.#settings.pool.drop(new Set(this.#tickets.splice(0)));
    // Whoever leaves an epoch early may go anywhere.
    this.#following?.pass?.abandon();
    return error as Error;
  }
}
