import { inspect } from 'node:util';
import fc from 'fast-check';
import { Crash, judge, Strays } from './judge.js';
import { guardedPlace, type GuardedPlace } from './place.js';
import type { Target } from './target.js';

/** Runs that belong together: everything in them follows from the name, the seed and the first run's number. */
export interface Batch {
  readonly target: string;
  readonly seed: number;
  /** The number of its first run within the seed. */
  readonly from: number;
  readonly runs: number;
}

/** A run that went wrong, and how to see it again. */
export interface CrashReport {
  readonly target: string;
  readonly seed: number;
  /** fast-check's path: of the smallest value found. */
  readonly path: string;
  readonly reason: string;
  /** As code. */
  readonly value: string;
}

export interface BatchResult {
  readonly runs: number;
  readonly crashes: readonly CrashReport[];
  /** 'accepted' or an error's code -> runs. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** The slowest run, ms. */
  readonly slowest: number;
}

/** Looking for a smaller value may take so long, ms. */
const shrinkMs = 5_000;
/** Values that are shown are cut. */
const maxShown = 2_000;

function asCode(value: unknown): string {
  try {
    return fc.stringify(value);
  } catch {
    // Nested deeper than fast-check can write.
    return inspect(value, { depth: 5 });
  }
}

const show = (value: unknown): string => {
  const text = asCode(value);
  return text.length > maxShown ? `${text.slice(0, maxShown)}… (${text.length} characters)` : text;
};

const reasonOf = (details: fc.RunDetails<[unknown]>): string => (details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance));

/** A reason without what differs from value to value: what was thrown, and where. */
export const kindOf = (reason: string): string => reason.replace(/^(\w+): .*( at \S+)$/, '$1$2').replace(/"[^"]*"|\d{4,}/g, '');

/** Runs batches in this process. One place and one set of listeners serve for all of them. */
export class Runner {
  readonly #place: GuardedPlace = guardedPlace();
  readonly #strays = new Strays();
  readonly #seen = new Set<string>();

  constructor() {
    this.#strays.listen();
  }

  close(): void {
    this.#strays.leave();
    this.#place.remove();
  }

  /** @param tell Told the number of each run before it begins. */
  async run(target: Target, { seed, from, runs }: Batch, tell: (run: number) => void = () => undefined): Promise<BatchResult> {
    const crashes: CrashReport[] = [];
    const outcomes: Record<string, number> = {};
    let slowest = 0;
    let next = from;
    const property = fc.asyncProperty(target.values, async (value) => {
      tell(next);
      next += 1;
      const began = performance.now();
      const outcome = await judge(target, value, this.#place, this.#strays);
      slowest = Math.max(slowest, performance.now() - began);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    });
    while (next < from + runs) {
      const details = await fc.check(property, { seed, path: String(next), numRuns: from + runs - next, endOnFailure: true });
      if (!details.failed) break;
      const kind = kindOf(reasonOf(details));
      crashes.push(this.#seen.has(kind) ? this.#report(target, details) : await this.#shrunk(target, details, kind));
      this.#seen.add(kind);
    }
    return { runs, crashes, outcomes, slowest };
  }

  /** The same fault with the smallest value that can be found in the time. */
  async #shrunk(target: Target, details: fc.RunDetails<[unknown]>, kind: string): Promise<CrashReport> {
    const property = fc.asyncProperty(target.values, async (value) => {
      try {
        await judge(target, value, this.#place, this.#strays);
      } catch (error) {
        // Another fault on the way is not this one.
        if (error instanceof Crash && kindOf(error.message) === kind) throw error;
      }
    });
    const smaller = await fc.check(property, { seed: details.seed, path: details.counterexamplePath ?? '', numRuns: 1, interruptAfterTimeLimit: shrinkMs });
    return this.#report(target, smaller.failed && smaller.counterexample !== null ? smaller : details);
  }

  #report({ name }: Target, details: fc.RunDetails<[unknown]>): CrashReport {
    return { target: name, seed: details.seed, path: details.counterexamplePath ?? '', reason: reasonOf(details), value: show(details.counterexample?.[0]) };
  }
}

/** A run as it would be, without running it: for one that ended its process. */
export function describeRun(target: Target, seed: number, run: number, reason: string): CrashReport {
  const [value] = fc.sample(target.values, { seed, path: String(run), numRuns: 1 });
  return { target: target.name, seed, path: String(run), reason, value: show(value) };
}
