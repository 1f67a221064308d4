import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch, type LoadedData } from '../data/index.js';
import type { Interrupt } from './interrupt.js';
import { readTogether } from '../measure/pack.js';
import type { Metrics } from '../plugin/index.js';
import type { CompiledLoss } from './loss/index.js';
import type { MetricSums } from './metric-sums.js';
import type { ModelFace } from './model.js';
import type { Pace } from './pace.js';
import { RunningSums } from './running-sums.js';
import type { ValidationWatch } from './validation-watch.js';

export interface Evaluation {
  readonly metrics: Metrics;
  readonly samples: number;
  readonly milliseconds: number;
}

/**
 * Loss and metrics over all batches of the data, in inference mode, weighted by the samples in each: nothing is read
 * before the end. The loss includes penalties, as the training loss does, so that the two can be compared.
 * @param watch Sees each batch with the model's answer.
 * @param aborting Ends it between batches, and while data is awaited: it covers the batches so far then.
 */
export async function evaluate(
  parts: { readonly model: ModelFace; readonly loss: CompiledLoss; readonly metrics: MetricSums; readonly pace: Pace },
  data: LoadedData,
  aborting?: Interrupt,
  watch?: ValidationWatch,
): Promise<Evaluation> {
  const { model, loss, metrics, pace } = parts;
  const began = performance.now();
  const sums = new RunningSums(metrics.width);
  const cursor = data.epoch(0);
  try {
    for (;;) {
      const next = cursor.next();
      const came = !(next instanceof Promise) ? { value: next } : aborting === undefined ? { value: await next } : await aborting.unlessFired(next, (late) => late !== undefined && disposeBatch(late));
      const batch = came?.value;
      if (batch === undefined) break;
      if (aborting?.fired === true) {
        disposeBatch(batch);
        break;
      }
      try {
        const vector = tf.tidy(() => {
          const { outputs } = model.forward(batch.inputs, false);
          const { total, perOutput } = loss.compute(batch.labels, outputs, batch.sampleWeights);
          watch?.add({ labels: batch.labels, predictions: outputs, sampleWeights: batch.sampleWeights, size: batch.size });
          const penalty = model.penalty();
          return metrics.vector(penalty === undefined ? total : tf.add<tf.Scalar>(total, penalty), perOutput, batch.labels, outputs, batch.size);
        });
        sums.add(vector, batch.size);
      } finally {
        disposeBatch(batch);
      }
      if (pace.isDue) await pace.turn();
    }
    if (sums.pending !== undefined) {
      const read = readTogether([sums.pending]);
      const [values] = read instanceof Promise ? await read : read;
      if (values !== undefined) sums.settle(values);
    }
    return { metrics: metrics.finish(sums.sums, sums.samples), samples: sums.samples, milliseconds: performance.now() - began };
  } finally {
    sums.dispose();
    const closed = cursor.close();
    // What hangs hangs in its closing too.
    if (aborting?.fired === true) Promise.resolve(closed).catch(() => undefined);
    else await closed;
  }
}
