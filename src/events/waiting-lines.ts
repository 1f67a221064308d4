/** Lines that were handed to a stream and may not be on the disk yet, known by their lengths in bytes. */
export class WaitingLines {
  readonly #lengths: number[] = [];
  #partly = 0;
  #joined = 0;
  #left = 0;

  /** How many were ever handed over. */
  get joined(): number {
    return this.#joined;
  }

  /** How many of them were written. */
  get left(): number {
    return this.#left;
  }

  /** The bytes of those that were not. */
  get bytes(): number {
    return this.#lengths.reduce((sum, length) => sum + length, -this.#partly);
  }

  join(bytes: number): void {
    this.#lengths.push(bytes);
    this.#joined += 1;
  }

  /** So many bytes were written, which may end in the midst of a line. */
  leave(bytes: number): void {
    this.#partly += bytes;
    let lines = 0;
    for (let next = this.#lengths[lines]; next !== undefined && this.#partly >= next; next = this.#lengths[lines]) {
      this.#partly -= next;
      lines += 1;
    }
    this.#lengths.splice(0, lines);
    this.#left += lines;
  }

  /** Waits for none of them any more, and says how many had not been written. */
  abandon(): number {
    this.#partly = 0;
    return this.#lengths.splice(0).length;
  }
}
