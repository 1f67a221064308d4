import { byAge } from './by-age.js';
import type { CheckpointEntry } from './content.js';

/** Which checkpoints stay when there are more of them. */
export interface RetentionPolicy {
  /** How many of the newest. */
  readonly keepLast: number | 'all';
  /** How many of those with the best value of the metric. */
  readonly keepBest: number;
  /** Whether a lower or a higher value is better. */
  readonly mode: 'min' | 'max';
}

/**
 * The names of the checkpoints that may go, oldest first: neither among the newest nor among the best, nor lasting.
 * NaN is the worst value; of equal values the older one stays, as later ones brought nothing. Values of another metric
 * than the latest one's cannot be compared with it and do not count.
 *
 * @example
 * expendable(entries, { keepLast: 3, keepBest: 1, mode: 'min' }) // ['step-00000010']
 */
export function expendable(entries: readonly CheckpointEntry[], { keepLast, keepBest, mode }: RetentionPolicy): readonly string[] {
  if (keepLast === 'all') return [];
  const oldestFirst = entries.toSorted(byAge).toReversed();
  const metric = oldestFirst.findLast(({ facts }) => facts.metric !== null)?.facts.metric?.name;
  const best = oldestFirst.filter(({ facts }) => facts.metric !== null && facts.metric.name === metric).toSorted((a, b) => byValue(valueOf(a), valueOf(b), mode));
  const kept = new Set([...oldestFirst.slice(Math.max(0, oldestFirst.length - keepLast)), ...best.slice(0, keepBest)]);
  return oldestFirst.filter((entry) => !entry.facts.lasting && !kept.has(entry)).map(({ name }) => name);
}

const valueOf = ({ facts }: CheckpointEntry): number => facts.metric?.value ?? NaN;

/** The better one first. Not by subtraction: of two infinities it is NaN. */
function byValue(a: number, b: number, mode: 'min' | 'max'): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  if (a === b) return 0;
  return a < b === (mode === 'min') ? -1 : 1;
}
