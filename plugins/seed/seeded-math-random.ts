import type { RandomStream } from 'trainscope/plugin';

/**
 * Puts a seeded generator in the place of Math.random, for a time. TensorFlow.js draws the seeds of its unseeded random
 * operations (dropout, noise, initialisers) from Math.random, so this reaches all of them.
 */
export class SeededMathRandom {
  #original: (() => number) | undefined;
  #stream: RandomStream | undefined;
  readonly #ours = (): number => (this.#stream === undefined ? 0 : this.#stream.float());

  /** Draws from this stream from now on. */
  use(stream: RandomStream): void {
    this.#stream = stream;
    if (this.#original !== undefined) return;
    this.#original = Math.random;
    Math.random = this.#ours;
  }

  /** Puts the original back. @returns false when someone else has replaced it meanwhile: then it is left alone. */
  restore(): boolean {
    const original = this.#original;
    this.#original = undefined;
    if (original === undefined) return true;
    if (Math.random !== this.#ours) return false;
    Math.random = original;
    return true;
  }
}
