import * as tf from '@tensorflow/tfjs-core';
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { disposeBatch, type Batch } from '../../../data/index.js';
import { digits, finding, type Finding, type Severity } from '../../finding.js';
import { nothing, type Check, type CheckResult } from '../check.js';
import { inputsExplainLabels } from '../data/predictability.js';
import { readOnce, type Lab } from '../lab.js';
import { blinded, folds, fresh, split, varies, type Halves } from './batches.js';
import { controlOnOne, controls, whyNot } from './learning.js';
import { once } from './memo.js';
import { freshSize, gain, startOf, stepsWithin, train } from './run.js';

/** Fewer samples than this are held out part by part, so that each is judged once. */
const fewest = 200;
const foldsOfFew = 4;
/** With these the probes' upper bound still rules out what a person would call a moderate effect. */
const fewestOfAll = 90;
/** An effect above chance of so much may be there and not be seen: then nothing is said. The bounds are one-sided, of 99%. */
const moderate = { probes: 0.25, model: 0.25 };
const bound = 2.33;
/** Groups of held-out samples whose losses are compared in pairs. */
const groups = 16;
/** Times that the held-out samples are looked at during a run; the best time counts, for all kinds of labels alike. */
const looks = 6;
/** Deviations of the mean of the pairs: above, inputs tell something; below, nothing is to be seen. */
const clear = 3;
const unclear = 2;
/** p of the probes without a model: above it they see nothing. */
const chance = 0.01;
/** Below it they see something beyond doubt. */
const sure = 1e-4;

type Kind = 'real' | 'blind' | 'permuted';

interface Trained {
  /** Held-out losses of each group when their mean was lowest. */
  readonly groups: readonly number[];
  readonly mean: number;
  /** Of the samples that were trained on: by how much of itself the loss fell. */
  readonly learned: number;
}

/** Loss of each group of held-out samples, in inference mode. */
async function lossesOf(lab: Lab, batches: readonly Batch[]): Promise<readonly number[]> {
  return [...(await readOnce(tf.tidy(() => tf.stack(batches.map(({ inputs, labels }) => lab.loss.compute(labels, lab.model.forward(inputs, false).outputs).total)))))];
}

/** Trains on all but one part of the samples, for each part in turn, and joins the losses of the parts. */
async function trainKind(lab: Lab, kind: Kind, learningRate: number, steps: number): Promise<Trained> {
  const parts: Trained[] = [];
  for (const halves of lab.training.count < fewest ? folds(lab, foldsOfFew, 'training/explains') : [split(lab, 'training/explains')]) parts.push(await trainHalf(lab, kind, learningRate, steps, halves));
  const all = parts.flatMap((each) => each.groups);
  return { groups: all, mean: all.length === 0 ? NaN : mean(all), learned: mean(parts.map(({ learned }) => learned)) };
}

async function trainHalf(lab: Lab, kind: Kind, learningRate: number, steps: number, { train: whole, held }: Halves): Promise<Trained> {
  // Samples that come by several times, so that it shows whether they are learned by heart.
  const size = Math.max(freshSize(lab), 16);
  const pool = whole.slice(0, Math.max(size, Math.floor((steps * size) / 3)));
  const order = lab.random('training/explains-order').permutation(pool.length);
  const shuffled = Int32Array.from(order, (i) => pool[i] ?? 0);
  const make = (i: number): Batch => {
    const batch = lab.batch(fresh(pool, size, i));
    if (kind === 'real') return batch;
    if (kind === 'blind') return blinded(batch);
    const other = lab.batch(fresh(shuffled, size, i));
    tf.dispose([...batch.labels, ...other.inputs]);
    return { ...batch, labels: other.labels };
  };
  const most = Math.min(groups, Math.floor(held.length / 2));
  const part = Math.floor(held.length / most);
  const heldOut = Array.from({ length: most }, (_, i) => lab.batch(held.slice(i * part, (i + 1) * part)));
  // The blind one is judged on blind inputs, too: what it learned are the labels alone.
  const judged = kind === 'blind' ? heldOut.map(blinded) : heldOut;
  const probe = make(0);
  let best: readonly number[] = [];
  try {
    const run = await train(lab, {
      steps,
      batch: make,
      probe,
      spec: { name: 'adam', learningRate },
      atStep: async (done) => {
        if (done % Math.max(1, Math.floor(steps / looks)) !== 0) return;
        const losses = await lossesOf(lab, judged);
        if (losses.every(Number.isFinite) && (best.length === 0 || mean([...losses]) < mean([...best]))) best = losses;
      },
    });
    return { groups: best, mean: best.length === 0 ? NaN : mean([...best]), learned: gain(run) / Math.abs(startOf(run)) };
  } finally {
    disposeBatch(probe);
    for (const each of judged) disposeBatch(each);
  }
}

/** By how many of its standard errors the real run is better on held-out samples than the other. */
function advantage(real: Trained, other: Trained): number {
  const differences = other.groups.map((loss, i) => loss - (real.groups[i] ?? NaN));
  const error = sampleStandardDeviation(differences) / Math.sqrt(differences.length);
  return error > 0 ? mean(differences) / error : 0;
}

