/**
 * Pulls items ahead of their being asked for, at most `capacity` of them and one at a time. A full queue pulls nothing: the
 * source waits for the consumer. Errors are items here: `pull` must not reject. After an item that `isFinal`, nothing is pulled.
 */
export class BoundedQueue<T> {
  readonly #pull: () => Promise<T>;
  readonly #isFinal: (item: T) => boolean;
  readonly #capacity: number;
  readonly #items: T[] = [];
  #inFlight: Promise<void> | undefined;
  #final: T | undefined;
  #wanted = Infinity;
  #stopped = false;

  constructor(pull: () => Promise<T>, isFinal: (item: T) => boolean, capacity: number) {
    this.#pull = pull;
    this.#isFinal = isFinal;
    this.#capacity = capacity;
  }

  /** The next item; the final one again once it has come. No more than `wanted` are pulled beyond it. */
  async next(wanted = Infinity): Promise<T> {
    this.#wanted = wanted;
    if (this.#items.length === 0 && this.#final !== undefined) return this.#final;
    if (this.#items.length === 0) await this.#fetch();
    const item = this.#items.shift() as T;
    this.#fill();
    return item;
  }

  /** Pulls no more, waits for the pull that is under way, and gives what was pulled and not asked for. */
  async stop(): Promise<T[]> {
    this.#stopped = true;
    await this.#inFlight;
    return this.#items.splice(0);
  }

  #fetch(): Promise<void> {
    this.#inFlight ??= this.#pull().then((item) => {
      this.#inFlight = undefined;
      this.#items.push(item);
      if (this.#isFinal(item)) this.#final = item;
      this.#fill();
    });
    return this.#inFlight;
  }

  #fill(): void {
    if (!this.#stopped && this.#final === undefined && this.#items.length < Math.min(this.#capacity, this.#wanted)) void this.#fetch();
  }
}
