import type { Trial } from './trial.js';
import { describeVariation } from './variation.js';

const sum = (trials: readonly Trial[], of: (trial: Trial) => number): number => trials.reduce((total, trial) => total + of(trial), 0);
const isLost = ({ lost }: Trial): boolean => lost.length > 0;
const isDifferent = ({ different }: Trial): boolean => different.length > 0;

/**
 * `kills` are those by SIGKILL, `terminations` those by SIGTERM, which is heard. `lost`: runs that could not be resumed, or lost a checkpoint that was complete. `different`: runs that came to their end
 * and are not as without a kill. `identical`: all others.
 */
export const figuresOf = (trials: readonly Trial[]): Readonly<Record<string, number>> => ({
  kills: sum(trials, ({ kills }) => kills.filter((kind) => kind !== 'asked').length),
  lost: trials.filter(isLost).length,
  different: trials.filter(isDifferent).length,
  runs: trials.length,
  identical: trials.filter((trial) => !isLost(trial) && !isDifferent(trial)).length,
  resumes: sum(trials, ({ resumes }) => resumes),
  killsDuringWrite: sum(trials, ({ killsDuringWrite }) => killsDuringWrite),
  killsWhileStarting: sum(trials, ({ kills }) => kills.filter((kind) => kind === 'starting').length),
  killsWhenEnded: sum(trials, ({ kills }) => kills.filter((kind) => kind === 'ended').length),
  terminations: sum(trials, ({ kills }) => kills.filter((kind) => kind === 'asked').length),
  leftovers: sum(trials, ({ leftovers }) => leftovers),
  orphans: sum(trials, ({ orphans }) => orphans),
  tornLines: sum(trials, ({ tornLines }) => tornLines),
});

/** A row for each variation that was run. */
export function rowsOf(trials: readonly Trial[]): readonly Readonly<Record<string, string | number>>[] {
  const variations = new Map(trials.map(({ variation }) => [variation.number, variation]));
  return [...variations.values()].map((variation) => ({ variation: variation.number, of: describeVariation(variation), seed: variation.seed, ...figuresOf(trials.filter((each) => each.variation.number === variation.number)) }));
}

export const failuresOf = (trials: readonly Trial[]) =>
  trials.filter((trial) => isLost(trial) || isDifferent(trial)).map(({ variation, kills, lost, different }) => ({ variation: variation.number, of: describeVariation(variation), kills, lost, different }));
