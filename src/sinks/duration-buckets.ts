/** Upper bounds of the time of a step, s: 0.5 ms to 65 s, each twice the one before, from a small model on a CPU to a large one. */
export const durationBuckets: readonly number[] = Array.from({ length: 18 }, (_, i) => 0.0005 * 2 ** i);
