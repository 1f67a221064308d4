import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch, type Batch } from '../../../data/index.js';
import type { OptimizerSpec } from '../../../trainer/optimizer/index.js';
import type { Lab } from '../lab.js';
import { blinded, fresh, smallBatch, split } from './batches.js';
import { lossGradients, NoGradient } from './gradients.js';
import { once } from './memo.js';
import { freshSize, stepsWithin, train, type Run } from './run.js';

/** Why nothing can be trained here, or undefined where it can. */
export const whyNot = (lab: Lab): Promise<string | undefined> =>
  once(lab, 'why-not', async () => {
    if (lab.training.count < 4) return `there are ${String(lab.training.count)} samples`;
    const batch = lab.batch(smallBatch(lab));
    try {
      const { loss, gradients, norms } = await lossGradients(lab, batch, true);
      tf.dispose([...gradients.values()]);
      if (!Number.isFinite(loss)) return 'the loss is not finite before training';
      if ([...norms.values()].some((norm) => !Number.isFinite(norm))) return 'gradients are not finite before training';
      return [...norms.values()].every((norm) => norm === 0) ? 'all gradients are 0' : undefined;
    } catch (error) {
      if (error instanceof NoGradient) return `there is no gradient: ${error.message}`;
      throw error;
    } finally {
      disposeBatch(batch);
    }
  });

/** Milliseconds for one run of many steps: some ten of them make a preflight of a small set-up. */
const runTime = { small: 400, fresh: 400 };
/** A run of these many samples a batch takes about as long as the user's for so many steps. */
const most = { small: 150, fresh: 120 };

/** On one small batch again and again. */
export async function trainOnOne(lab: Lab, ask: { readonly spec?: OptimizerSpec; readonly rate?: number; readonly change?: (batch: Batch) => Batch; readonly atEnd?: () => Promise<void> } = {}): Promise<Run> {
  const plain = lab.batch(smallBatch(lab));
  const batch = ask.change === undefined ? plain : ask.change(plain);
  try {
    const steps = await stepsWithin(lab, runTime.small, { size: batch.size, most: most.small });
    return await train(lab, { steps, batch: () => batch, keeps: true, probe: batch, spec: ask.spec, rate: ask.rate, ...(ask.atEnd === undefined ? {} : { atEnd: ask.atEnd }) });
  } finally {
    disposeBatch(batch);
  }
}

export const freshSteps = (lab: Lab): Promise<number> => stepsWithin(lab, runTime.fresh, { most: most.fresh });

/** On batches of the user's size, a new one each step; the probe is held out. */
export async function trainOnFresh(lab: Lab, ask: { readonly spec?: OptimizerSpec | undefined; readonly rate?: number | undefined; readonly change?: (batch: Batch) => Batch } = {}): Promise<Run> {
  const { change = (batch: Batch) => batch } = ask;
  const { train: pool, held } = split(lab, 'training/fresh');
  const probe = change(lab.batch(held.length > 0 ? held : pool));
  try {
    return await train(lab, { steps: await freshSteps(lab), batch: (i) => change(lab.batch(fresh(pool, freshSize(lab), i))), probe, spec: ask.spec, rate: ask.rate });
  } finally {
    disposeBatch(probe);
  }
}

/** Adam as a control: its default rate (Kingma & Ba 2015) and ten times that. */
export const controls = [
  { name: 'adam', learningRate: 1e-3 },
  { name: 'adam', learningRate: 1e-2 },
] as const satisfies readonly OptimizerSpec[];

export const ownOnOne = (lab: Lab): Promise<Run> => once(lab, 'own-on-one', () => trainOnOne(lab));
export const ownOnFresh = (lab: Lab): Promise<Run> => once(lab, 'own-on-fresh', () => trainOnFresh(lab));
export const atRateOnOne = (lab: Lab, rate: number): Promise<Run> => once(lab, `on-one/${String(rate)}`, () => trainOnOne(lab, { rate }));
export const atRateOnFresh = (lab: Lab, rate: number): Promise<Run> => once(lab, `on-fresh/${String(rate)}`, () => trainOnFresh(lab, { rate }));
export const controlOnOne = (lab: Lab, rate: number): Promise<Run> => once(lab, `control-on-one/${String(rate)}`, () => trainOnOne(lab, { spec: { name: 'adam', learningRate: rate } }));
export const controlOnFresh = (lab: Lab, rate: number): Promise<Run> => once(lab, `control-on-fresh/${String(rate)}`, () => trainOnFresh(lab, { spec: { name: 'adam', learningRate: rate } }));

/** Without inputs: how low a loss the labels alone allow. */
export const blindOnFresh = (lab: Lab): Promise<Run> => once(lab, 'blind-on-fresh', () => trainOnFresh(lab, { spec: controls[1], change: blinded }));

/** The user's rate before the first step. */
export const ownRate = (lab: Lab): number => lab.engine.optimizer.learningRate;

/** Whether a plugin sets the rate: then the optimizer's own is not what steps are made with. */
export const hasSchedule = (lab: Lab): boolean => (lab.experiment.plugins ?? []).some(({ name }) => /rate|schedul|warm|^lr/i.test(name));

/** Updates of the user's training: undefined where only reading its data to the end would tell. */
export const plannedSteps = (lab: Lab): number | undefined => {
  const perEpoch = lab.experiment.fit?.stepsPerEpoch;
  const updates = perEpoch === undefined ? lab.plannedSteps : lab.epochs * perEpoch;
  return updates === undefined ? undefined : Math.ceil(updates / (lab.experiment.accumulateSteps ?? 1));
};
