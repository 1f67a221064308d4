import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch, type Batch } from '../../../data/index.js';
import { digits, finding, percent, type Finding } from '../../finding.js';
import { nothing, type Check, type CheckResult } from '../check.js';
import { readOnce, type Lab } from '../lab.js';
import { isKernel, lossGradients, lossOf, moved, NoGradient, trainableOf } from './gradients.js';
import { smallBatch } from './batches.js';

/** Samples that the gradients are compared on: as few as show more than one label. */
const samples = 8;
/**
 * Changes of the loss that are aimed at, as shares of it. Float32 knows a loss to about 1e-6 of itself, so a change of 1%
 * is known to about 1e-4; from the larger to the smaller, curvature and kinks fade out.
 */
const shares = [0.03, 0.01, 0.003];
/** Central differences leave about 1e-3 here; TheDeepChecker's gradient check takes 0.01. A kink costs more, an error of sign or factor is above 0.3. */
const tolerance = 0.3;
/** Two steps that disagree by more than this tell nothing: the loss has a kink between them, or is all rounding. */
const agreement = 0.1;
/** How far the slopes to both sides may lie apart: curvature leaves a few hundredths here, a kink (ReLU at 0, equal values under a maximum) as much as the slope itself. */
const bothSides = 0.25;
/** The same where no gradient comes: rounding makes steps of a slope. */
const bothSidesOfSteps = 0.6;
/** Weights that are compared one by one, at most. */
const mostWeights = 16;

interface Slope {
  /** Per unit of length along the direction. */
  readonly analytic: number;
  readonly numeric: number;
  /** Whether the numeric slope is the same by two lengths of step, and on both sides. */
  readonly certain: boolean;
  /** Whether the slopes to the two sides differ, as at a kink: any value between them is right there. */
  readonly kink: boolean;
}

/** The slope of the loss along `direction` / `norm`, by central differences. */
async function slopeAlong(lab: Lab, batch: Batch, loss: number, direction: ReadonlyMap<string, tf.Tensor>, norm: number, analytic: number, lengths: readonly number[], apart = bothSides): Promise<Slope> {
  const seen: number[] = [];
  let kink = false;
  for (const length of lengths) {
    const up = await moved(lab, direction, length / norm, () => lossOf(lab, batch));
    const down = await moved(lab, direction, -length / norm, () => lossOf(lab, batch));
    const numeric = (up - down) / (2 * length);
    // Below this the difference is rounding.
    const isAboveNoise = Math.abs(up - down) > 1e-5 * Math.max(Math.abs(loss), Math.abs(up - loss));
    const last = seen.at(-1);
    const [right, left] = [(up - loss) / length, (loss - down) / length];
    kink = Math.abs(right - left) > apart * Math.max(Math.abs(right), Math.abs(left));
    if (isAboveNoise && !kink && last !== undefined && Math.abs(numeric - last) <= agreement * Math.max(Math.abs(numeric), Math.abs(last))) return { analytic, numeric, certain: true, kink };
    if (isAboveNoise) seen.push(numeric);
  }
  return { analytic, numeric: seen.at(-1) ?? NaN, certain: false, kink };
}

const errorOf = ({ analytic, numeric }: Slope): number => Math.abs(analytic - numeric) / Math.max(Math.abs(analytic), Math.abs(numeric));

const normOf = async (tensors: Iterable<tf.Tensor>): Promise<number> => Math.sqrt((await readOnce(tf.tidy(() => tf.addN([tf.scalar(0), ...[...tensors].map((each) => tf.sum(tf.square(each)))]))))[0] ?? NaN);

/** Lengths of steps that change the loss by the shares above, a tenth of the weights' own length at most. */
const lengthsFor = (loss: number, slope: number, size: number): readonly number[] => shares.map((share) => Math.min((share * Math.max(Math.abs(loss), 1e-3)) / Math.max(slope, 1e-30), 0.1 * (share / 0.03) * Math.max(size, 1e-2)));

/** Directions at random, of which each meets all that there are: together their slopes point up (Spall, 1992), with sqrt(8) times the slope of one. */
const directions = 8;

