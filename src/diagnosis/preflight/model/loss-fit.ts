import { digits, finding, percent, type Finding } from '../../finding.js';
import type { Check } from '../check.js';
import { boundsOf, scaledPredictions, type Bounds } from './bounds.js';
import { factsOf, labelValues, rowSums, type Facts, type OutputFacts } from './facts.js';
import { lossFormOf, type LossForm } from './loss-form.js';
import { LossProbe } from './loss-probe.js';
import { meanOf } from './predictions.js';
import { activationRepeated } from './repeated-activation.js';

/** Activations that shape logits: what a from-logits loss cannot undo. */
const shaping: ReadonlySet<string> = new Set(['relu', 'relu6', 'tanh', 'sigmoid', 'hardsigmoid', 'softsign', 'softplus', 'softmax']);

/** Where the output ends in an activation, and what the loss and the labels ask of it. */
export const lossFit: Check = {
  name: 'loss-fit',
  stage: 'model',
  summary: 'Whether the last activation, the loss and the labels go together.',
  run: async (lab) => {
    const facts = await factsOf(lab);
    const findings: Finding[] = [];
    const measured: Record<string, unknown> = {};
    for (const output of facts.outputs) {
      const scaled = await scaledPredictions(lab, facts, output);
      const bounds = boundsOf(output, scaled);
      const form = await lossFormOf(LossProbe.of(lab, facts, output));
      measured[output.name] = { labels: output.kind, activation: output.activation ?? null, bounds: bounds ?? null, expects: form.expects ?? null, formula: form.name ?? null, factor: form.factor };
      const own = softmaxOfOne(output) ?? activationRepeated(lab, output, scaled) ?? logitsAndLoss(output, bounds, form) ?? outputRange(output, bounds, form) ?? outputActivation(output, bounds, form, facts);
      if (own !== undefined) findings.push(own);
    }
    return { findings, measured };
  },
};

const where = ({ name }: OutputFacts): Finding['where'] => ({ layer: name });

function softmaxOfOne(output: OutputFacts): Finding | undefined {
  const { activation, predictions, width, name } = output;
  if (width !== 1) return undefined;
  const isAllOne = predictions.length >= 8 && predictions.every((each) => each === 1);
  // Another activation that is known may be saturated, which is another fault.
  if (activation !== 'softmax' && !(activation === undefined && isAllOne)) return undefined;
  return finding({
    rule: 'softmax-of-one',
    severity: 'error',
    where: where(output),
    message: `output "${name}" is a softmax over one number, which is always 1: all ${String(predictions.length)} predictions are`,
    evidence: { predictions: Array.from(predictions.slice(0, 5)), activation: activation ?? null },
    remedy: 'Use a sigmoid for one probability, no activation for a measured value, or one unit a class with softmax.',
  });
}

function logitsAndLoss(output: OutputFacts, bounds: Bounds | undefined, { expects, name: formula }: LossForm): Finding | undefined {
  const { name, activation, predictions, loss } = output;
  if (expects === undefined || expects === 'numbers') return undefined;
  const isLogitLoss = expects === 'softmax-logits' || expects === 'sigmoid-logits';
  const told = loss.custom ? `its loss, the ${String(formula)},` : `${loss.name} with fromLogits: ${String(isLogitLoss)}`;
  if (isLogitLoss) {
    const isProbability = bounds !== undefined && (bounds.isDistribution || (expects === 'sigmoid-logits' && bounds.least >= 0 && bounds.most <= 1));
    if (!isProbability) return undefined;
    const what = bounds.isDistribution ? 'softmax' : 'sigmoid';
    return finding({
      rule: 'logits-and-loss',
      severity: 'error',
      where: where(output),
      message: `output "${name}" gives probabilities (${what}${bounds.isKnown ? '' : ', by its values'}), and ${told} takes them for logits`,
      evidence: { activation: activation ?? null, expects, bounds: { ...bounds }, predictions: Array.from(predictions.slice(0, 5)) },
      remedy: loss.custom ? `Take the ${what} out of the model, or out of the loss.` : `Take the ${what} out of the last layer, or give the loss fromLogits: false.`,
    });
  }
  const outside = predictions.reduce((sum, each) => sum + (each < 0 || each > 1 ? 1 : 0), 0) / Math.max(1, predictions.length);
  // An activation that is known not to end in 0..1 will leave it, whatever the first values are. Of values alone, 2% are no rounding.
  const isRaw = bounds?.isKnown === true ? bounds.least < 0 || bounds.most > 1 : outside > 0.02;
  if (!isRaw) return undefined;
  return finding({
    rule: 'logits-and-loss',
    severity: 'error',
    where: where(output),
    message: `output "${name}" gives raw numbers (${activation ?? 'by its values'}; ${percent(outside)} are outside 0 to 1 now), and ${told} takes them for probabilities`,
    evidence: { activation: activation ?? null, expects, outside, predictions: Array.from(predictions.slice(0, 5)) },
    remedy: loss.custom
      ? `End the model in ${expects === 'distribution' ? 'softmax' : 'sigmoid'}, or compute the loss from logits (tf.losses.${expects === 'distribution' ? 'softmaxCrossEntropy' : 'sigmoidCrossEntropy'}).`
      : `Give the loss fromLogits: true and leave the last layer without activation, or end it in ${expects === 'distribution' ? 'softmax' : 'sigmoid'}.`,
  });
}

