import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/** ms that each look takes, twice. */
const lookMs = 100;

const count = `
  const { parentPort, workerData } = require('node:worker_threads');
  parentPort.postMessage('begun');
  const end = performance.now() + workerData;
  while (performance.now() < end);
`;

function counted(ms: number): number {
  let n = 0;
  for (const end = performance.now() + ms; performance.now() < end; ) n += 1;
  return n;
}

/**
 * How many cores two threads of this process have: 2 where both count as fast together as one alone, 1 where they share one
 * core, because the machine has no other or something else keeps it busy. Nothing can be hidden behind anything on one.
 */
export async function freeCores(): Promise<number> {
  const alone = counted(lookMs);
  const worker = new Worker(count, { eval: true, workerData: 3 * lookMs });
  await once(worker, 'message');
  const together = counted(lookMs);
  await worker.terminate();
  return Math.min(2, (2 * together) / alone);
}

/** Less is not two cores: a look of 100 ms is off by some percent. */
export const enoughCores = 1.75;

/** ms between looks while something else is busy. */
const pauseMs = 1000;

/**
 * Measures while the machine has nothing else to do: what something else was busy beside, before or after it, is measured
 * again, as long as there is patience.
 */
export class Quiet {
  #patienceMs: number;
  #cores: number[] = [];
  /** Measures that were made again. */
  repeated = 0;

  /** @param patienceMs For all that is measured together. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** Of the measures that count: how many cores were free at the worse of the looks before and after each. */
  take(): number[] {
    return this.#cores.splice(0);
  }

  async measure<T>(way: () => Promise<T>): Promise<T> {
    for (;;) {
      const began = performance.now();
      let before = await freeCores();
      while (before < enoughCores && performance.now() - began < this.#patienceMs) {
        await sleep(pauseMs);
        before = await freeCores();
      }
      const result = await way();
      const cores = Math.min(before, await freeCores());
      const isLast = performance.now() - began >= this.#patienceMs;
      if (cores < enoughCores) this.#patienceMs -= Math.min(this.#patienceMs, performance.now() - began);
      if (cores >= enoughCores || isLast) {
        this.#cores.push(cores);
        return result;
      }
      this.repeated += 1;
    }
  }
}
