import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch, type Batch } from '../../../data/index.js';
import { digits, finding } from '../../finding.js';
import { nothing, type Check, type CheckResult } from '../check.js';
import { readOnce, type Lab } from '../lab.js';
import { smallBatch, varies } from './batches.js';
import { controls } from './learning.js';
import { whyNot } from './learning.js';

/** Outputs that differ by less than this of their size are the same in float32. */
const same = 1e-6;
/** Steps of Adam after which outputs must differ: one is enough for a last layer that begins at 0, two for a branch behind a scale of 0. */
const steps = 10;

/** Largest difference between samples' outputs, as a share of the largest output. */
async function spreadOf(lab: Lab, batch: Batch): Promise<number> {
  const { outputs } = lab.forward(batch.inputs);
  const spreads = outputs.map((output) => tf.tidy(() => tf.stack([tf.max(tf.sub(tf.max(output, 0), tf.min(output, 0))), tf.max(tf.abs(output))])));
  tf.dispose([...outputs]);
  let widest = 0;
  for (const each of spreads) {
    const [spread = NaN, size = NaN] = await readOnce(each);
    widest = Math.max(widest, size > 0 ? spread / size : 0);
  }
  return widest;
}

async function run(lab: Lab): Promise<CheckResult> {
  const indices = smallBatch(lab);
  if (!varies(lab.training.inputs, indices)) return { ...nothing, cannotTell: 'the inputs are all the same' };
  const batch = lab.batch(indices);
  try {
    const first = await spreadOf(lab, batch);
    if (!(first < same)) return { findings: [], measured: { spread: first } };
    if ((await whyNot(lab)) === 'the loss is not finite before training') return { ...nothing, cannotTell: 'the loss is not finite before training' };
    const last = await lab.trial(async (trainee) => {
      for (let i = 0; i < steps; i += 1) await trainee.step(batch);
      return spreadOf(lab, batch);
    }, controls[0]);
    const measured = { spread: first, trained: last };
    if (!(last < same)) return { findings: [], measured };
    return {
      measured,
      findings: [
        finding({
          rule: 'inputs-ignored',
          severity: 'error',
          message: `the output is the same for ${String(indices.length)} different inputs, within ${digits(Math.max(first, last))} of its size, before and after ${String(steps)} steps`,
          evidence: { ...measured, samples: indices.length },
          remedy: 'Somewhere on the way the inputs are lost: look for units that are 0 for all of them, a softmax over one unit, a multiplication by 0, a cast to integers, or an input that is not connected.',
        }),
      ],
    };
  } catch (error) {
    // What cannot be trained is told by the gradient check.
    if (error instanceof Error && 'code' in error && error.code === 'LOSS_OUTPUT_MISMATCH') return { ...nothing, cannotTell: 'there is no gradient' };
    throw error;
  } finally {
    disposeBatch(batch);
  }
}

/** Asks whether outputs depend on inputs at all. */
export const seesInputs: Check = { name: 'sees-inputs', stage: 'training', summary: 'Different inputs have to give different outputs, at the latest after a few steps.', run };
