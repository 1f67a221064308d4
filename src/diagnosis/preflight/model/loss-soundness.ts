import { digits, finding, type Finding } from '../../finding.js';
import type { Check } from '../check.js';
import { factsOf, type OutputFacts } from './facts.js';
import { lossFormOf, takesClassNumbers } from './loss-form.js';
import { LossProbe, sigmoidOf, softmaxOf } from './loss-probe.js';
import { lossPreference } from './loss-preference.js';
import { furthest, meanOf, rms, spreadOf } from './predictions.js';

/** Evaluates the loss on made-up predictions: what any loss must do, whatever the model. */
export const lossSoundness: Check = {
  name: 'loss-soundness',
  stage: 'model',
  summary: 'Whether the loss depends on the labels, prefers right predictions to wrong ones, and keeps samples apart.',
  run: async (lab) => {
    const facts = await factsOf(lab);
    const findings: Finding[] = [];
    const measured: Record<string, unknown> = {};
    for (const output of facts.outputs) {
      const probe = LossProbe.of(lab, facts, output);
      const form = await lossFormOf(probe);
      const tried = await sensible(probe, form.expects);
      const numbers: Record<string, unknown> = {};
      measured[output.name] = numbers;
      if (tried === undefined) {
        numbers['cannotTell'] = 'the loss is not finite on any predictions that were tried';
        continue;
      }
      const broadcast = await lossBroadcast(probe, tried, numbers);
      const ignores = await lossIgnoresLabels(probe, tried, numbers);
      const preference = await lossPreference(probe, form, numbers);
      if (broadcast !== undefined) findings.push(broadcast);
      else if (ignores !== undefined) findings.push(ignores);
      else if (preference !== undefined) findings.push(preference);
      const mixing = broadcast === undefined ? await lossOfBatch(probe, tried, numbers) : undefined;
      if (mixing !== undefined) findings.push(mixing);
    }
    return { findings, measured };
  },
};

/** Predictions of a form on which the loss is finite. */
async function sensible(probe: LossProbe, expects: string | undefined): Promise<Float32Array | undefined> {
  const logits = probe.normals('sensible', 1);
  const { width } = probe.output;
  const all = width > 1 ? [logits, softmaxOf(logits, width), sigmoidOf(logits)] : [logits, sigmoidOf(logits)];
  const ordered = expects === 'distribution' || expects === 'probabilities' ? all.toReversed() : all;
  for (const each of ordered) if (Number.isFinite(await probe.batch(each))) return each;
  return undefined;
}

/** Relative distance beyond which two float32 losses differ. */
const differ = 1e-3;
const isApart = (a: number, b: number): boolean => Math.abs(a - b) > differ * Math.max(Math.abs(a), Math.abs(b), 1e-6);

async function lossBroadcast(probe: LossProbe, predictions: Float32Array, numbers: Record<string, unknown>): Promise<Finding | undefined> {
  const { labels, rest, name, loss } = probe.output;
  if (probe.rows.length < 2) return undefined;
  const formula = await takesClassNumbers(probe);
  if (formula !== undefined) {
    return finding({
      rule: 'loss-broadcast',
      severity: 'error',
      where: { layer: name },
      message: `labels are class numbers from 0 to ${String((rest.at(-1) ?? 1) - 1)}, and the loss "${loss.name}" is the ${formula} between a number and all ${String(rest.at(-1) ?? 1)} predictions of its sample: every class is pulled to the same number`,
      evidence: { labels: labels.shape.slice(1), predictions: [...rest], formula },
      remedy: 'Use sparseCategoricalCrossentropy, or turn class numbers into rows with tf.oneHot.',
    });
  }
  const asGiven = await probe.batch(predictions);
  const within = await broadcastWithin(probe, predictions, asGiven, numbers);
  if (within !== undefined) return within;
  const reshaped = await probe.reshaped(predictions);
  if (reshaped === undefined || !Number.isFinite(reshaped)) return undefined;
  numbers['loss'] = asGiven;
  numbers['lossWithReshapedLabels'] = reshaped;
  if (!isApart(asGiven, reshaped)) return undefined;
  const shape = (each: readonly number[]): string => `[${['batch', ...each.map(String)].join(', ')}]`;
  return finding({
    rule: 'loss-broadcast',
    severity: 'error',
    where: { layer: name },
    message: `labels ${shape(labels.shape.slice(1))} and predictions ${shape(rest)} spread over each other in the loss "${loss.name}": it is ${digits(asGiven)} for ${String(probe.rows.length)} samples, and ${digits(reshaped)} with the labels brought to the predictions' shape`,
    evidence: { labels: labels.shape.slice(1), predictions: [...rest], loss: asGiven, lossWithReshapedLabels: reshaped },
    remedy: `Bring the labels to the predictions' shape in the loss: tf.reshape(labels, predictions.shape), or give labels of shape ${shape(rest)}.`,
  });
}

