import { digits, finding, percent } from '../finding.js';
import { learned, learnsNothing, lossCourse, lossSeries, isFalling, isLate, oscillationOf, riseOf, learnsWell } from './course.js';
import type { History } from './history.js';
import { rule } from './rule.js';
import { trendOf } from './trend.js';

const alike = (history: History): Record<string, unknown> => ({ association: learned(history)?.mean ?? null, learningRate: history.learningRate });

export const lossRising = rule('loss-rising', ['training-statistics', 'step', 'epoch-end'], (history) => {
  const rise = riseOf(history);
  if (rise === null) return [];
  return [
    finding({
      rule: 'loss-rising',
      severity: 'warning',
      message: `the loss rose from ${digits(rise.from)} at the start to ${digits(rise.to)} and stays there`,
      where: { steps: { from: 1, to: Math.max(1, history.step) } },
      evidence: { ...rise, ...alike(history) },
      remedy: `Lower the learning rate${history.learningRate === null ? '' : ` from ${digits(history.learningRate)} to ${digits(history.learningRate / 10)}`}. If the loss still rises at a hundredth of the rate, look at its sign.`,
    }),
  ];
});

export const lossOscillating = rule('loss-oscillating', ['epoch-end'], (history) => {
  const found = oscillationOf(history);
  if (found === null || learnsWell(history)) return [];
  return [
    finding({
      rule: 'loss-oscillating',
      // Small sets give wide epochs at a loss near 0: only with nothing learned is it sure that the jumps are in the way.
      severity: learnsNothing(history) ? 'warning' : 'info',
      message: `the loss of an epoch changes by ${percent(found.amplitude)} from one to the next and turns in ${percent(found.turns)} of ${found.epochs} epochs, and does not fall`,
      evidence: { ...found, ...alike(history) },
      remedy: `Lower the learning rate${history.learningRate === null ? '' : ` to ${digits(history.learningRate / 3)}`}, or let it fall over the run; take larger batches.`,
    }),
  ];
});

/** What a training that learned nothing looks like at its end; null when it learned, or when that cannot be told. */
export function stuckOf(history: History): { readonly course: ReturnType<typeof lossCourse>; readonly sure: boolean } | null {
  if (!isLate(history) || history.step < 50) return null;
  const course = lossCourse(history);
  if (course === null || riseOf(history) !== null) return null;
  // A loss that fell to the level of a constant answer and stays there is as stuck as one that never fell.
  const series = lossSeries(history);
  const late = series.slice(Math.floor(series.length / 2));
  if (isFalling(course) && (late.length < 8 || trendOf(late).score < -1.28)) return null;
  // Where labels can be compared, they decide. Else it is the loss alone, which may be at its floor.
  if (learned(history) !== null) return learnsNothing(history) ? { course, sure: true } : null;
  return Math.abs(course.fall) < 0.01 ? { course, sure: false } : null;
}

export const lossStuck = rule('loss-stuck', ['run-end'], (history) => {
  const stuck = stuckOf(history);
  if (stuck === null || stuck.course === null) return [];
  const { start, now, score, parts } = stuck.course;
  const known = learned(history);
  return [
    finding({
      rule: 'loss-stuck',
      severity: stuck.sure ? 'warning' : 'info',
      message: `the loss does not fall${now < start ? ' any more' : ''}: ${digits(start)} early, ${digits(now)} at the end${known === null ? '' : `, and predictions follow the labels no better than chance (${digits(known.mean)} of 1)`}`,
      evidence: { start, now, trendScore: score, parts, gradientNorm: history.recentGradients.at(-1) ?? null, ...alike(history) },
      remedy: 'Look first whether inputs and labels belong together, then whether gradients reach all layers; try a rate ten times higher and ten times lower, and see whether the model can learn a single batch by heart.',
    }),
  ];
});

export const underfitting = rule('underfitting', ['run-end'], (history) => {
  const course = lossCourse(history);
  const known = learned(history);
  if (course === null || known === null || !isFalling(course) || !isLate(history) || history.step < 50) return [];
  if (!learnsNothing(history)) return [];
  return [
    finding({
      rule: 'underfitting',
      severity: 'info',
      message: `the loss fell by ${percent(course.fall)}, and yet predictions follow the labels hardly better than chance (${digits(known.mean)} of 1)`,
      evidence: { start: course.start, now: course.now, association: known.mean, error: known.error },
      remedy: 'Train longer or at a higher rate; take a larger model, or give it inputs that tell more of the labels.',
    }),
  ];
});

export const lossSlow = rule('loss-slow', ['run-end'], (history) => {
  const course = lossCourse(history);
  if (course === null || !isFalling(course) || course.fall > 0.1 || course.fall <= 0 || learnsWell(history)) return [];
  return [
    finding({
      rule: 'loss-slow',
      severity: 'info',
      message: `the loss fell steadily, but by ${percent(course.fall)} only in the whole run (${digits(course.start)} to ${digits(course.now)})`,
      evidence: { start: course.start, now: course.now, trendScore: course.score, ...alike(history) },
      remedy: `Raise the learning rate${history.learningRate === null ? '' : ` to ${digits(3 * history.learningRate)}`}, or train for more epochs.`,
    }),
  ];
});
