import type { Batch } from './batch.js';
import type { Target } from './target.js';

/** Runs that follow one another: enough to be worth sending, few enough for both processes to end together. */
const batchRuns = 500;

/** The runs of all targets by their shares, at least one each while there are any. Each batch has a seed of its own. */
export function batchesOf(targets: readonly Target[], runs: number, seed: number): Batch[] {
  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  const batches: Batch[] = [];
  let left = runs;
  targets.forEach(({ name, share }, i) => {
    const own = i === targets.length - 1 ? left : Math.min(left, Math.max(1, Math.round((runs * share) / shares)));
    left -= own;
    for (let from = 0; from < own; from += batchRuns) batches.push({ target: name, seed: (seed + batches.length) | 0, from: 0, runs: Math.min(batchRuns, own - from) });
  });
  return batches;
}