async function steepest(lab: Lab, batch: Batch, name: string, variable: tf.Variable, length: number): Promise<tf.Tensor> {
  let sum: tf.Tensor = tf.zeros(variable.shape);
  for (let i = 0; i < directions; i += 1) {
    const each = tf.randomNormal(variable.shape, 0, 1, 'float32', 17 + i);
    const norm = await normOf([each]);
    const up = await moved(lab, new Map([[name, each]]), length / norm, () => lossOf(lab, batch));
    const down = await moved(lab, new Map([[name, each]]), -length / norm, () => lossOf(lab, batch));
    const next = tf.tidy(() => tf.add(sum, tf.mul(each, Number.isFinite(up - down) ? (up - down) / (2 * length * norm) : 0)));
    tf.dispose([sum, each]);
    sum = next;
  }
  return sum;
}

interface Compared extends Slope {
  readonly weight: string;
  readonly layer: string | undefined;
}

async function compare(lab: Lab, batch: Batch): Promise<{ readonly compared: readonly Compared[]; readonly lost: readonly Compared[] }> {
  const { loss, gradients, norms } = await lossGradients(lab, batch, false);
  const compared: Compared[] = [];
  const lost: Compared[] = [];
  try {
    const kernels = trainableOf(lab).filter(isKernel);
    const every = Math.max(1, Math.ceil(kernels.length / mostWeights));
    for (const { info, variable } of kernels.filter((_, i) => i % every === 0)) {
      if (lab.isLate) break;
      const gradient = gradients.get(info.name);
      const norm = norms.get(info.name) ?? 0;
      const size = await normOf([variable]);
      if (gradient !== undefined && norm > 0) {
        const slope = await slopeAlong(lab, batch, loss, new Map([[info.name, gradient]]), norm, norm, lengthsFor(loss, norm, size));
        compared.push({ ...slope, weight: info.name, layer: info.layer });
        continue;
      }
      // No gradient: the loss must not change along any direction.
      const along = await steepest(lab, batch, info.name, variable, 0.02 * Math.max(size, 1e-2));
      try {
        const length = await normOf([along]);
        if (!(length > 0)) continue;
        const slope = await slopeAlong(lab, batch, loss, new Map([[info.name, along]]), length, 0, [0.1, 0.05, 0.02].map((share) => share * Math.max(size, 1e-2)), bothSidesOfSteps);
        lost.push({ ...slope, weight: info.name, layer: info.layer });
      } finally {
        along.dispose();
      }
    }
  } finally {
    tf.dispose([...gradients.values()]);
  }
  return { compared, lost: lost.filter(({ certain, numeric }) => certain && numeric !== 0) };
}

/** Whether one factor below 0 lies between what is and what should be, as a reversed gradient has it. */
function isReversal(wrong: readonly Slope[]): boolean {
  const factors = wrong.map(({ analytic, numeric }) => analytic / numeric);
  const [first = NaN] = factors;
  return factors.every((each) => each < 0 && Math.abs(each - first) <= agreement * Math.abs(first));
}

/** Deviation of the displacement, as a share of a weight's size, and what it is at least where all are 0. */
const aside = { share: 0.1, least: 0.02 };

/** Runs `body` with all weights a little aside of where they are: kinks, as ties under a maximum, have no width, and are left behind. */
async function beside<T>(lab: Lab, body: () => Promise<T>): Promise<T> {
  const away = new Map(trainableOf(lab).map(({ info, variable }, i) => [info.name, tf.tidy(() => tf.mul(tf.randomNormal(variable.shape, 0, 1, 'float32', 100 + i), tf.maximum(tf.mul(aside.share, tf.sqrt(tf.mean(tf.square(variable)))), aside.least)))]));
  try {
    return await moved(lab, away, 1, body);
  } finally {
    tf.dispose([...away.values()]);
  }
}

const isWrong = (each: Slope): boolean => each.certain && errorOf(each) > tolerance;

/** What is wrong here, and a little aside as well. */
async function suspects(lab: Lab, batch: Batch): Promise<{ readonly compared: readonly Compared[]; readonly wrong: readonly Compared[]; readonly lost: readonly Compared[] }> {
  const { compared, lost } = await compare(lab, batch);
  const wrong = compared.filter(isWrong).toSorted((a, b) => errorOf(b) - errorOf(a));
  if (wrong.length === 0 && lost.length === 0) return { compared, wrong, lost };
  const there = await beside(lab, () => compare(lab, batch));
  const stillWrong = new Set(there.compared.filter(isWrong).map(({ weight }) => weight));
  const stillLost = new Set(there.lost.map(({ weight }) => weight));
  return { compared, wrong: wrong.filter(({ weight }) => stillWrong.has(weight)), lost: lost.filter(({ weight }) => stillLost.has(weight)) };
}