/** A custom loss that brings labels and predictions of one shape into two: then its batch is the mean over all pairs, and no mean over samples. */
async function broadcastWithin(probe: LossProbe, predictions: Float32Array, batch: number, numbers: Record<string, unknown>): Promise<Finding | undefined> {
  const { loss, name, labels, rest } = probe.output;
  const count = probe.rows.length;
  if (!loss.custom || count < 3) return undefined;
  const own = meanOf(await probe.single(predictions));
  if (!Number.isFinite(own) || !isApart(batch, own) || !isApart(batch, own * count)) return undefined;
  const pairs = await probe.everyPair(predictions);
  numbers['everyPair'] = pairs;
  // A mean over [batch, batch], a sum over one of its axes, or over both.
  if (!Number.isFinite(pairs) || !isApart(pairs, own) || ![1, count, count * count].some((times) => !isApart(batch, times * pairs))) return undefined;
  return finding({
    rule: 'loss-broadcast',
    severity: 'error',
    where: { layer: name },
    message: `the loss "${loss.name}" compares every prediction with the labels of all samples of the batch: it is ${digits(batch)} for ${String(count)} samples, as the mean over all ${String(count * count)} pairs has it (${digits(pairs)}), and the mean over the samples is ${digits(own)}`,
    evidence: { labels: labels.shape.slice(1), predictions: [...rest], loss: batch, meanOfPairs: pairs, meanOfSamples: own },
    remedy: 'In the loss, labels and predictions come to have different shapes, such as [batch] and [batch, 1], and spread over each other: bring both to one shape with tf.reshape(labels, predictions.shape), and flatten both or none.',
  });
}

async function lossOfBatch(probe: LossProbe, predictions: Float32Array, numbers: Record<string, unknown>): Promise<Finding | undefined> {
  const { loss, name } = probe.output;
  if (!loss.custom || probe.rows.length < 3) return undefined;
  const singles = await probe.single(predictions);
  const batch = await probe.batch(predictions);
  const sum = singles.reduce((whole, each) => whole + each, 0);
  const mean = sum / singles.length;
  numbers['batch'] = batch;
  numbers['meanOfSingles'] = mean;
  if (!Number.isFinite(mean) || !isApart(batch, mean)) return undefined;
  const evidence = { batch, meanOfSingleSamples: mean, samples: singles.length };
  if (!isApart(batch, sum)) {
    return finding({
      rule: 'loss-sum-not-mean',
      severity: 'info',
      where: { layer: name },
      message: `the loss "${loss.name}" is a sum over the batch: ${digits(batch)} for ${String(singles.length)} samples with a mean of ${digits(mean)}, so gradients grow with the batch size`,
      evidence,
      remedy: 'Return the mean over the samples, or one loss a sample: then the learning rate keeps its meaning when the batch size changes.',
    });
  }
  const moved = await lossesMoved(probe, predictions);
  if (moved.length > 0 && moved.every((each) => !isApart(each, batch))) {
    return finding({
      rule: 'loss-mixes-samples',
      severity: 'error',
      where: { layer: name },
      message: `the loss "${loss.name}" stays ${digits(batch)} when predictions change places among the samples: it does not tell which prediction belongs to which label`,
      evidence: { ...evidence, moved },
      remedy: 'Compare each prediction with its own label first, and take the mean over the samples last: tf.mean(tf.square(tf.sub(labels, predictions))).',
    });
  }
  return finding({
    rule: 'loss-mixes-samples',
    severity: 'info',
    where: { layer: name },
    message: `the loss "${loss.name}" of a batch, ${digits(batch)}, is neither the mean (${digits(mean)}) nor the sum of its samples' losses: samples take part in each other's loss`,
    evidence,
    remedy: 'That is right for contrastive and ranking losses, and for means over what is not masked; otherwise compare the shapes of labels and predictions.',
  });
}

