import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch } from '../../../data/index.js';
import { readOnce, type Lab } from '../lab.js';

/** Samples that show what a scale does. */
const looked = 128;
/** A usual start comes to about three times the loss of outputs that say nothing: labels of variance 1 and outputs of variance 2. */
const muchMore = 4;
/** Outputs that differ by less than this of how far labels do, or by less than 0.01 as logits, say nothing of their inputs. */
const muchLess = 0.01;

/**
 * Whether the scale of the inputs shows in what an untrained model says, where nothing tells what it does to them first:
 * in a loss far above that for inputs of 0, or in outputs that are all but the same for all samples. A model that scales
 * its inputs itself shows neither.
 */
export async function scaleShows(lab: Lab): Promise<boolean> {
  const batch = lab.batch(lab.choose(looked, 'data/scale-effect'));
  const zeros = batch.inputs.map((each) => tf.zerosLike(each));
  try {
    const vector = tf.tidy(() => {
      const { outputs } = lab.model.forward(batch.inputs, false);
      const loss = lab.loss.compute(batch.labels, outputs).total;
      const silent = lab.loss.compute(batch.labels, lab.model.forward(zeros, false).outputs).total;
      const deviation = (each: tf.Tensor): tf.Tensor => tf.max(tf.sqrt(tf.moments(tf.cast(each, 'float32'), 0).variance));
      const spreads = outputs.map((each, i) => {
        const labels = batch.labels[i];
        const isNumbers = labels?.dtype === 'float32' && labels.shape.join() === each.shape.join();
        return tf.div(deviation(each), isNumbers ? tf.maximum(deviation(labels), 1e-12) : 1);
      });
      return tf.stack([loss, silent, ...spreads].map((each) => tf.reshape(each, [])));
    });
    const [loss = NaN, silent = NaN, ...spreads] = await readOnce(vector);
    return loss > muchMore * Math.abs(silent) || (spreads.length > 0 && spreads.every((each) => each < muchLess));
  } finally {
    tf.dispose(zeros);
    disposeBatch(batch);
  }
}
