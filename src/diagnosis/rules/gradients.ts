import { medianAbsoluteDeviation } from 'simple-statistics';
import { digits, finding, type Severity } from '../finding.js';
import { learnsWell, lossCourse } from './course.js';
import { kernelsOf, type History } from './history.js';
import { rule } from './rule.js';
import { medianOf } from './trend.js';

/** Measurements in a row: gradientNorm takes as many. */
const patience = 10;
/** AUTOTRAINER (Zhang et al., ICSE 2021); medians of ten in healthy runs (bench/calibration) stayed above 0.03. */
const vanishingRatio = 1e-3;
/** AUTOTRAINER; medians of ten in healthy runs reached 13. */
const explodingRatio = 70;
/** No ten norms in a row of a healthy run kept to more than 1.6 times the level of the start (bench/calibration). */
const explodingFactor = 10;

const hasImproved = (history: History): boolean => learnsWell(history) || medianOf(history.recentLosses.slice(-patience)) < medianOf(history.firstLosses);

/** Depth is told by the model's order, which several outputs part. */
const severityOf = (history: History, fine: boolean): Severity => (fine || (history.latest?.outputs.length ?? 1) > 1 ? 'info' : 'warning');

const kernelNorms = ({ latest }: History): Record<string, number | null> => (latest === null ? {} : Object.fromEntries(kernelsOf(latest).map(([name, { gradientNorm }]) => [name, gradientNorm])));

export const vanishingGradients = rule('vanishing-gradients', ['training-statistics'], (history) => {
  const { depthRatios, latest } = history;
  const recent = depthRatios.slice(-patience);
  const [first] = latest === null ? [] : kernelsOf(latest);
  if (first === undefined || recent.length < patience || recent.some((ratio) => ratio >= vanishingRatio)) return [];
  const ratio = medianOf(recent);
  return [
    finding({
      rule: 'vanishing-gradients',
      severity: severityOf(history, learnsWell(history)),
      message: `the gradient of the first kernel ${first[0]} is ${digits(ratio)} times that of the last in ${patience} measurements in a row`,
      where: { weight: first[0], ...(first[1].layer === null ? {} : { layer: first[1].layer }) },
      evidence: { ratio, threshold: vanishingRatio, gradientNorms: kernelNorms(history) },
      remedy: 'Use relu with heNormal in place of sigmoid or tanh, add normalisation layers or skip connections, or take layers away.',
    }),
  ];
});

export const explodingGradients = rule('exploding-gradients', ['training-statistics'], (history) => {
  const { firstGradients, recentGradients, depthRatios } = history;
  const start = medianOf(firstGradients);
  const recent = recentGradients.slice(-patience);
  const enough = firstGradients.length >= 10 && history.measurements >= 20;
  const overTime = enough && recent.every((each) => each >= explodingFactor * start);
  const depth = depthRatios.slice(-patience);
  const overDepth = depth.length >= patience && depth.every((each) => each > explodingRatio);
  // At the start of a run that diverges at once: a thousand times in order is beyond any noise.
  const few = recentGradients.slice(-3);
  const atOnce = history.measurements >= 3 && few.length === 3 && few.every((each, i) => i === 0 || each > 10 * (few[i - 1] ?? NaN)) && (few[2] ?? NaN) > explodingFactor * start;
  if (!overTime && !overDepth && !atOnce) return [];
  const improved = hasImproved(history);
  const norm = recentGradients.at(-1) ?? NaN;
  const clip = medianOf(firstGradients);
  return [
    finding({
      rule: 'exploding-gradients',
      // Over depth alone, clipping and rates per weight (Adam) make up for it: only where the loss gets nowhere is it in the way.
      severity: improved ? 'info' : severityOf(history, overDepth && !overTime && !atOnce && (lossCourse(history)?.fall ?? 0) > 0),
      message: overTime || atOnce ? `the gradient norm ${digits(norm)} is ${digits(norm / start)} times that of the start of the run (${digits(start)})` : `the gradient of the first kernel is ${digits(medianOf(depth))} times that of the last in ${patience} measurements in a row`,
      evidence: { norm, startNorm: start, firstToLast: medianOf(depth), gradientNorms: kernelNorms(history), suggestedClip: clip },
      remedy: overTime || atOnce ? `Clip the gradients by global norm at ${digits(clip)}, and lower the learning rate to a tenth.` : `Scale the inputs to unit variance and use heNormal or glorotUniform; in recurrent nets clip the gradients by global norm at ${digits(clip)}.`,
    }),
  ];
});

/** As gradientNorm: a modified z-score of the logarithm of 6, and ten times the median and the start. */
export const gradientSpike = rule('gradient-spike', ['training-statistics'], (history) => {
  const earlier = history.recentGradients.slice(0, -1).map(Math.log);
  const norm = history.latest?.gradientNorm ?? NaN;
  if (earlier.length < 19 || !Number.isFinite(norm) || norm <= 0) return [];
  const usual = Math.exp(medianOf(earlier));
  const score = (Math.log(norm) - Math.log(usual)) / (1.4826 * Math.max(medianAbsoluteDeviation(earlier), 1e-9));
  if (score < 6 || norm < 10 * usual || norm < 10 * medianOf(history.firstGradients)) return [];
  return [
    finding({
      rule: 'gradient-spike',
      severity: norm >= 100 * usual ? 'warning' : 'info',
      message: `the gradient norm ${digits(norm)} of step ${history.step} is ${digits(norm / usual)} times the median of the ${earlier.length} measurements before it`,
      where: { steps: { from: history.step, to: history.step } },
      evidence: { step: history.step, norm, median: usual, score, loss: history.latest?.loss ?? null, suggestedClip: 3 * usual },
      remedy: `Look at the batch of this step for outliers and wrong labels. Clip the gradients by global norm at ${digits(3 * usual)}.`,
    }),
  ];
});
