import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch } from '../../../data/index.js';
import { digits, finding } from '../../finding.js';
import { nothing, type Check, type CheckResult } from '../check.js';
import { readOnce, type Lab } from '../lab.js';
import { trainableOf } from './gradients.js';
import { whyNot } from './learning.js';
import { freshSize } from './run.js';

const steps = 4;

/** What some steps come to: their losses, and the sum of squares of each weight. */
async function once(lab: Lab): Promise<readonly number[]> {
  const original = Math.random;
  const stream = lab.random('training/reproducible');
  // Dropout and the like draw from it: the same numbers each time.
  Math.random = () => stream.float();
  try {
    return await lab.trial(async (trainee) => {
      const seen: number[] = [];
      for (let i = 0; i < steps; i += 1) {
        const batch = lab.batch(lab.choose(freshSize(lab), `training/reproducible/${String(i)}`));
        try {
          seen.push((await trainee.step(batch)).loss);
        } finally {
          disposeBatch(batch);
        }
      }
      return [...seen, ...(await readOnce(tf.tidy(() => tf.stack(trainableOf(lab).map(({ variable }) => tf.sum(tf.square(tf.cast(variable, 'float32'))))))))];
    });
  } finally {
    Math.random = original;
  }
}

async function run(lab: Lab): Promise<CheckResult> {
  const reason = await whyNot(lab);
  if (reason !== undefined) return { ...nothing, cannotTell: reason };
  const [first, second] = [await once(lab), await once(lab)];
  const differences = first.map((value, i) => Math.abs(value - (second[i] ?? NaN)) / Math.max(Math.abs(value), 1e-12));
  const largest = Math.max(...differences.filter((each) => !Number.isNaN(each)), 0);
  const measured = { steps, largest, losses: [first.slice(0, steps), second.slice(0, steps)] };
  if (largest === 0) return { findings: [], measured };
  const wanted = lab.experiment.seed !== undefined || (lab.experiment.plugins ?? []).some(({ name }) => name === 'seed');
  return {
    measured,
    findings: [
      finding({
        rule: 'not-reproducible',
        // Sums in another order differ by rounding, as threads and graphics cards make them: worth knowing, no fault.
        severity: wanted && largest > 1e-4 ? 'warning' : 'info',
        message: `${String(steps)} steps from the same weights, on the same batches and with the same random numbers differ by up to ${digits(largest)} of their loss or weights`,
        evidence: { ...measured, seed: lab.experiment.seed ?? null },
        remedy: 'Look for random numbers that do not come from Math.random or a seeded stream, for state that a layer or loss keeps between steps, and for the time of day.',
      }),
    ],
  };
}

/** Whether a seed can make this training repeatable. */
export const reproducible: Check = { name: 'reproducible', stage: 'training', summary: 'Trains a few steps twice from the same state with the same random numbers and compares.', run };
