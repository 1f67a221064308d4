import type { Samples } from '../data/source.js';
import type { Job } from './messages.js';

/** How a job ended. What was thrown may be anything. */
export type Made = { readonly kind: 'made'; readonly samples: Samples } | { readonly kind: 'failed'; readonly error: unknown };

/** A batch that was asked for, and its answer once there is one. */
export class Ticket {
  readonly id: number;
  readonly job: Job;
  #made: Made | undefined;
  #tell: ((made: Made) => void) | undefined;

  constructor(id: number, job: Job) {
    this.id = id;
    this.job = job;
  }

  /** Undefined as long as the batch is being made. */
  get made(): Made | undefined {
    return this.#made;
  }

  /** The first answer counts. */
  settle(made: Made): void {
    if (this.#made !== undefined) return;
    this.#made = made;
    this.#tell?.(made);
  }

  /** For one who waits. */
  whenMade(): Promise<Made> {
    return new Promise((resolve) => {
      if (this.#made !== undefined) resolve(this.#made);
      else this.#tell = resolve;
    });
  }
}
