import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch } from '../../../data/index.js';
import { finding, percent, type Finding } from '../../finding.js';
import { nothing, type Check, type CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import { isKernel, lossGradients, NoGradient, trainableOf } from './gradients.js';
import { freshSize } from './run.js';

/** Batches at each of two states: a kernel that gets nothing from any of them gets nothing. */
const batches = 3;
/** Steps between the states: a branch behind a scale of 0, as residual blocks begin with, has a gradient after the first. */
const stepsBetween = 4;

/** Names of kernels whose gradients are all exactly 0 on some batches. */
async function silent(lab: Lab, name: string): Promise<ReadonlySet<string>> {
  const quiet = new Set(trainableOf(lab).filter(isKernel).map(({ info }) => info.name));
  for (let i = 0; i < batches && quiet.size > 0; i += 1) {
    const batch = lab.batch(lab.choose(Math.min(64, Math.max(8, freshSize(lab))), `${name}/${String(i)}`));
    try {
      const { gradients, norms } = await lossGradients(lab, batch, true);
      tf.dispose([...gradients.values()]);
      for (const [weight, norm] of norms) if (norm !== 0) quiet.delete(weight);
    } finally {
      disposeBatch(batch);
    }
  }
  return quiet;
}

async function run(lab: Lab): Promise<CheckResult> {
  const kernels = trainableOf(lab).filter(isKernel);
  if (kernels.length === 0) return { ...nothing, cannotTell: 'there are no trainable kernels' };
  try {
    const first = await silent(lab, 'training/flow-first');
    if (first.size === 0) return { findings: [], measured: { kernels: kernels.length, silent: [] } };
    const second = await lab.trial(
      async (trainee) => {
        for (let i = 0; i < stepsBetween; i += 1) {
          const batch = lab.batch(lab.choose(freshSize(lab), `training/flow-step/${String(i)}`));
          try {
            await trainee.step(batch);
          } finally {
            disposeBatch(batch);
          }
        }
        return silent(lab, 'training/flow-second');
      },
      { name: 'adam', learningRate: 1e-3 },
    );
    const dead = kernels.filter(({ info }) => first.has(info.name) && second.has(info.name));
    const parameters = kernels.reduce((sum, { info }) => sum + info.size, 0);
    const share = dead.reduce((sum, { info }) => sum + info.size, 0) / parameters;
    const measured = { kernels: kernels.length, silent: dead.map(({ info }) => info.name), share };
    const [one] = dead;
    if (one === undefined) return { findings: [], measured };
    const names = [...new Set(dead.map(({ info }) => info.layer ?? info.name))];
    const all = dead.length === kernels.length;
    const where: Finding['where'] = one.info.layer === undefined ? { weight: one.info.name } : { layer: one.info.layer, weight: one.info.name };
    return {
      findings: [
        finding({
          rule: 'no-gradient',
          // Where most of the model cannot learn, the rest is no model of its author's.
          severity: share >= 0.5 ? 'error' : 'warning',
          where: all ? {} : where,
          message: all
            ? `the gradients of all ${String(kernels.length)} kernels are exactly 0 on ${String(2 * batches)} batches: nothing can be learned`
            : `no gradient reaches ${names.map((name) => `"${name}"`).join(', ')}: it is exactly 0 on ${String(2 * batches)} batches for ${percent(share)} of the weights`,
          evidence: { layers: names, weights: measured.silent, share, kernels: kernels.length },
          remedy: 'Look at what comes behind the last of these layers: units that are 0 for all inputs (ReLU with strongly negative inputs), saturated activations, a softmax of one unit, or an operation without gradient.',
        }),
      ],
      measured,
    };
  } catch (error) {
    if (error instanceof NoGradient) return { ...nothing, cannotTell: `there is no gradient: ${error.message}` };
    throw error;
  }
}

/** Looks for kernels that no gradient reaches. */
export const gradientFlow: Check = { name: 'gradient-flow', stage: 'training', summary: 'Looks for kernels whose gradients are exactly 0 on several batches.', run };
