import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch, type Batch } from '../../../data/index.js';
import { digits, finding, type Finding } from '../../finding.js';
import { nothing, type Check, type CheckResult } from '../check.js';
import { readOnce, type Lab } from '../lab.js';
import { lossGradients, NoGradient } from './gradients.js';
import { freshSize } from './run.js';

/** What is wrong in one sample of a hundred shows in 4 batches of 64 with probability 1 - 0.99^256 = 92%. */
const batches = 4;
const largestBatch = 64;
/** The largest float32. */
const largest = 3.4028235e38;

/** 1 where all entries are finite: NaN is not below anything. */
const isFinite = (value: tf.Tensor): tf.Tensor => tf.tidy(() => (value.size === 0 ? tf.scalar(1) : tf.min(tf.cast(tf.lessEqual(tf.abs(tf.cast(value, 'float32')), largest), 'float32'))));

const allFinite = async (values: readonly tf.Tensor[]): Promise<readonly boolean[]> =>
  values.length === 0 ? [] : [...(await readOnce(tf.tidy(() => tf.stack(values.map(isFinite)))))].map((each) => each === 1);

interface Place {
  readonly what: string;
  readonly where: Finding['where'];
  readonly remedy: string;
  readonly loss: number;
}

const inLoss = 'Look for log(0), a division by 0, the root of a number below 0 or exp of a large one in the loss, and for NaN among the labels. Keep the argument of a log above 1e-7, or compute cross-entropy from logits.';
const inLayer = 'Look for log(0), a division by 0, a root of a number below 0, and for initial weights that are NaN or far too large.';
const inGradient = 'Some operation has no finite derivative at this point: sqrt or a norm at 0, log near 0, or a tf.where whose other branch is not finite. Add a small number under the root, or keep its argument from 0.';

/** Where numbers stop being numbers in one batch: undefined where they do not, null where the inputs are none to begin with. */
async function placeIn(lab: Lab, batch: Batch): Promise<Place | null | undefined> {
  if ((await allFinite(batch.inputs)).includes(false)) return null;
  const { outputs, activations } = lab.forward(batch.inputs, true, 'all');
  try {
    const [loss = NaN] = await readOnce(tf.tidy(() => lab.loss.compute(batch.labels, [...outputs]).total));
    const layers = [...activations];
    const finite = await allFinite(layers.map(([, value]) => value));
    const bad = layers[finite.indexOf(false)]?.[0];
    if (bad !== undefined) return { what: `in the output of "${bad}"`, where: { layer: bad }, remedy: inLayer, loss };
    const output = (await allFinite(outputs)).indexOf(false);
    if (output >= 0) return { what: `in the predictions of "${lab.loss.outputs[output]?.output.name ?? String(output)}"`, where: {}, remedy: inLayer, loss };
    if (!Number.isFinite(loss)) return { what: 'in the loss, while all layers give finite values', where: {}, remedy: inLoss, loss };
  } finally {
    tf.dispose([...outputs, ...activations.values()]);
  }
  return gradientIn(lab, batch);
}

/** The gradient that is not finite, nearest to the loss. */
async function gradientIn(lab: Lab, batch: Batch): Promise<Place | undefined> {
  try {
    const { gradients, loss, norms } = await lossGradients(lab, batch, true);
    const finite = await allFinite([...gradients.values()]);
    tf.dispose([...gradients.values()]);
    const bad = [...norms.keys()].findLast((_, i) => finite[i] === false);
    return bad === undefined ? undefined : { what: `in the gradient of "${bad}", while the loss is finite`, where: { weight: bad }, remedy: inGradient, loss };
  } catch (error) {
    // That there is none is told by the gradient check.
    if (error instanceof NoGradient) return undefined;
    throw error;
  }
}

async function run(lab: Lab): Promise<CheckResult> {
  const size = Math.min(largestBatch, freshSize(lab));
  const order = lab.choose(batches * size, 'training/finite');
  // In a trial: a pass in training mode moves the statistics of a batch norm.
  const places = await lab.trial(async () => {
    const found: (Place | null | undefined)[] = [];
    for (let from = 0; from < order.length; from += size) {
      const batch = lab.batch(order.slice(from, from + size));
      try {
        found.push(await placeIn(lab, batch));
      } finally {
        disposeBatch(batch);
      }
    }
    return found;
  });
  const bad = places.filter((each) => each !== undefined && each !== null);
  const measured = { batches: places.length, size, notFinite: bad.length };
  const [first] = bad;
  if (first === undefined) return places.includes(null) ? { ...nothing, measured, cannotTell: 'inputs are not finite' } : { findings: [], measured };
  return {
    measured,
    findings: [
      finding({
        rule: 'non-finite-at-start',
        severity: 'error',
        where: first.where,
        message: `before the first update, NaN or infinite values come first ${first.what}, in ${String(bad.length)} of ${String(places.length)} batches of ${String(size)}`,
        evidence: { ...measured, loss: first.loss, places: bad.map(({ what }) => what) },
        remedy: `${first.remedy}${Number.isFinite(first.loss) ? '' : ` The loss is ${digits(first.loss)}.`}`,
      }),
    ],
  };
}

/** Asks whether everything is a number before anything is trained. */
export const finiteAtStart: Check = { name: 'finite-at-start', stage: 'training', summary: 'Looks at the values of all layers, the loss and the gradients of several batches for the first that is not finite.', run };
