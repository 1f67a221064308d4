import type { CheckpointEntry } from './content.js';

/** Newest first: by attempt, then by seq; by name where both are equal, so that the order is always the same. */
export const byAge = (a: CheckpointEntry, b: CheckpointEntry): number =>
  b.facts.attempt - a.facts.attempt || b.facts.seq - a.facts.seq || (a.name < b.name ? 1 : -1);
