import { digits, finding, percent } from '../finding.js';
import { rule } from './rule.js';
import { medianOf } from './trend.js';

/**
 * As the plugin gpuProfiler has it, so that the two agree: half of the loop, a second in all (the limit of an
 * uninterrupted thought: Nielsen, Usability Engineering, 1993), and 2 ms a step, over 50 steps or more. A batch in memory
 * costs less than that, and may yet take half of the loop of a small model. A warning at the end of a run is for a wait
 * that is worth the work of mending it: 10 s in all, the limit of keeping one's attention (Nielsen again), or 3 s where
 * the training would be five times as fast without; chosen here.
 */
const clear = { share: 0.5, milliseconds: 1000, perStep: 2, steps: 50, worthMending: 10_000 };
const starved = { share: 0.8, worthMending: 3000 };

export const dataBound = rule('data-bound', ['run-end'], ({ latest, pace, step }) => {
  const { data, total } = latest?.times ?? { data: 0, total: 0 };
  const share = data / total;
  const steps = step - pace.from;
  if (!(share >= clear.share) || data < clear.milliseconds) return [];
  return [
    finding({
      rule: 'data-bound',
      severity: steps >= clear.steps && data >= Math.max(share >= starved.share ? starved.worthMending : clear.worthMending, clear.perStep * steps) ? 'warning' : 'info',
      message: `the training waited for data in ${percent(share)} of its time (${digits(data / 1000)} s in ${steps} steps)`,
      evidence: { share, milliseconds: data, steps, perStep: steps > 0 ? data / steps : null },
      remedy: 'Prefetch batches, decode and scale the data once in advance, or keep it in memory.',
    }),
  ];
});

/** Less than this in a whole run is the garbage collector; less than this in one stretch is a time slice of another process, which on a busy machine come by the hundred. */
const worthAWord = { milliseconds: 500, share: 0.1, each: 50 };

/** Always an info: time alone does not tell what the training does from what the machine does besides. */
export const stepTimeOutlier = rule('step-time-outlier', ['run-end'], ({ latest, pace }) => {
  const { loop = NaN } = latest?.times ?? {};
  const { count, excess, largest, steps, usual } = pace;
  const share = excess / loop;
  if (count === 0 || excess < worthAWord.milliseconds || excess < worthAWord.each * count || !(share >= worthAWord.share)) return [];
  return [
    finding({
      rule: 'step-time-outlier',
      severity: 'info',
      message: `${count} ${count === 1 ? 'stretch of steps stands' : 'stretches of steps stand'} out of the usual ${digits(medianOf(usual))} ms a step, and took ${digits(excess / 1000)} s more (${percent(share)} of the loop)`,
      where: { steps: { from: steps[0] ?? 0, to: steps.at(-1) ?? 0 } },
      evidence: { count, steps, milliseconds: excess, largest, usual: medianOf(usual), share },
      remedy: 'See what happens at these steps: a source that opens files or fills a buffer, checkpoints and plugins that write, shapes that differ from batch to batch, or another process on the machine.',
    }),
  ];
});
