import { digits, finding, percent } from '../finding.js';
import { rule } from './rule.js';

/** Less waiting than this in a whole run is not worth a change: a step of a small model takes no time beside any source. */
const worthAWord = 5_000;
const worthAWarning = 60_000;

export const dataBound = rule('data-bound', ['run-end'], ({ latest, step }) => {
  const { data, total } = latest?.times ?? { data: 0, total: 0 };
  const share = data / total;
  if (!(share > 0.5) || data < worthAWord) return [];
  return [
    finding({
      rule: 'data-bound',
      severity: share > 0.7 && data > worthAWarning ? 'warning' : 'info',
      message: `the training waited for data in ${percent(share)} of its time (${digits(data / 1000)} s)`,
      evidence: { share, milliseconds: data, perStep: step > 0 ? data / step : null },
      remedy: 'Prefetch batches, decode and scale the data once in advance, or keep it in memory.',
    }),
  ];
});