/** The loss with the predictions of all samples moved on by one, two and three places; none where they are all alike. */
async function lossesMoved(probe: LossProbe, predictions: Float32Array): Promise<readonly number[]> {
  const count = probe.rows.length;
  const width = predictions.length / count;
  const rowAt = (from: number): Float32Array => predictions.subarray(from * width, (from + 1) * width);
  if (Array.from({ length: count }, (_, i) => rowAt(i).join()).every((row, _, [first]) => row === first)) return [];
  const losses: number[] = [];
  for (let by = 1; by <= Math.min(3, count - 1); by += 1) {
    const moved = new Float32Array(predictions.length);
    for (let i = 0; i < count; i += 1) moved.set(rowAt((i + by) % count), i * width);
    losses.push(await probe.batch(moved));
  }
  return losses;
}

/** Gradients with the labels of other samples: where they are the same, nothing is learned from labels. */
async function lossIgnoresLabels(probe: LossProbe, predictions: Float32Array, numbers: Record<string, unknown>): Promise<Finding | undefined> {
  const { rows, labels, output } = probe;
  const count = rows.length;
  if (count < 2) return undefined;
  const order = Int32Array.from({ length: count }, (_, i) => (i + 1) % count);
  const { width } = output.labels;
  const isSame = Array.from(order).every((other, i) => labels.subarray(i * width, (i + 1) * width).join() === labels.subarray(other * width, (other + 1) * width).join());
  if (isSame) return undefined;
  // At several places: a limited prediction has no gradient, and an absolute error the same one wherever labels are far.
  const [mean, spread] = [meanOf(labels), Math.max(spreadOf(labels), 1e-6)];
  const among = ['a', 'b', 'c'].map((name) => probe.normals(`among/${name}`, spread).map((each) => mean + each));
  const apart: number[] = [];
  for (const each of [predictions, softmaxOrSame(predictions, output), ...among, ...(probe.targets === undefined ? [] : [probe.targets])]) {
    const own = await probe.gradient(each);
    const others = await probe.gradient(each, order);
    if (own === undefined || others === undefined) continue;
    const size = Math.max(rms(own), rms(others));
    if (size > 0) apart.push(furthest(own, others) / size);
  }
  numbers['gradientChangeWithOtherLabels'] = apart;
  // 1e-5: float32 sums in another order.
  if (apart.length === 0 || apart.some((each) => !(each < 1e-5))) return undefined;
  return finding({
    rule: 'loss-ignores-labels',
    severity: 'error',
    where: { layer: output.name },
    message: `the gradient of the loss "${output.loss.name}" is the same for the labels of other samples: nothing can be learned from labels`,
    evidence: { relativeChange: apart },
    remedy: 'Look whether the loss uses its first argument, and whether an error is squared or made absolute before its mean is taken.',
  });
}

const softmaxOrSame = (predictions: Float32Array, { width }: OutputFacts): Float32Array => (width > 1 ? softmaxOf(predictions, width) : sigmoidOf(predictions));
