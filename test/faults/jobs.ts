import { RandomStreams } from '../../src/random/index.js';
import { faults } from './faults/index.js';
import { healthyVariants } from './healthy.js';
import type { Recipe } from './recipe.js';
import { setups, type SetupName } from './setups/index.js';

/** One training to look at: plain data, so that it can be handed to another process. */
export interface Job {
  readonly type: 'fault' | 'healthy';
  readonly kind: string;
  readonly setup: SetupName;
  readonly seed: number;
}

export interface Selection {
  readonly kinds: readonly string[] | undefined;
  readonly setups: readonly string[] | undefined;
  readonly faults: boolean;
  readonly healthy: boolean;
  /** Seeds of each fault on each of its set-ups, and of each healthy variant. */
  readonly seeds: number;
  readonly firstSeed: number;
  /** Set-ups a fault, at most. */
  readonly setupsPerFault: number;
}

const seedsFrom = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

/** Faults by their order in the catalogue; then the healthy. Each healthy variant has seeds of its own. */
export function listJobs({ kinds, setups: wanted, faults: faulty, healthy, seeds, firstSeed, setupsPerFault }: Selection): readonly Job[] {
  const isWanted = ({ kind, setup }: Pick<Job, 'kind' | 'setup'>): boolean => (kinds?.includes(kind) ?? true) && (wanted?.includes(setup) ?? true);
  const faultJobs = faults.flatMap(({ kind, setups: own }) =>
    own
      .filter((setup) => isWanted({ kind, setup }))
      .slice(0, setupsPerFault)
      .flatMap((setup) => seedsFrom(firstSeed, seeds).map((seed): Job => ({ type: 'fault', kind, setup, seed }))),
  );
  const healthyJobs = healthyVariants.filter(isWanted).flatMap(({ kind, setup }, i) => seedsFrom(firstSeed + i, seeds).map((seed): Job => ({ type: 'healthy', kind, setup, seed })));
  return [...(faulty ? faultJobs : []), ...(healthy ? healthyJobs : [])];
}

/** The training of a job. */
export function recipeOf({ type, kind, setup, seed }: Job): Recipe {
  const recipe = setups[setup].recipe(seed);
  if (type === 'healthy') {
    const variant = healthyVariants.find((each) => each.kind === kind);
    if (variant === undefined) throw new Error(`there is no healthy variant "${kind}"`);
    return variant.apply(recipe);
  }
  const fault = faults.find((each) => each.kind === kind);
  if (fault === undefined) throw new Error(`there is no fault "${kind}"`);
  return fault.apply(recipe, new RandomStreams(seed).derive(`fault/${kind}`));
}
