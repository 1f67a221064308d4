import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch, type Batch } from '../../../data/index.js';
import { digits, finding, percent, type Finding } from '../../finding.js';
import { nothing, type Check, type CheckResult } from '../check.js';
import { readOnce, type Lab } from '../lab.js';
import { agreement, type Agreement } from './agreement.js';
import { smallBatch, varies } from './batches.js';
import { lossGradients, lossOf, moved, trainableOf } from './gradients.js';
import { atRateOnOne, controlOnOne, controls, ownOnOne, ownRate, trainOnOne, whyNot } from './learning.js';
import { once } from './memo.js';
import { gain, reached, startOf, type Run } from './run.js';

/** A loss has fallen when it fell by this share of itself: ten times what sixty steps of a poor rate leave. */
const fallen = 0.2;
/** Steps from which on a model that has not fitted so few samples counts as unable to (sound ones of the tests, a GRU among them, lead over constant inputs by a third after 30). */
const enough = 60;
/** Under this share of the loss of constant inputs, real ones have brought nothing. */
const nothingMore = 0.02;

/** The largest change of any weight in a few of the user's steps, by weight, beside its gradient's norm. */
async function updates(lab: Lab, rate?: number): Promise<ReadonlyMap<string, number>> {
  const batch = lab.batch(smallBatch(lab));
  const before = new Map(trainableOf(lab).map(({ info, variable }) => [info.name, tf.tidy(() => tf.add(variable, tf.scalar(0, variable.dtype as 'float32')))]));
  try {
    return await lab.trial(async (trainee) => {
      for (let i = 0; i < 3; i += 1) await trainee.step(batch, rate === undefined ? {} : { learningRate: rate });
      const changes = new Map<string, number>();
      for (const { info, variable } of trainableOf(lab)) {
        const old = before.get(info.name);
        if (old !== undefined) changes.set(info.name, (await readOnce(tf.tidy(() => tf.max(tf.abs(tf.sub(variable, old))))))[0] ?? NaN);
      }
      return changes;
    });
  } finally {
    tf.dispose([...before.values()]);
    disposeBatch(batch);
  }
}

/** An update that is below 2^-24 of its weight is seen at this many times the rate, as long as it is above 6e-16 of it. */
const lostInRounding = 1e8;

/** Weights with a gradient that the user's optimizer leaves to the bit as they are. */
async function notUpdated(lab: Lab): Promise<Finding | undefined> {
  if (ownRate(lab) === 0) return undefined;
  const changes = await updates(lab);
  const batch = lab.batch(smallBatch(lab));
  const { gradients, norms } = await lossGradients(lab, batch, true).finally(() => {
    disposeBatch(batch);
  });
  tf.dispose([...gradients.values()]);
  const weights = trainableOf(lab).filter(({ info }) => (norms.get(info.name) ?? 0) > 0 && info.role !== 'bias');
  // A gradient far below those of the others may be lost in rounding.
  const largest = Math.max(...weights.map(({ info }) => norms.get(info.name) ?? 0));
  const still = weights.filter(({ info }) => changes.get(info.name) === 0 && (norms.get(info.name) ?? 0) > 1e-3 * largest);
  const [one] = still;
  if (one === undefined) return undefined;
  // So small a rate, or so tight a clipping, that float32 loses the update is no fault of the optimizer: at a much larger rate it moves them.
  const larger = await updates(lab, Math.max(1e-2, ownRate(lab)) * lostInRounding);
  if (still.every(({ info }) => larger.get(info.name) !== 0)) return undefined;
  return finding({
    rule: 'optimizer-does-not-update',
    severity: 'error',
    where: one.info.layer === undefined ? { weight: one.info.name } : { layer: one.info.layer, weight: one.info.name },
    message: `3 steps of the optimizer leave ${String(still.length)} of ${String(weights.length)} weights exactly as they were, though they have gradients`,
    evidence: { weights: still.map(({ info }) => info.name), gradientNorms: still.map(({ info }) => norms.get(info.name)), learningRate: ownRate(lab) },
    remedy: 'Look at applyGradients of the optimizer: every variable that it is given has to be assigned. The weights of the model must be the variables that it computes with.',
  });
}

