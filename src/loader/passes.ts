import type { Pass } from './pass.js';

type MakePass = (epoch: number, from: number, following: () => Pass | undefined) => Pass;

/** Opens passes, and guesses which is next, so that its first batches are made ahead. A wrong guess costs those batches, and changes nothing. */
export class Passes {
  readonly #make: MakePass;
  /** Begun ahead, and not yet opened. */
  #ahead: Pass | undefined;
  /** The last epoch whose batches were all asked for. */
  #last: number | undefined;

  constructor(make: MakePass) {
    this.#make = make;
  }

  open(epoch: number, from: number): Pass {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead?.isOver === false && ahead.epoch === epoch && from === 0) return ahead.open();
    ahead?.abandon();
    return this.#pass(epoch, from).open();
  }

  #pass(epoch: number, from: number): Pass {
    return this.#make(epoch, from, () => this.#guess(epoch));
  }

  /** A validation reads the same epoch again. A training goes from one to the next, and another training begins anew. */
  #guess(epoch: number): Pass | undefined {
    const next = this.#last === epoch ? epoch : epoch + 1;
    this.#last = epoch;
    // Of several readers one is served.
    if (this.#ahead?.isOver === false) return undefined;
    try {
      return (this.#ahead = this.#pass(next, 0));
    } catch {
      // An order of the user's that has none for that epoch: it may never be read.
      return undefined;
    }
  }
}
