import { digits, finding, percent } from '../finding.js';
import { isFalling, isLate, learned, learnsNothing, lossCourse } from './course.js';
import { rule } from './rule.js';
import { meanOf, trendOf } from './trend.js';

/** Measurements in a row. */
const patience = 10;

/** One class for all samples though labels vary, at the end of a run that has learned nothing. */
export const classCollapse = rule('class-collapse', ['run-end'], (history) => {
  const recent = history.topShares.slice(-patience);
  if (recent.length < patience || !recent.every((each) => each >= 0.99) || !isLate(history) || !learnsNothing(history)) return [];
  const output = history.latest?.outputs[0];
  return [
    finding({
      rule: 'class-collapse',
      severity: 'warning',
      message: `one class is predicted for ${percent(Math.min(...recent))} of the samples in ${patience} measured batches in a row, while the most frequent label has ${percent(output?.classes?.topLabel ?? NaN)}`,
      evidence: { shares: recent, topLabel: output?.classes?.topLabel ?? null, spread: output?.spread ?? null, labelSpread: output?.labelSpread ?? null, association: learned(history)?.mean ?? null },
      remedy: 'Look for dead units and for inputs that are all alike; lower the learning rate to a tenth, and scale the inputs. If some classes are rare, weight them.',
    }),
  ];
});

/**
 * Predictions that run against the labels while the loss falls: by chance, ten correlations all below -0.3 do not come
 * about. A loss whose sign or labels are flipped does that.
 */
export const metricContradictsLoss = rule('metric-contradicts-loss', ['training-statistics', 'run-end'], (history) => {
  const recent = history.associations.slice(-patience);
  const known = learned(history);
  if (known === null || recent.length < patience || !recent.every((each) => each < 0) || known.mean > -0.3 || known.mean + 3 * known.error > -0.1) return [];
  // A network may be drawn that begins so: it is the way that counts, and training turns that round.
  const start = meanOf(history.firstAssociations);
  if (known.mean > start - 0.2 || trendOf(history.associations).score > 1) return [];
  const course = lossCourse(history);
  if (course === null || !(isFalling(course) || course.fall > 0)) return [];
  // A loss that leapt up in the first steps falls from there whatever predictions do: it has to be below where it began.
  if (course.now >= (history.firstLosses[0] ?? -Infinity)) return [];
  return [
    finding({
      rule: 'metric-contradicts-loss',
      severity: 'error',
      message: `the loss falls (${digits(course.start)} to ${digits(course.now)}) while predictions run against the labels: their correlation is ${digits(known.mean)} in ${patience} measured batches`,
      evidence: { correlation: known.mean, atStart: start, error: known.error, start: course.start, now: course.now },
      remedy: 'Look at the sign of the loss, at the order of its arguments, and at whether the labels are inverted.',
    }),
  ];
});