/** The largest gain over the other that the losses leave room for, as a share of its loss. */
function upperGain(real: Trained, other: Trained): number {
  const differences = other.groups.map((loss, i) => loss - (real.groups[i] ?? NaN));
  return (mean(differences) + (bound * sampleStandardDeviation(differences)) / Math.sqrt(differences.length)) / Math.abs(other.mean);
}

async function run(lab: Lab): Promise<CheckResult> {
  const reason = await whyNot(lab);
  if (reason !== undefined) return { ...nothing, cannotTell: reason };
  const { count } = lab.training;
  if (count < fewestOfAll) return { ...nothing, cannotTell: `${String(count)} samples are too few: it takes ${String(fewestOfAll)}` };
  const { train: pool } = split(lab, 'training/explains');
  if (!varies(lab.training.labels, pool) || !varies(lab.training.inputs, pool)) return { ...nothing, cannotTell: 'inputs or labels are all the same' };
  const probes = await once(lab, 'probes', () => inputsExplainLabels(lab));
  // What a probe of the data sees, inputs do explain.
  if (probes !== undefined && probes.training.p < sure) return { findings: [], measured: { probes: probes.training } };
  // The most that neighbours may tell, where that is not ruled out by so few samples.
  const mostEffect = probes === undefined ? NaN : Math.max(0, ((probes.training.z.neighbours + bound) * probes.training.deviation) / Math.max(1e-9, 1 - probes.training.chance));
  if (count < fewest && !(mostEffect < moderate.probes)) return { ...nothing, measured: { probes: probes?.training ?? null, mostEffect }, cannotTell: `${String(count)} samples are too few to rule out an effect` };
  // The rate by which one batch is learned best.
  const [slow, fast] = [await controlOnOne(lab, controls[0].learningRate), await controlOnOne(lab, controls[1].learningRate)];
  const rate = gain(fast) > gain(slow) ? controls[1].learningRate : controls[0].learningRate;
  const memorises = Math.max(gain(fast), gain(slow)) / Math.abs(startOf(slow));
  const steps = await stepsWithin(lab, 600, { size: Math.max(freshSize(lab), 16), most: 150 });
  const real = await trainKind(lab, 'real', rate, steps);
  const blind = await trainKind(lab, 'blind', rate, steps);
  const overBlind = advantage(real, blind);
  const measured: Record<string, unknown> = { steps, rate, memorises, real: real.mean, blind: blind.mean, learned: real.learned, overBlind, probes: probes?.training ?? null, mostEffect };
  if (overBlind > clear) return { findings: [], measured };
  const permuted = await trainKind(lab, 'permuted', rate, steps);
  const overPermuted = advantage(real, permuted);
  Object.assign(measured, { permuted: permuted.mean, overPermuted, learnedPermuted: permuted.learned });
  if (overPermuted > unclear || overBlind > unclear) return { findings: [], measured, cannotTell: 'held-out samples are hardly better than by chance after so few steps' };
  if (probes === undefined || probes.training.p < chance) return { findings: [], measured, cannotTell: 'after so few steps the model knows no more than by chance what a simple probe of the data does' };
  const mostGain = upperGain(real, blind);
  Object.assign(measured, { mostGain });
  if (count < fewest && !(mostGain < moderate.model)) return { findings: [], measured, cannotTell: `${String(count)} samples are too few to rule out that inputs help` };
  // A model that has learned its training samples, and knows no more of others than one that was taught nonsense.
  if (!(memorises > 0.5) || !(real.learned > 0.1)) return { findings: [], measured, cannotTell: 'the model has not learned enough in so few steps to tell' };
  // A task may only be slow: four times the steps are to show nothing either.
  const longer = await trainKind(lab, 'real', rate, (count < fewest ? 3 : 4) * steps);
  const overLonger = advantage(longer, blind);
  Object.assign(measured, { longer: longer.mean, overLonger });
  if (overLonger > unclear) return { findings: [], measured, cannotTell: 'held-out samples are better than by chance only after many steps' };
  return { findings: [notExplained({ rate, steps, real, blind, permuted, overBlind, overPermuted, p: probes.training.p }, count < fewest ? 'warning' : 'error')], measured };
}

interface Verdict {
  readonly rate: number;
  readonly steps: number;
  readonly real: Trained;
  readonly blind: Trained;
  readonly permuted: Trained;
  readonly overBlind: number;
  readonly overPermuted: number;
  readonly p: number;
}

const notExplained = ({ real, blind, permuted, ...rest }: Verdict, severity: Severity): Finding =>
  finding({
    rule: 'inputs-do-not-explain-labels',
    severity,
    message: `the model learns its training samples, and on held-out ones comes to a loss of ${digits(real.mean)}: no better than with labels in random order (${digits(permuted.mean)}) or without inputs (${digits(blind.mean)})`,
    evidence: { ...rest, real: real.mean, blind: blind.mean, permuted: permuted.mean, learned: real.learned },
    remedy: 'Look at where inputs and labels are read, shuffled or joined: one may be shifted or in another order than the other. Or the inputs do not hold what tells the labels.',
  });

/** Compares training on samples as they are with training without their inputs, and with their labels in random order. */
export const inputIndependentBaseline: Check = { name: 'input-independent-baseline', stage: 'training', summary: 'Trains with real inputs, with constant ones and with labels in random order, and compares losses on held-out samples.', run };
