import * as tf from '@tensorflow/tfjs-core';
import { sampleCorrelation } from 'simple-statistics';
import { readOnce, type BatchLike, type Lab } from '../lab.js';

/** How well the predictions of one output go with the labels: from -1 to 1, NaN where either does not vary. */
export interface Agreement {
  readonly output: string;
  /** Of classes, how the right one ranks among them (Kendall's way of counting pairs); else the correlation over all numbers. */
  readonly agreement: number;
}

/** Whether class numbers, [batch, ...] or [batch, ..., 1], stand beside predictions [batch, ..., classes]. */
const isClasses = (label: tf.Tensor, prediction: tf.Tensor): boolean => {
  const classes = prediction.shape.at(-1) ?? 1;
  return classes > 1 && label.size * classes === prediction.size;
};

/** Whether each row, along the last axis, is 1 at one place and 0 elsewhere. */
function isOneHot(label: Float32Array, width: number): boolean {
  if (width < 2) return false;
  for (let from = 0; from < label.length; from += width) {
    const row = label.subarray(from, from + width);
    if (!row.every((each) => each === 0 || each === 1) || row.reduce((sum, each) => sum + each, 0) !== 1) return false;
  }
  return true;
}

/** Share of the other classes that score lower than the right one, less the share that score higher: 1 is right, 0 chance. */
function ranking(wanted: Float32Array, scores: Float32Array, width: number): number {
  let sum = 0;
  for (let from = 0; from < wanted.length; from += width) {
    const right = scores[from + wanted.subarray(from, from + width).indexOf(1)] ?? NaN;
    for (let i = 0; i < width; i += 1) sum += Math.sign(right - (scores[from + i] ?? NaN));
  }
  return sum / ((width - 1) * (wanted.length / width));
}

/** How predictions in inference mode go with labels, for each output where they can be laid side by side. */
export async function agreement(lab: Lab, batch: BatchLike): Promise<readonly Agreement[]> {
  const { outputs } = lab.forward(batch.inputs);
  try {
    const found: Agreement[] = [];
    for (const [i, prediction] of outputs.entries()) {
      const label = batch.labels[i];
      if (label === undefined) continue;
      const width = prediction.shape.at(-1) ?? 1;
      const isClass = isClasses(label, prediction);
      if (!isClass && label.size !== prediction.size) continue;
      const wanted = await readOnce(tf.tidy(() => tf.cast(isClass ? tf.oneHot(tf.cast(tf.reshape(label, [-1]), 'int32'), width) : tf.clone(label), 'float32')));
      const seen = await prediction.data<'float32'>();
      const agreed = isOneHot(wanted, width) ? ranking(wanted, seen, width) : wanted.length < 2 ? NaN : sampleCorrelation([...wanted], [...seen]);
      found.push({ output: lab.loss.outputs[i]?.output.name ?? String(i), agreement: agreed });
    }
    return found;
  } finally {
    tf.dispose([...outputs]);
  }
}
