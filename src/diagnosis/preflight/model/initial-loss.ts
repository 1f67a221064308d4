import { disposeBatch } from '../../../data/index.js';
import { digits, finding, percent, type Finding } from '../../finding.js';
import type { Check } from '../check.js';
import type { Lab } from '../lab.js';
import { factsOf, type Facts, type OutputFacts } from './facts.js';
import { layerNodes } from './graph.js';
import { lossFormOf, type LossForm } from './loss-form.js';
import { LossProbe } from './loss-probe.js';
import { rms, spreadOf, valuesOf } from './predictions.js';
import { lossWithPriorBias, priorBiasOf } from './prior-bias.js';

/** The loss before training, beside that of a model that knows nothing. */
export const initialLoss: Check = {
  name: 'initial-loss',
  stage: 'model',
  summary: 'Whether the loss begins where it should: ln C for C classes; and what a bias from the labels would save.',
  run: async (lab) => {
    const facts = await factsOf(lab);
    const findings: Finding[] = [];
    const measured: Record<string, unknown> = {};
    const before = (await lab.evaluate(facts.indices))['loss'] ?? NaN;
    measured['loss'] = before;
    const settled = await settledOutputs(lab, facts);
    measured['mode'] = settled === undefined ? 'inference' : 'training';
    for (const [i, plain] of facts.outputs.entries()) {
      const form = await lossFormOf(LossProbe.of(lab, facts, plain));
      const output = settled?.[i] ?? plain;
      const chance = chanceLoss(output, form);
      measured[output.name] = { chance: chance ?? null, spreadOfPredictions: spreadOf(output.predictions) };
      const high = chance === undefined ? undefined : await tooHigh(lab, output, form, chance, outputLoss(facts, output, form));
      const wide = form.expects === 'numbers' && output.kind === 'numbers' ? tooWide(output) : undefined;
      if (high !== undefined) findings.push(high);
      else if (wide !== undefined) findings.push(wide);
      else if (facts.outputs.length === 1) {
        const prior = await priorBias(lab, facts, plain, form, before);
        if (prior !== undefined) findings.push(prior);
      }
    }
    return { findings, measured };
  },
};

/**
 * Outputs in training mode, where the model has moving statistics: before training these are 0 and 1, whatever the data
 * is like, and batch normalisation lets values pass as large as they come. A trial, for that moves them.
 */
async function settledOutputs(lab: Lab, { indices, outputs }: Facts): Promise<readonly OutputFacts[] | undefined> {
  if (indices.length < 2 || !lab.model.weights().some(({ info }) => info.role === 'statistic')) return undefined;
  const batch = lab.batch(indices);
  try {
    const values = await lab.trial(() => valuesOf(lab.forward(batch.inputs, true).outputs));
    return outputs.map((each) => ({ ...each, predictions: values[each.index] ?? each.predictions }));
  } finally {
    disposeBatch(batch);
  }
}

const isSoftmax = ({ expects }: LossForm): boolean => expects === 'softmax-logits' || expects === 'distribution';
const isSigmoid = ({ expects }: LossForm): boolean => expects === 'sigmoid-logits' || expects === 'probabilities';

/** ln C where all classes are as likely, ln 2 for a yes or no. */
function chanceLoss({ kind, width }: OutputFacts, form: LossForm): number | undefined {
  if (isSoftmax(form) && width > 1 && (kind === 'class' || kind === 'one-hot')) return Math.log(width);
  return isSigmoid(form) && (kind === 'binary' || kind === 'multi-label' || kind === 'one-hot') ? Math.LN2 : undefined;
}

/** Mean cross-entropy of an output's predictions, by the textbook formula, so that a custom factor plays no part. */
function outputLoss({ indices }: Facts, { labels, predictions, width, kind }: OutputFacts, form: LossForm): number {
  let sum = 0;
  const rows = predictions.length / width;
  const perSample = rows / indices.length;
  for (let row = 0; row < rows; row += 1) {
    const own = predictions.subarray(row * width, (row + 1) * width);
    const sample = indices[Math.floor(row / perSample)] ?? 0;
    const at = row % perSample;
    const label = (i: number): number => (kind === 'class' ? Number(labels.values[sample * labels.width + at] === i) : (labels.values[sample * labels.width + at * width + i] ?? 0));
    const most = own.reduce((a, b) => Math.max(a, b), -Infinity);
    const whole = form.expects === 'softmax-logits' ? most + Math.log(own.reduce((total, each) => total + Math.exp(each - most), 0)) : 0;
    for (let i = 0; i < width; i += 1) {
      const value = own[i] ?? 0;
      const y = label(i);
      const p = Math.min(1 - 1e-7, Math.max(1e-7, value));
      if (form.expects === 'softmax-logits') sum += y * (whole - value);
      else if (form.expects === 'distribution') sum -= y * Math.log(p);
      else if (form.expects === 'sigmoid-logits') sum += (Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value))) - y * value) / width;
      else sum -= (y * Math.log(p) + (1 - y) * Math.log(1 - p)) / width;
    }
  }
  return sum / rows;
}

