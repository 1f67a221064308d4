import { defineLoader } from 'trainscope/loader';

export interface NoisyOptions {
  readonly count: number;
  /** ms of computing that samples take, by turns: threads come to be at different places. */
  readonly busyMs?: readonly number[];
}

/** Sample i: the inputs are i and a random number of its own, the label is i modulo 2. */
export default defineLoader(({ count, busyMs = [0] }: NoisyOptions) => ({
  count,
  sample(index, { random, epoch }) {
    const until = performance.now() + (busyMs[(index + epoch) % busyMs.length] ?? 0);
    while (performance.now() < until);
    return { inputs: Float64Array.of(index, random.float()), labels: index % 2 };
  },
}));
