/** A stop that can be waited for beside other work, so that data which never comes cannot hold a fit. */
export class Interrupt {
  readonly #waiting = new Set<() => void>();
  #fired = false;

  get fired(): boolean {
    return this.#fired;
  }

  fire(): void {
    this.#fired = true;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /**
   * The value of the work, or undefined when the stop came first. What comes late is handed to `onLate`, and what
   * fails late fails unheard: nobody waits for it any more.
   */
  async unlessFired<T>(work: T | PromiseLike<T>, onLate: (value: T) => void = () => undefined): Promise<{ readonly value: T } | undefined> {
    if (!isThenable(work)) return { value: work };
    let isLate = false;
    let wake: () => void = () => undefined;
    const stopped = new Promise<undefined>((resolve) => {
      wake = () => {
        isLate = true;
        resolve(undefined);
      };
      if (this.#fired) wake();
      else this.#waiting.add(wake);
    });
    const done = Promise.resolve(work).then((value) => {
      if (isLate) onLate(value);
      return { value };
    });
    done.catch(() => undefined);
    try {
      return await Promise.race([done, stopped]);
    } finally {
      this.#waiting.delete(wake);
    }
  }
}

const isThenable = <T>(value: T | PromiseLike<T>): value is PromiseLike<T> => typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

/** Thrown where a stop ends the opening of a fit; the trainer turns it into the reason of the result. */
export class StoppedEarly extends Error {}
