import { digits, finding, percent } from '../finding.js';
import { isLate, learned, learnsWell, oscillationOf, riseOf } from './course.js';
import type { History } from './history.js';
import { stuckOf } from './loss.js';
import { rule } from './rule.js';
import { meanOf } from './trend.js';
import { deadLayers } from './units.js';

/**
 * An update of a tenth of the weight in one step: DeepDiagnosis' bound (Wardat et al., ICSE 2022). Medians of healthy
 * runs reached 0.07 (bench/calibration). It only says why a loss that has gone wrong did so.
 */
export const highestRatio = 0.1;

/** A rate that gives updates of about a hundredth of the weight, and is a tenth of the present one at most. */
export function lowerRate(rate: number, ratio: number): number {
  const wanted = rate * Math.min(0.1, 0.01 / Math.max(ratio, 1e-12));
  return Number(wanted.toPrecision(1));
}

/** A peak among the first readings of five times the first and more, where updates were a third of the weights: what was drawn as a start is gone. */
function leapOf({ firstLosses, largestUpdateRatio }: History): { readonly from: number; readonly to: number } | null {
  const [from = NaN] = firstLosses;
  const to = Math.max(...firstLosses);
  return from > 0 && to > 5 * from && (largestUpdateRatio?.ratio ?? 0) > 0.3 ? { from, to } : null;
}

/** How the loss went wrong, if it did. */
function troubleOf(history: History, ended: boolean): { readonly what: string; readonly grave: boolean; readonly died?: string } | null {
  if (history.nonFiniteLosses > 0) return { what: 'the loss is no number any more', grave: true };
  const rise = riseOf(history);
  if (rise !== null) return { what: `the loss rose from ${digits(rise.from)} to ${digits(rise.to)}`, grave: rise.to > 10 * Math.abs(rise.from) };
  if (ended && stuckOf(history)?.sure === true) return { what: 'the loss does not fall', grave: false };
  const died = learned(history) === null || learnsWell(history) ? undefined : deadLayers(history).find(({ share, atStart }) => atStart < share / 2);
  if (died !== undefined) return { what: `${percent(died.share)} of the units of ${died.layer} died in training`, grave: false, died: died.layer };
  const leap = leapOf(history);
  if (leap !== null && learned(history) !== null && !learnsWell(history)) return { what: `the loss leapt from ${digits(leap.from)} to ${digits(leap.to)} in the first steps, and little is learned`, grave: false };
  if (oscillationOf(history) !== null && !learnsWell(history)) return { what: 'the loss jumps up and down', grave: false };
  return null;
}

export const learningRateTooHigh = rule('learning-rate-too-high', ['training-statistics', 'epoch-end', 'run-end'], (history, { event }) => {
  const { largestUpdateRatio: largest, learningRate, latestFinite } = history;
  if (largest === null || learningRate === null || largest.ratio < highestRatio || latestFinite === null) return [];
  const trouble = troubleOf(history, event === 'run-end');
  if (trouble === null) return [];
  const rate = lowerRate(learningRate, largest.ratio);
  return [
    finding({
      rule: 'learning-rate-too-high',
      severity: trouble.grave ? 'error' : 'warning',
      message: `${trouble.what}, and the update of step ${largest.step} was ${digits(largest.ratio)} times the weight ${largest.weight} itself at the rate ${digits(learningRate)}; about 0.001 is common`,
      where: { weight: largest.weight, steps: { from: 1, to: Math.max(1, history.step) } },
      evidence: { learningRate, updateRatio: largest.ratio, step: largest.step, died: trouble.died ?? null, start: history.firstLosses[0] ?? null, now: history.recentLosses.at(-1) ?? null, nonFiniteLosses: history.nonFiniteLosses, suggestedRate: rate },
      remedy: `Set the learning rate to ${digits(rate)}, and start from new weights.`,
    }),
  ];
});

/** Steps from which a sum over the run stands for a run. */
const fewestSteps = 100;

/**
 * The sum of all update-to-weight ratios bounds by how much a weight can have changed, relative to itself. Below a
 * hundredth, the network is in essence the one that was drawn at random.
 */
export const learningRateTooLow = rule('learning-rate-too-low', ['run-end'], (history) => {
  const { updateRatios, step, learningRate, firstLosses } = history;
  if (updateRatios.means.length < 4 || step < fewestSteps || learningRate === null || learningRate <= 0 || !isLate(history)) return [];
  const typical = meanOf(updateRatios.means);
  const moved = typical * step;
  const known = learned(history);
  if (!(typical > 0) || moved >= 0.01 || (known !== null && known.mean > 0.3)) return [];
  const rate = Number((learningRate * Math.min(1000, Math.max(10, 1e-3 / typical))).toPrecision(1));
  return [
    finding({
      rule: 'learning-rate-too-low',
      severity: known === null ? 'info' : 'warning',
      message: `an update is ${digits(typical)} times the weight: in ${step} steps the weights can have changed by ${digits(100 * moved)}% at most`,
      evidence: { learningRate, updateRatio: typical, steps: step, moved, association: known?.mean ?? null, start: firstLosses[0] ?? null, now: history.recentLosses.at(-1) ?? null, suggestedRate: rate },
      remedy: `Set the learning rate to ${digits(rate)}: an update of about 0.001 times the weight is common.`,
    }),
  ];
});

/** Readings in a row at a rate of nothing: a schedule that begins anew passes 0 in a step or two. */
const readingsAtZero = 5;
/** Share of the run that is left. A cosine to 0 is below a millionth of its start in the last 0.06% alone. */
const muchLeft = 0.2;

/** A schedule that comes to 0 early: the rest of the run is for nothing. */
export const learningRateZero = rule('learning-rate-zero', ['training-statistics', 'epoch-end', 'run-end'], (history, { event }) => {
  const { rates, epoch, plannedEpochs, step } = history;
  if (rates.readings < readingsAtZero || (rates.largest === 0 && event !== 'run-end')) return [];
  const left = event === 'run-end' ? (step - rates.lastStep) / Math.max(1, step) : plannedEpochs === null ? 0 : 1 - epoch / plannedEpochs;
  if (!(left > muchLeft)) return [];
  const zero = history.learningRate === 0;
  return [
    finding({
      rule: 'learning-rate-zero',
      severity: 'warning',
      message:
        rates.largest === 0
          ? `the learning rate was 0 in all ${step} steps`
          : `the learning rate is ${zero ? '0' : digits(history.learningRate ?? 0)} in all readings after step ${rates.lastStep}, and was ${digits(rates.largest)} at most, ${event === 'run-end' ? `and ${percent(left)} of the run came after` : `with ${percent(left)} of the run to come`}: the weights stand still`,
      where: { steps: { from: rates.lastStep + 1, to: Math.max(rates.lastStep + 1, step) } },
      evidence: { learningRate: history.learningRate, largest: rates.largest, lastStep: rates.lastStep, lastRate: rates.lastRate, left },
      remedy: 'Look at the schedule: whether it counts steps or epochs, and how many of them it is for. Let it reach its lowest rate with the last epoch.',
    }),
  ];
});
