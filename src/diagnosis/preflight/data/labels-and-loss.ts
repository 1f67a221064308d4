import { digits, finding, percent, type Finding } from '../../finding.js';
import type { Lab } from '../lab.js';
import type { Column } from '../sample.js';
import { middleOf } from './features.js';

/** A question to the labels of one output. */
export type Look = (lab: Lab, output: number, column: Column, measured: Record<string, unknown>) => Finding | undefined | Promise<Finding | undefined>;

/** Labels this much smaller than the median one are as good as zero for a percentage: each counts a thousand times. */
const nearZero = 1e-3;
/** Share of the whole gradient that labels near zero may have. Of normal labels they have 0.2 at most (2 of 4096 are that near). */
const mostWeight = 0.9;
/** As the loss has it: smaller labels are taken for this one. */
const floor = 1e-7;

/** Labels near zero, and their share of the weights 1 / |y| that a percentage error gives to errors. */
function smallOnes(values: ArrayLike<number>): { readonly share: number; readonly weight: number; readonly median: number } {
  const sizes = Array.from({ length: values.length }, (_, i) => Math.abs(values[i] ?? 0)).filter((size) => Number.isFinite(size));
  const median = middleOf(sizes.filter((size) => size > floor));
  let small = 0;
  let smallWeight = 0;
  let weight = 0;
  for (const size of sizes) {
    const own = 1 / Math.max(floor, size);
    weight += own;
    if (!(size < nearZero * median)) continue;
    small += 1;
    smallWeight += own;
  }
  return { share: small / Math.max(1, sizes.length), weight: smallWeight / Math.max(1e-300, weight), median };
}

/** Labels that the formula of the loss has no sense for: zeros under a percentage, and numbers below 0 under a logarithm. */
export const labelsSuitLoss: Look = (lab, output, column, measured) => {
  const name = lab.loss.outputs[output]?.name;
  if (column.values.length < 8) return undefined;
  if (name === 'meanAbsolutePercentageError') {
    const { share, weight, median } = smallOnes(column.values);
    measured[`${column.name}/nearZero`] = { share, weight };
    if (!(weight > mostWeight && share > 0)) return undefined;
    return finding({
      rule: 'labels-do-not-suit-loss',
      severity: 'warning',
      where: { feature: column.name },
      message: `${percent(share)} of labels are zero or nearly so, and ${name} divides by the label: they have ${percent(weight)} of the gradient`,
      evidence: { loss: name, share, weight, median },
      remedy: `Use meanAbsoluteError, or huber, on labels divided by ${digits(median)}. A percentage of zero says nothing.`,
    });
  }
  if (name !== 'meanSquaredLogarithmicError') return undefined;
  let below = 0;
  let least = 0;
  for (const value of column.values) {
    if (value >= -1e-6 || !Number.isFinite(value)) continue;
    below += 1;
    least = Math.min(least, value);
  }
  const share = below / column.values.length;
  measured[`${column.name}/belowZero`] = share;
  // A few may be noise of a measurement around 0: cut off there they lose little.
  if (share < 0.01) return undefined;
  return finding({
    rule: 'labels-do-not-suit-loss',
    severity: 'warning',
    where: { feature: column.name },
    message: `${percent(share)} of labels are below 0 (the least is ${digits(least)}), and ${name} takes all of them for 0: its logarithm knows none`,
    evidence: { loss: name, share, least },
    remedy: 'Use meanSquaredError or huber on standardised labels. A logarithmic error is for counts and amounts from 0 on.',
  });
};
