import { loaderClosed } from './loader-error.js';
import type { LoaderThread } from './loader-thread.js';
import type { Job } from './messages.js';
import { Ticket, type Made } from './ticket.js';

/** Gives jobs to the threads. Which of them makes a batch changes nothing in it, so the one with the least to do gets the next. */
export class ThreadPool {
  readonly #threads: readonly LoaderThread[];
  #ids = 0;
  #waiting = 0;
  #closed: Promise<void> | undefined;

  constructor(threads: readonly LoaderThread[]) {
    this.#threads = threads;
  }

  get size(): number {
    return this.#threads.length;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Has a batch made. Of a thread that is dead, and once it is closed, the ticket has its error at once. */
  make(job: Job): Ticket {
    const ticket = new Ticket(this.#ids++, job);
    const broken = this.#threads.find(({ failure }) => failure !== undefined);
    const thread = broken ?? this.#threads.reduce((least, each) => (each.load < least.load ? each : least));
    thread.make(ticket);
    return ticket;
  }

  /** Takes what has come from all threads. */
  drain(): void {
    for (const thread of this.#threads) thread.drain();
  }

  /** The process stays alive meanwhile. */
  async wait(ticket: Ticket): Promise<Made> {
    if (this.#waiting++ === 0) this.#keepAlive(true);
    try {
      return await ticket.whenMade();
    } finally {
      if (--this.#waiting === 0 && !this.isClosed) this.#keepAlive(false);
    }
  }

  drop(tickets: ReadonlySet<Ticket>): void {
    for (const thread of this.#threads) thread.drop(tickets);
  }

  /** All threads have ended when it settles. @throws what one of them could not close */
  close(): Promise<void> {
    return (this.#closed ??= this.#endAll());
  }

  async #endAll(): Promise<void> {
    const ends = await Promise.allSettled(this.#threads.map((thread) => thread.close(loaderClosed())));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  #keepAlive(wanted: boolean): void {
    for (const thread of this.#threads) thread.keepAlive(wanted);
  }
}
