/**
 * How many of the latest steps (or epochs) tell how long the next may take. Of ten, the longest bears with a machine whose
 * load varies, and the first, slow ones of a process are soon forgotten.
 */
const remembered = 10;

/** How long the next step or epoch is expected to take: as long as the longest of the latest ones, ms. */
export class NextUnit {
  readonly #latest: number[] = [];

  add(ms: number): void {
    this.#latest.push(ms);
    if (this.#latest.length > remembered) this.#latest.shift();
  }

  /** 0 when none is known. */
  get expected(): number {
    return Math.max(0, ...this.#latest);
  }
}
