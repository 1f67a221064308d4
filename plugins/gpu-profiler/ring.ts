/** Holds the latest values up to a capacity; older ones are counted and forgotten. */
export class Ring<T> {
  #values: T[] = [];
  #next = 0;
  #forgotten = 0;

  constructor(readonly capacity: number) {}

  get size(): number {
    return this.#values.length;
  }

  push(value: T): void {
    if (this.#values.length < this.capacity) {
      this.#values.push(value);
      return;
    }
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.capacity;
    this.#forgotten += 1;
  }

  /** Hands over all values, oldest first, with the number forgotten since the last time, and is empty after. */
  drain(): { readonly values: readonly T[]; readonly forgotten: number } {
    const values = [...this.#values.slice(this.#next), ...this.#values.slice(0, this.#next)];
    const forgotten = this.#forgotten;
    this.#values = [];
    this.#next = 0;
    this.#forgotten = 0;
    return { values, forgotten };
  }
}
