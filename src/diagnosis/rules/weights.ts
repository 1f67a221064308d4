import { digits, finding, type Severity } from '../finding.js';
import { learned, learnsWell, lossCourse } from './course.js';
import type { History } from './history.js';
import { rule } from './rule.js';

/** The layer of a weight, as the place of a finding. */
const placeOf = ({ latest }: History, weight: string): { weight: string; layer?: string } => {
  const layer = latest?.weights[weight]?.layer ?? null;
  return { weight, ...(layer === null ? {} : { layer }) };
};

/**
 * A kernel that doubles from the middle of the run to its end while the loss does not fall. Weights that wander at
 * random grow as the root of the steps, by 1.41 from the middle on.
 */
export const weightsGrowing = rule('weights-growing', ['epoch-end', 'run-end'], (history) => {
  const course = lossCourse(history);
  if (course === null || history.measurements < 40) return [];
  const growths = Object.entries(history.weights).flatMap(([name, { norms }]) => {
    const middle = norms.means[Math.floor(norms.means.length / 2)] ?? NaN;
    const late = norms.means.slice(Math.floor(norms.means.length / 2));
    const factor = (norms.means.at(-1) ?? NaN) / middle;
    const rising = late.filter((each, i) => i > 0 && each <= (late[i - 1] ?? NaN)).length === 0;
    return factor >= 2 && rising && norms.means.length >= 16 ? [{ name, factor, middle, now: norms.means.at(-1) ?? NaN }] : [];
  });
  const [worst] = growths.toSorted((a, b) => b.factor - a.factor);
  if (worst === undefined) return [];
  return [
    finding({
      rule: 'weights-growing',
      severity: course.fall > 0 || learnsWell(history) ? 'info' : 'warning',
      message: `the norm of ${worst.name} grew ${digits(worst.factor)} times in the second half of the run, from ${digits(worst.middle)} to ${digits(worst.now)}`,
      where: placeOf(history, worst.name),
      evidence: { factors: Object.fromEntries(growths.map(({ name, factor }) => [name, factor])), fall: course.fall, learningRate: history.learningRate },
      remedy: `Lower the learning rate${history.learningRate === null ? '' : ` to ${digits(history.learningRate / 10)}`}, and check that the loss has a lower bound; weight decay keeps norms in check.`,
    }),
  ];
});

/** DeepLocalize (Wardat et al., ICSE 2021) waits for five, too; and a kernel that is not told about early may be late in a schedule. */
const patience = 10;

export const weightsUnchanged = rule('weights-unchanged', ['training-statistics'], (history) => {
  if (history.learningRate === null || history.learningRate <= 0 || history.latest === null) return [];
  const kernels = Object.entries(history.weights);
  const still = kernels.filter(([, { unchanged }]) => unchanged >= patience);
  const [first] = still;
  if (first === undefined) return [];
  const gradients = Object.fromEntries(still.map(([name]) => [name, history.latest?.weights[name]?.gradientNorm ?? null]));
  // A gradient that is not 0 and moves nothing is lost in rounding, as at the end of a schedule.
  const isCut = Object.values(gradients).every((each) => each === null || each === 0);
  const all = still.length === kernels.length;
  const names = still.map(([name]) => name);
  return [
    finding({
      rule: 'weights-unchanged',
      severity: severityOf(history, isCut, all),
      message: `${all ? 'no trainable kernel' : names.join(', ')} ${all || names.length === 1 ? 'has' : 'have'} ${all ? '' : 'not '}changed in ${patience} measured updates in a row${isCut ? ': no gradient gets there' : ''}`,
      where: placeOf(history, first[0]),
      evidence: { gradientNorms: gradients, learningRate: history.learningRate, measurements: patience },
      remedy: isCut
        ? `See why no gradient reaches ${first[0]}: an operation without a gradient, dead units behind it, or an output that the loss does not use. Set trainable = false if it is meant to stand still.`
        : 'The updates are lost in rounding: raise the learning rate if the loss is still to fall.',
    }),
  ];
});

/** Where nothing is left to learn, gradients are 0 and all stands still, as it should: labels have to tell that it is not so. */
function severityOf(history: History, isCut: boolean, all: boolean): Severity {
  if (!isCut) return 'info';
  if (!all) return 'warning';
  return learned(history) === null || learnsWell(history) ? 'info' : 'error';
}