/** Part of the labels' variance that an output of that range can never explain. */
function outputRange(output: OutputFacts, bounds: Bounds | undefined, { expects }: LossForm): Finding | undefined {
  const { kind, loss, labels, name, activation } = output;
  const isJudged = kind === 'numbers' || kind === 'sign' || (kind === 'binary' && expects === 'numbers');
  const isDistance = expects === 'numbers' || (!loss.custom && loss.name === 'poisson') || (kind === 'sign' && !loss.custom);
  if (bounds === undefined || !isJudged || !(isDistance || (kind === 'sign' && expects === undefined))) return undefined;
  const { least, most } = bounds;
  if (least === -Infinity && most === Infinity) return undefined;
  let sum = 0;
  let beyond = 0;
  let outside = 0;
  let [low, high] = [Infinity, -Infinity];
  const mean = meanOf(labels.values);
  for (const each of labels.values) {
    const apart = Math.max(least - each, each - most, 0);
    if (apart > 0) outside += 1;
    beyond += apart * apart;
    sum += (each - mean) ** 2;
    low = Math.min(low, each);
    high = Math.max(high, each);
  }
  const lost = sum === 0 ? 0 : beyond / sum;
  // 5% of the variance out of reach is an R2 of at most 0.95 for a perfect model; below 1% it may be noise on targets that end at the bound.
  if (!(lost > 0.01)) return undefined;
  return finding({
    rule: 'output-range',
    severity: lost > 0.05 ? 'error' : 'warning',
    where: where(output),
    message: `output "${name}" (${activation ?? 'by its values'}) reaches ${digits(least)} to ${digits(most)}, and ${percent(outside / labels.values.length)} of its labels lie beyond: they go from ${digits(low)} to ${digits(high)}`,
    evidence: { activation: activation ?? null, least, most, labelsFrom: low, labelsTo: high, outside: outside / labels.values.length, varianceOutOfReach: lost },
    remedy:
      kind === 'sign'
        ? 'Use tanh or no activation for labels of -1 and 1, or write 0 for -1.'
        : `Leave the last layer without activation, or scale the labels into ${digits(least)} to ${digits(most)}.`,
  });
}

function outputActivation(output: OutputFacts, bounds: Bounds | undefined, { expects }: LossForm, facts: Facts): Finding | undefined {
  const { name, activation, kind, width } = output;
  if ((expects === 'softmax-logits' || expects === 'sigmoid-logits') && activation !== undefined && shaping.has(activation)) {
    return finding({
      rule: 'output-activation',
      severity: 'warning',
      where: where(output),
      message: `output "${name}" ends in ${activation}, and its loss takes the result for logits, which go from -Infinity to Infinity`,
      evidence: { activation, expects },
      remedy: 'Leave the last layer without activation.',
    });
  }
  if (kind === 'multi-label' && bounds?.isDistribution === true) {
    const sums = rowSums(labelValues(output, facts.indices), width);
    const several = sums.reduce((sum, each) => sum + (each > 1.5 ? 1 : 0), 0) / Math.max(1, sums.length);
    // One in twenty with two labels is no slip of the pen; rows of 0 may be masked.
    if (several > 0.05) {
      return finding({
        rule: 'output-activation',
        severity: 'warning',
        where: where(output),
        message: `${percent(several)} of the samples have several labels, and output "${name}" is a softmax, whose probabilities sum to 1`,
        evidence: { several, activation: activation ?? null },
        remedy: 'Use sigmoid with binaryCrossentropy: one probability a label.',
      });
    }
  }
  if (expects === 'distribution' && (kind === 'class' || kind === 'one-hot') && bounds?.isDistribution === false && bounds.least === 0 && bounds.most === 1) {
    return finding({
      rule: 'output-activation',
      severity: 'info',
      where: where(output),
      message: `output "${name}" has a sigmoid for each of ${String(width)} classes of which one is right`,
      evidence: { activation: activation ?? null },
      remedy: 'Use softmax: its probabilities sum to 1.',
    });
  }
  return undefined;
}