const whereOf = ({ layer, weight }: { readonly layer: string | undefined; readonly weight: string }): Finding['where'] => (layer === undefined ? { weight } : { layer, weight });

async function run(lab: Lab): Promise<CheckResult> {
  const kernels = trainableOf(lab).filter(isKernel);
  if (kernels.length === 0) return { ...nothing, cannotTell: 'there are no trainable kernels' };
  const batch = lab.batch(smallBatch(lab).slice(0, samples));
  try {
    const loss = await lossOf(lab, batch);
    if (!Number.isFinite(loss)) return { ...nothing, measured: { loss }, cannotTell: 'the loss is not finite before training' };
    if (loss !== (await lossOf(lab, batch))) return { ...nothing, measured: { loss }, cannotTell: 'the loss is another one each time for the same weights' };
    const { compared, wrong, lost } = await suspects(lab, batch);
    const certain = compared.filter((each) => each.certain);
    const findings: Finding[] = [];
    const worst = wrong[0];
    if (worst !== undefined) {
      const flipped = wrong.filter(({ analytic, numeric }) => analytic * numeric < 0).length;
      findings.push(
        finding({
          rule: 'wrong-gradient',
          severity: 'error',
          where: whereOf(worst),
          message: `the gradient of "${worst.weight}" says that the loss changes by ${digits(worst.analytic)} per unit along it, and moving the weight changes it by ${digits(worst.numeric)}; so with ${String(wrong.length)} of ${String(certain.length)} kernels`,
          evidence: { wrong: wrong.map((each) => ({ weight: each.weight, analytic: each.analytic, numeric: each.numeric, error: errorOf(each) })), flipped, kernels: certain.length },
          remedy:
            flipped > 0
              ? `The gradient points the wrong way${isReversal(wrong) ? ', by the same factor for all of these weights' : ''}: look for a sign in a tf.customGrad of the loss or of the layers behind this one. A gradient reversal layer, as for adversarial features, does that on purpose: then leave this check out.`
              : `It is ${percent(worst.analytic / worst.numeric)} of what it should be: look at tf.customGrad in the loss and in the layers behind this one, and for values that are taken out of the graph by dataSync() or a constant. A straight-through estimator (round or sign with the gradient of the identity) differs on purpose: then leave this check out.`,
        }),
      );
    }
    for (const each of lost.slice(0, 1)) {
      findings.push(
        finding({
          rule: 'gradient-lost',
          severity: 'error',
          where: whereOf(each),
          message: `the loss depends on "${each.weight}" (it changes by ${digits(each.numeric)} per unit), but no gradient comes to it${lost.length > 1 ? `; so with ${String(lost.length)} of ${String(kernels.length)} kernels` : ''}`,
          evidence: { lost: lost.map(({ weight, numeric }) => ({ weight, numeric })) },
          remedy: 'Between this weight and the loss, look for dataSync(), tf.tensor of read values, tf.customGrad or an operation without gradient (round, argMax, greater), and use operations that have one.',
        }),
      );
    }
    return {
      findings,
      measured: { loss, compared: compared.map((each) => ({ weight: each.weight, analytic: each.analytic, numeric: each.numeric, certain: each.certain, kink: each.kink })), lost: lost.length },
      ...(certain.length === 0 && lost.length === 0 ? { cannotTell: 'the slopes are within the rounding of float32' } : {}),
    };
  } catch (error) {
    if (!(error instanceof NoGradient)) throw error;
    return {
      findings: [
        finding({
          rule: 'no-gradient',
          severity: 'error',
          message: `the loss cannot be differentiated: ${error.message.replace(/\.$/, '')}`,
          evidence: { reason: error.message },
          remedy: 'Use operations that have gradients between the weights and the loss: no dataSync(), round, argMax or comparison, and no constant in place of the predictions.',
        }),
      ],
    };
  } finally {
    disposeBatch(batch);
  }
}

/** Compares the gradients with differences of the loss. */
export const gradientCheck: Check = { name: 'gradient-check', stage: 'training', summary: 'Moves each kernel along its gradient and compares the change of the loss with what the gradient says.', run };
