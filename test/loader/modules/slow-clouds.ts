import { defineLoader } from 'trainscope/loader';
import { clouds } from '../../support/small-run.js';

/** Two clouds with noise at random, 4 numbers a sample, made slowly: some ms a batch of 8. */
export default defineLoader(({ samples, busyMs }: { readonly samples: number; readonly busyMs: number }) => {
  const { inputs, labels } = clouds(samples);
  return {
    count: samples,
    sample(index, { random }) {
      const until = performance.now() + busyMs / 8;
      while (performance.now() < until);
      return { inputs: inputs.values.slice(index * 4, index * 4 + 4).map((value) => value + 0.1 * random.normal()), labels: labels[index] ?? 0 };
    },
  };
});