/** Whether plain steps down the gradient lower the loss while the user's optimizer raises it at any rate. */
async function rises(lab: Lab): Promise<Finding | undefined> {
  const batch = lab.batch(smallBatch(lab));
  try {
    const { loss, gradients, norms } = await lossGradients(lab, batch, false);
    const square = [...norms.values()].reduce((sum, norm) => sum + norm ** 2, 0);
    // To first order a step of this size lowers the loss by 1%.
    const size = (0.01 * Math.abs(loss)) / square;
    const plain = await moved(lab, gradients, -size, () => lossOf(lab, batch)).finally(() => {
      tf.dispose([...gradients.values()]);
    });
    const own: { rate: number; change: number }[] = [];
    for (const part of [1, 1e-2, 1e-4, 1e-6]) {
      const rate = ownRate(lab) * part;
      const change = await lab.trial(async (trainee) => {
        for (let i = 0; i < 5; i += 1) await trainee.step(batch, { learningRate: rate });
        return (await trainee.loss(batch)) - loss;
      });
      own.push({ rate, change });
    }
    // Float32 knows the loss to about 1e-6 of itself.
    const clear = own.filter(({ change }) => Math.abs(change) > 1e-5 * Math.abs(loss));
    if (!(plain < loss) || clear.length < 2 || clear.some(({ change }) => !(change > 0))) return undefined;
    const last = clear.at(-1);
    return finding({
      rule: 'loss-rises',
      severity: 'error',
      message: `the optimizer raises the loss of the batch that it trains on at every rate, by ${digits(last?.change ?? NaN)} in 5 steps at ${digits(last?.rate ?? NaN)}, and a step down the gradient lowers it by ${digits(loss - plain)}`,
      evidence: { loss, plain, own },
      remedy: 'The update has the wrong sign: look at applyGradients of the optimizer, or at its weight decay if that is large.',
    });
  } finally {
    disposeBatch(batch);
  }
}

/** Losses that the user wrote: lower, and yet the predictions go away from the labels. */
async function worsens(lab: Lab): Promise<Finding | undefined> {
  if (!lab.loss.outputs.some(({ custom }) => custom)) return undefined;
  const batch = lab.batch(smallBatch(lab));
  try {
    const before = await agreement(lab, batch);
    let after: readonly Agreement[] = [];
    // The user's optimizer may stand still: what the loss asks for shows with any that moves.
    const run = await trainOnOne(lab, { spec: controls[0], atEnd: async () => { after = await agreement(lab, batch); } });
    if (!(gain(run) > fallen * Math.abs(startOf(run)))) return undefined;
    for (const [i, { output, agreement: last }] of after.entries()) {
      const first = before[i]?.agreement ?? NaN;
      if (lab.loss.outputs[i]?.custom !== true) continue;
      // Labels that the loss turns around by design are rare; from no relation to a strong inverse one by chance is rarer.
      if (!(last < -0.3 && last < first - 0.2)) continue;
      return finding({
        rule: 'loss-improves-predictions-worsen',
        severity: 'error',
        where: {},
        message: `training lowers the loss of "${output}" from ${digits(startOf(run))} to ${digits(reached(run))} and turns its predictions away from the labels: agreement with them goes from ${digits(first)} to ${digits(last)} (1 is all right, 0 chance)`,
        evidence: { output, loss: [startOf(run), reached(run)], agreement: [first, last] },
        remedy: 'The loss is to be small where predictions are right: look for a sign, or for labels and predictions in each other’s place.',
      });
    }
    return undefined;
  } finally {
    disposeBatch(batch);
  }
}

