import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Longest stretch, in ms, that the loop keeps the event loop from turning. On cpu, wasm and tfjs-node an awaited data()
 * never lets it turn, so without this no timer, signal handler, socket or log transport would run until the fit ends.
 * 50 ms is below what a person notices (Nielsen's 100 ms), and a turn costs some 10 us: 0.02% at most.
 */
export const longestStretch = 50;

/** Lets the event loop turn when it has not for a while. */
export class Pace {
  #last = performance.now();

  /** Whether it is time. Cheap: one reading of the clock. */
  get isDue(): boolean {
    return performance.now() - this.#last >= longestStretch;
  }

  async turn(): Promise<void> {
    await nextTurn();
    this.#last = performance.now();
  }
}
