import { defineLoader } from 'trainscope/loader';

export interface WatchedOptions {
  readonly count: number;
  /** In shared memory: [batches that were begun, batches that are let through, times that close() was called]. */
  readonly shared: Int32Array;
  /** Whether a batch waits until it is let through. */
  readonly gated?: boolean;
}

/** Says what it does in shared memory, and waits there to be let on. */
export default defineLoader(({ count, shared, gated = false }: WatchedOptions) => ({
  count,
  batch(indices) {
    const nth = Atomics.add(shared, 0, 1);
    Atomics.notify(shared, 0);
    // 30 s: a test that never lets it through fails, and does not hang.
    while (gated && Atomics.load(shared, 1) <= nth) if (Atomics.wait(shared, 1, Atomics.load(shared, 1), 30_000) === 'timed-out') throw new Error('not let through');
    return { inputs: { values: Float32Array.from(indices), shape: [indices.length, 1] }, labels: { values: Float32Array.from(indices), shape: [indices.length, 1] } };
  },
  close() {
    Atomics.add(shared, 2, 1);
  },
}));
