import type { FindingInput } from 'trainscope/plugin';
import { digits } from '../shared/digits.js';
import { cleared, tell, unchanged, type Verdict } from '../shared/told.js';
import { placeOf } from '../shared/weight-facts.js';
import type { Options, State } from './contract.js';
import { hasImproved, medianLoss } from './history.js';
import type { Reading } from './reading.js';
import { kernelNorms } from './vanishing.js';

/** When all recent measurements are below this share of the thresholds, the cause has cleared. */
const clearBelow = 1 / 3;

/**
 * Whether gradients grow over time (norms stay far above the level at the start of the run) or over depth (the first
 * kernel's far above the last one's). A warning when the loss has not improved on the start of the run, an info when it
 * has. `state` knows this measurement.
 */
export function judgeExploding(state: State, now: Reading, options: Options, oneChain: boolean): Verdict {
  const { told, norms, ratios, start } = state;
  const { patience, explodingFactor, explodingRatio } = options;
  if (now.nonFinite === 0 && now.norm === Infinity) return tell(told.exploding, overflow(now, state));

  // Whether the loss has improved is known from then on.
  if (start === null) return unchanged(told.exploding);

  const recent = norms.slice(-patience);
  const calm = recent.every((norm) => norm < clearBelow * explodingFactor * start.norm) && ratios.every((each) => each < clearBelow * explodingRatio);
  if (calm) return cleared;

  const growth = now.norm / start.norm;
  const ratio = now.depth?.ratio ?? NaN;
  // With less than `patience` of them, those that made the start are among them.
  const overTime = recent.every((norm) => norm >= explodingFactor * start.norm);
  const overDepth = ratios.length >= patience && ratios.every((each) => each > explodingRatio);
  if (!(overTime || overDepth)) return unchanged(told.exploding);
  const improved = hasImproved(state, options);
  return tell(told.exploding, {
    rule: 'exploding-gradients',
    severity: improved || !(overTime || oneChain) ? 'info' : 'warning',
    ...(overTime ? overTimeFinding(now.norm, start.norm, growth, options) : overDepthFinding(now, ratio, options)),
    evidence: {
      norm: now.norm,
      startNorm: start.norm,
      growth,
      ratio: now.depth?.ratio ?? null,
      measurements: patience,
      loss: medianLoss(state.losses.slice(-patience)),
      startLoss: start.loss,
      norms: kernelNorms(now),
    },
    docs: 'rules/exploding-gradients.md',
  });
}

const overTimeFinding = (norm: number, level: number, growth: number, { patience, explodingFactor }: Options): Pick<FindingInput, 'message' | 'remedy' | 'where'> => ({
  message: `the gradient norm ${digits(norm)} is ${digits(growth)} times that of the start of the run (${digits(level)}), and was at least ${digits(explodingFactor)} times that in the last ${patience} measurements`,
  remedy: 'Lower the learning rate (a tenth is a good first try), and clip the gradients by global norm near the level of the start.',
});

const overDepthFinding = (now: Reading, ratio: number, { patience, explodingRatio }: Options): Pick<FindingInput, 'message' | 'remedy' | 'where'> => ({
  message: `the gradient of the first kernel${now.depth === null ? '' : ` ${now.depth.first.name}`} is ${digits(ratio)} times that of the last, and was more than ${digits(explodingRatio)} times in the last ${patience} measurements`,
  where: now.depth === null ? {} : placeOf(now.depth.first),
  remedy: 'Scale the inputs to unit variance if they are large numbers. Otherwise the initial weights are too large for the depth: use heNormal or glorotUniform, add normalisation layers, and in recurrent nets clip the gradients by global norm.',
});

const overflow = (now: Reading, { start }: State): FindingInput => ({
  rule: 'exploding-gradients',
  severity: 'warning',
  message: 'the sum of squares of the gradients is beyond the largest float32, though every entry is finite',
  evidence: { maxAbs: now.maxAbs, startNorm: start?.norm ?? null, norms: kernelNorms(now) },
  remedy: 'Lower the learning rate, scale inputs and labels to unit variance, and clip the gradients by value.',
  docs: 'rules/exploding-gradients.md',
});
