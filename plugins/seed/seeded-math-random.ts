import type { RandomStream } from 'trainscope/plugin';

/** Those in force, the latest last: several trainers may run in one process, and the original must come back in the end. */
const inForce = new Map<SeededMathRandom, RandomStream>();
let original: (() => number) | undefined;

const seeded = (): number => {
  const stream = [...inForce.values()].at(-1);
  return stream === undefined ? 0 : stream.float();
};

/**
 * Puts a seeded generator in the place of Math.random, for a time. TensorFlow.js draws the seeds of its unseeded random
 * operations (dropout, noise, initialisers) from Math.random, so this reaches all of them.
 */
export class SeededMathRandom {
  /** Draws from this stream from now on, before any other trainer's. */
  use(stream: RandomStream): void {
    inForce.delete(this);
    inForce.set(this, stream);
    if (original !== undefined) return;
    original = Math.random;
    Math.random = seeded;
  }

  /** Puts the original back with the last one. @returns false when someone else has replaced it meanwhile: then it is left alone. */
  restore(): boolean {
    inForce.delete(this);
    if (inForce.size > 0 || original === undefined) return true;
    const before = original;
    original = undefined;
    if (Math.random !== seeded) return false;
    Math.random = before;
    return true;
  }
}
