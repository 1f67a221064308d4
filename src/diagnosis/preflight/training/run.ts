import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch, type Batch } from '../../../data/index.js';
import type { OptimizerSpec } from '../../../trainer/optimizer/index.js';
import { readOnce, type BatchLike, type Lab } from '../lab.js';
import { isBrief } from './clock.js';
import { once } from './memo.js';

export interface RunAsk {
  readonly steps: number;
  /** The batch of step i, from 0. The run ends it, unless `keeps`. */
  readonly batch: (i: number) => Batch;
  readonly keeps?: boolean;
  /** What is looked at before and after. */
  readonly probe: BatchLike;
  /** Left out: the user's. */
  readonly spec?: OptimizerSpec | undefined;
  /** Left out: the optimizer's own. */
  readonly rate?: number | undefined;
  /** Called before the weights are put back. */
  readonly atEnd?: () => Promise<void>;
  /** Called between steps, after the given number of them. */
  readonly atStep?: (done: number) => Promise<void>;
}

/** Mean loss without penalties, in inference mode and in training mode. */
interface Both {
  readonly inference: number;
  readonly training: number;
}

export interface Run {
  readonly rate: number;
  /** In training mode, penalties and all, before each update. */
  readonly losses: readonly number[];
  /** L2 norms of all gradients together, before clipping. */
  readonly norms: readonly number[];
  /** Of the probe. */
  readonly before: Both;
  readonly after: Both;
  /** Of the model's regularisation, before the first step and after the last. */
  readonly penalty: number;
  readonly penaltyAfter: number;
}

/** The model's regularisation as it is now. */
export async function penaltyOf(lab: Lab): Promise<number> {
  const penalty = tf.tidy(() => lab.model.penalty());
  return penalty === undefined ? 0 : ((await readOnce(penalty))[0] ?? 0);
}

async function bothOf(lab: Lab, { inputs, labels }: BatchLike): Promise<Both> {
  const read = await readOnce(tf.tidy(() => tf.stack([false, true].map((training) => lab.loss.compute(labels, lab.model.forward(inputs, training).outputs).total))));
  return { inference: read[0] ?? NaN, training: read[1] ?? NaN };
}

/** Trains for some steps in a trial. It stops early where the loss is no number any more. */
export async function train(lab: Lab, { steps, batch, keeps = false, probe, spec, rate, atEnd, atStep }: RunAsk): Promise<Run> {
  return lab.trial(async (trainee) => {
    const penalty = await penaltyOf(lab);
    const losses: number[] = [];
    const norms: number[] = [];
    const before = await bothOf(lab, probe);
    for (let i = 0; i < steps; i += 1) {
      const each = batch(i);
      try {
        const { loss, gradientNorm } = await trainee.step(each, rate === undefined ? {} : { learningRate: rate });
        losses.push(loss);
        norms.push(gradientNorm);
        if (!Number.isFinite(loss)) break;
      } finally {
        if (!keeps) disposeBatch(each);
      }
      await atStep?.(i + 1);
    }
    const after = await bothOf(lab, probe);
    const penaltyAfter = await penaltyOf(lab);
    await atEnd?.();
    return { rate: rate ?? trainee.learningRate, losses, norms, before, after, penalty, penaltyAfter };
  }, spec);
}

/** The loss of the probe before training, without penalties. */
export const startOf = (run: Run): number => run.before.training;

/**
 * By how much a run lowered the loss of the same samples, without penalties; minus infinity where it ended in NaN. The
 * better of both modes: dropout hides a fall in training mode, the moving statistics of a batch norm in inference mode.
 */
export function gain({ before, after, losses }: Run): number {
  if (!Number.isFinite(losses.at(-1) ?? NaN)) return -Infinity;
  const falls = [before.training - after.training, before.inference - after.inference].filter((each) => !Number.isNaN(each));
  return falls.length === 0 ? -Infinity : Math.max(...falls);
}

/** Where a run came to, in the mode that fell more. Infinite where it ended in NaN. */
export const reached = (run: Run): number => startOf(run) - gain(run);

/** The loss of the probe after a run, in the mode that is lower; infinite where it ended in NaN. */
export function levelOf({ after, losses }: Run): number {
  const levels = [after.training, after.inference].filter((each) => !Number.isNaN(each));
  return levels.length === 0 || !Number.isFinite(losses.at(-1) ?? NaN) ? Infinity : Math.min(...levels);
}

/** Milliseconds of a step on a batch of the user's size: the fastest of four, after one to warm up: other processes make none faster. */
export const stepTime = (lab: Lab): Promise<number> =>
  once(lab, 'step-time', () =>
    lab.trial(async (trainee) => {
      let best = Infinity;
      for (let i = 0; i < 5; i += 1) {
        const batch = lab.batch(lab.choose(freshSize(lab), 'training/pace'));
        try {
          const began = performance.now();
          await trainee.step(batch, { apply: false });
          if (i > 0) best = Math.min(best, performance.now() - began);
        } finally {
          disposeBatch(batch);
        }
      }
      return Math.max(best, 0.05);
    }),
  );

/** Of batches to train on: the user's, 256 at most, and at most half of the samples that are not held out. */
export const freshSize = (lab: Lab): number => Math.max(1, Math.min(lab.batchSize, 256, Math.ceil(lab.training.count / 2)));

/** Steps that are made anyhow where they take a second at most, so that what is found hangs little on the machine. */
const fewestSteps = 60;

/**
 * Steps on `size` samples that fit into some milliseconds: `most`, or a half or a quarter of them and so on, so that small
 * differences in speed change nothing. Half of a step's time is taken to go with its samples. The fewest, where the stage
 * has taken long already.
 */
export async function stepsWithin(lab: Lab, milliseconds: number, { size = freshSize(lab), least = 30, most = 300 }: { readonly size?: number; readonly least?: number; readonly most?: number } = {}): Promise<number> {
  if (isBrief(lab)) return Math.min(least, most);
  const time = (await stepTime(lab)) * (0.5 + (0.5 * size) / freshSize(lab));
  const floor = fewestSteps * time <= 1000 ? Math.max(least, Math.min(most, fewestSteps)) : least;
  // A hundredth of slack: 60 steps of 1 ms fit into 60 ms.
  const halvings = Math.max(0, Math.ceil(Math.log2((most * time) / (1.01 * milliseconds))));
  return Math.max(floor, Math.floor(most / 2 ** halvings));
}
