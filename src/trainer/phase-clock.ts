import type { PhaseTimes } from '../plugin/index.js';

export type Phase = keyof PhaseTimes;

const zero = (): Record<Phase, number> => ({ data: 0, forwardBackward: 0, update: 0, measure: 0, plugins: 0, validation: 0, pace: 0 });

/** Where the time of a fit went. One phase is open at a time; entering one closes the one before. */
export class PhaseClock {
  #spent = zero();
  #phase: Phase | undefined;
  #since = 0;

  /** Opens a phase, and charges the time until now to the one before. @returns the phase that was open. */
  enter(phase: Phase | undefined): Phase | undefined {
    const now = performance.now();
    const before = this.#phase;
    if (before !== undefined) this.#spent[before] += now - this.#since;
    this.#phase = phase;
    this.#since = now;
    return before;
  }

  reset(): void {
    this.#spent = zero();
    this.#phase = undefined;
  }

  /** The phase that is open. */
  get phase(): Phase | undefined {
    return this.#phase;
  }

  /** Milliseconds by phase: a copy that does not change later. */
  get times(): PhaseTimes {
    const spent = { ...this.#spent };
    if (this.#phase !== undefined) spent[this.#phase] += performance.now() - this.#since;
    return spent;
  }
}