/**
 * TheDeepChecker's bound is 100% above ln C, and small nets with He's kernels in the last layer come to 250% for two
 * classes (measured): an info. Ten times ln C is what no usual start comes to; sums of residual branches, of which each
 * may double the variance (Hanin and Rolnick 2018, "How to start training"), do, and train well.
 */
const extreme = 10;
/** A bias this far from the others' makes its class exp(5), 150 times, as likely as they are. */
const farBias = 5;

async function tooHigh(lab: Lab, output: OutputFacts, form: LossForm, chance: number, loss: number): Promise<Finding | undefined> {
  const excess = loss / chance - 1;
  if (!(excess > 1)) return undefined;
  const isLogits = form.expects === 'softmax-logits' || form.expects === 'sigmoid-logits';
  const size = isLogits ? rms(output.predictions) : undefined;
  const bias = await outputBias(lab, output);
  const byBias = bias !== undefined && bias > farBias && loss - chance > 3;
  const isResidual = layerNodes(lab.model).some(({ className }) => className === 'Add');
  return finding({
    rule: 'initial-loss',
    severity: byBias || (loss > extreme * chance && !isResidual) ? 'warning' : 'info',
    where: { layer: output.name },
    message: `output "${output.name}" begins with a loss of ${digits(loss)}, and one that knows nothing with ${digits(chance)}: it is sure of wrong answers before training${size === undefined ? '' : `, with logits of a size of ${digits(size)}`}`,
    evidence: { loss, chance, excess, logits: size ?? null, spreadOfBiases: bias ?? null, isResidual },
    remedy: `${byBias ? 'Begin the biases of the last layer at 0, or at the logarithm of the classes\' shares. ' : ''}Make the last layer's kernel smaller${size === undefined ? '' : ` (logits of a size of about 1: by ${digits(size)})`}, and look whether inputs are scaled and biases begin at 0.`,
  });
}

/** How far the biases of the output's own layer are apart; of one alone, its distance from 0. */
async function outputBias(lab: Lab, { name, width }: OutputFacts): Promise<number | undefined> {
  const found = lab.model.weights().find(({ info }) => info.role === 'bias' && info.layer === name && info.size === width);
  if (found === undefined) return undefined;
  const values = await found.variable.data<'float32'>();
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return width === 1 ? Math.abs(most) : most - least;
}

/** Predictions of measured values that differ far more than the labels do. */
function tooWide({ name, predictions, labels }: OutputFacts): Finding | undefined {
  const [own, wanted] = [spreadOf(predictions), spreadOf(labels.values)];
  const ratio = own / wanted;
  // Standard initialisers come to 0.1 to 3 for labels of a spread of 1. At 10 a loss of 100 variances is to be unlearned
  // first; at 100, of 10,000.
  if (!(wanted > 0 && ratio > 10)) return undefined;
  return finding({
    rule: 'initial-loss',
    severity: ratio > 100 ? 'warning' : 'info',
    where: { layer: name },
    message: `output "${name}" begins with predictions of a standard deviation of ${digits(own)}, ${digits(ratio)} times that of its labels (${digits(wanted)})`,
    evidence: { spreadOfPredictions: own, spreadOfLabels: wanted, ratio },
    remedy: 'Look whether inputs and labels are scaled to a standard deviation of about 1, and whether kernels begin too large.',
  });
}

async function priorBias(lab: Lab, facts: Facts, output: OutputFacts, form: LossForm, before: number): Promise<Finding | undefined> {
  const bias = priorBiasOf(lab, output, form.expects);
  if (bias === undefined) return undefined;
  const after = await lossWithPriorBias(lab, facts, bias);
  const gain = (before - after) / Math.abs(before);
  // A fifth of the loss is the first thing that a training learns: worth a line, no more.
  if (!(gain > 0.2)) return undefined;
  const values = Array.from(bias.values.slice(0, 10));
  return finding({
    rule: 'prior-bias',
    severity: 'info',
    where: { weight: bias.weight.info.name },
    message: `with the labels' prior as bias of output "${output.name}" (${bias.formula}: ${values.map(digits).join(', ')}) training begins at a loss of ${digits(after)} and not ${digits(before)}, ${percent(gain)} less`,
    evidence: { before, after, gain, bias: values, formula: bias.formula, position: lab.model.weights().findIndex(({ variable }) => variable === bias.weight.variable) },
    remedy: `Give the last layer that bias: biasInitializer, or bias.assign(tf.tensor1d([${values.map(digits).join(', ')}])).`,
  });
}