/** The same batch with all inputs those of its first sample: what can be learned without looking at them. */
const blind = (batch: Batch): Batch => {
  const inputs = batch.inputs.map((input) => tf.tidy(() => tf.tile(tf.slice(input, 0, 1), [input.shape[0], ...input.shape.slice(1).map(() => 1)])));
  tf.dispose([...batch.inputs]);
  return { ...batch, inputs };
};

async function cannotFit(lab: Lab, own: Run): Promise<{ readonly finding: Finding | undefined; readonly measured: Readonly<Record<string, unknown>> }> {
  const indices = smallBatch(lab);
  if (!varies(lab.training.inputs, indices) || !varies(lab.training.labels, indices)) return { finding: undefined, measured: {} };
  const runs = [own];
  for (const make of [...controls.map(({ learningRate }) => () => controlOnOne(lab, learningRate)), () => atRateOnOne(lab, ownRate(lab) * 10)]) {
    const run = await make();
    // The model can, and the rate is looked at by its own check.
    if (gain(run) > fallen * Math.abs(startOf(run))) return { finding: undefined, measured: { best: reached(run) } };
    runs.push(run);
  }
  const real = Math.min(...runs.map(reached));
  const without: Run[] = [];
  for (const { learningRate } of controls) without.push(await once(lab, `blind/${String(learningRate)}`, () => trainOnOne(lab, { spec: { name: 'adam', learningRate }, change: blind })));
  const constant = Math.min(...without.map(reached));
  const more = (constant - real) / Math.abs(constant);
  const measured = { best: real, blind: constant, steps: own.losses.length };
  if (!(more < nothingMore) || real < (1 - 0.9) * Math.abs(startOf(own))) return { finding: undefined, measured };
  return {
    measured,
    finding: finding({
      rule: 'cannot-fit-one-batch',
      severity: own.losses.length >= enough ? 'warning' : 'info',
      message: `after ${String(own.losses.length)} steps on one batch of ${String(indices.length)} samples the loss is ${digits(real)} at best, and ${digits(constant)} for inputs that are all the same: the model makes ${percent(Math.max(0, more))} of its inputs`,
      evidence: { ...measured, runs: runs.map((run) => ({ rate: run.rate, start: startOf(run), end: reached(run) })) },
      remedy: 'Any sound model learns so few samples by heart. Look for activations that let nothing through, dropout or regularisation that is too strong, a bottleneck, or labels that the output cannot take.',
    }),
  };
}

async function run(lab: Lab): Promise<CheckResult> {
  const reason = await whyNot(lab);
  if (reason !== undefined) return { ...nothing, cannotTell: reason };
  const own = await ownOnOne(lab);
  const measured = { samples: smallBatch(lab).length, steps: own.losses.length, start: startOf(own), end: reached(own), losses: own.losses.map((each) => Number(each.toPrecision(4))) };
  const wrong = await worsens(lab);
  if (wrong !== undefined) return { findings: [wrong], measured };
  const still = await notUpdated(lab);
  if (still !== undefined) return { findings: [still], measured };
  if (gain(own) > fallen * Math.abs(startOf(own))) return { findings: [], measured };
  const up = gain(own) < 0 ? await rises(lab) : undefined;
  if (up !== undefined) return { findings: [up], measured };
  // In so few steps a sound model may be on its way.
  if (own.losses.length < enough && gain(own) > 0.005 * Math.abs(startOf(own))) return { findings: [], measured, cannotTell: `${String(own.losses.length)} steps are too few to tell` };
  const { finding: stuck, measured: more } = await cannotFit(lab, own);
  return { findings: stuck === undefined ? [] : [stuck], measured: { ...measured, ...more } };
}

/** Learns one small batch by heart, and looks for the reason where that fails. */
export const overfitOneBatch: Check = { name: 'overfit-one-batch', stage: 'training', summary: 'Trains on one small batch again and again: its loss has to fall, by the optimizer as it is or by another one.', run };
