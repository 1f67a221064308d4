import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numbers } from '../support/numbers.js';
import { runKilled, runReference, type Reference, type Trial } from './trial.js';
import type { Variation } from './variation.js';

export interface SoakOptions {
  readonly variations: readonly Variation[];
  /** In all. */
  readonly kills: number;
  /** How often one run is killed at the most: enough that resumes are resumed, and few enough for many runs. */
  readonly killsPerRun: number;
  /** Runs at once. */
  readonly workers: number;
  readonly seed: number;
  readonly tell?: (trial: Trial, kills: number) => void;
}

/** Runs and kills trainings, variation after variation and from the first one again, until there were so many kills. */
export async function soak({ variations, kills, killsPerRun, workers, seed, tell }: SoakOptions): Promise<readonly Trial[]> {
  const folder = mkdtempSync(join(tmpdir(), 'trainscope-soak-'));
  const references = new Map<number, Promise<Reference>>();
  const trials: Trial[] = [];
  let [started, taken] = [0, 0];
  const referenceOf = (variation: Variation): Promise<Reference> => {
    const known = references.get(variation.number) ?? runReference(variation, join(folder, `reference-${String(variation.number)}`));
    references.set(variation.number, known);
    return known;
  };
  const work = async (): Promise<void> => {
    while (taken < kills) {
      const run = started;
      started += 1;
      const variation = variations[run % variations.length] as Variation;
      const reference = await referenceOf(variation);
      let left = killsPerRun;
      const takeKill = (): boolean => {
        if (left === 0 || taken >= kills) return false;
        left -= 1;
        taken += 1;
        return true;
      };
      const at = join(folder, `run-${String(run)}`);
      const trial = await runKilled(variation, reference, { folder: at, random: numbers(seed + run), takeKill, giveBackKill: () => (taken -= 1) });
      trials.push(trial);
      tell?.(trial, taken);
      // What failed is left to be looked at.
      if (trial.lost.length === 0 && trial.different.length === 0) rmSync(at, { recursive: true, force: true });
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  if (trials.every(({ lost, different }) => lost.length === 0 && different.length === 0)) rmSync(folder, { recursive: true, force: true });
  return trials;
}
