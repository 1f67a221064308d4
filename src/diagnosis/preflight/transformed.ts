import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { definePlugin, type AnyPlugin } from '../../plugin/define-plugin.js';
import { Trainer } from '../../trainer/trainer.js';
import { copyWeights, putWeights } from '../../trainer/weight-snapshots.js';
import { trainerPart, type Lab } from './lab.js';
import type { Column, Sample } from './sample.js';

/** Takes the batch as the plugins before it leave it, and ends the fit before its first update. */
const catcher = (caught: (inputs: readonly tf.Tensor[], labels: readonly tf.Tensor[]) => Promise<void>): AnyPlugin =>
  definePlugin({
    name: 'batch-catcher',
    summary: 'Takes one batch as the model gets it.',
    role: 'steer',
    options: z.strictObject({}),
    enforce: 'post',
    hooks: () => ({
      async batch({ inputs, labels }, context) {
        await caught(inputs, labels);
        context.skipUpdate();
        context.stop('one batch was wanted');
      },
    }),
  })();

async function columnOf(tensor: tf.Tensor, like: Column | undefined, name: string): Promise<Column> {
  const values = (await tensor.data()).slice() as Float32Array | Int32Array;
  const rest = tensor.shape.slice(1);
  const isFloat = values instanceof Float32Array;
  return { name: like?.name ?? name, shape: tensor.shape, dtype: isFloat ? 'float32' : 'int32', values: isFloat ? values : Int32Array.from(values), width: rest.reduce((product, each) => product * each, 1) };
}

/**
 * A batch after the plugins of the experiment have had it in their hook `batch`, as augmentation does; undefined where no
 * plugin has one. Weights are as they were after it, and the optimizer is not used.
 */
export async function transformedSample(lab: Lab): Promise<Sample | undefined> {
  const transforming = (lab.experiment.plugins ?? []).filter(({ hookNames }) => hookNames.includes('batch'));
  if (transforming.length === 0) return undefined;
  let sample: Sample | undefined;
  const { loss, lossWeights } = trainerPart(lab.experiment);
  const plugin = catcher(async (inputs, labels) => {
    const count = inputs[0]?.shape[0] ?? 0;
    const columns = (tensors: readonly tf.Tensor[], like: readonly Column[], kind: string): Promise<Column[]> => Promise.all(tensors.map((tensor, i) => columnOf(tensor, like[i], `${kind}${String(i)}`)));
    sample = { count, inputs: await columns(inputs, lab.training.inputs, 'input'), labels: await columns(labels, lab.training.labels, 'label'), blocks: [{ start: 0, count }], total: lab.training.total, complete: false, batchSizes: [count] };
  });
  const weights = copyWeights(lab.model);
  const trainer = new Trainer({ model: lab.model.source as never, loss, ...(lossWeights === undefined ? {} : { lossWeights }), optimizer: { name: 'sgd', learningRate: 0 }, backend: 'keep', progress: false, plugins: [...transforming, plugin] });
  const batch = lab.batch(lab.choose(Math.min(lab.batchSize, lab.training.count), 'transformed'));
  try {
    await trainer.fit([{ inputs: batch.inputs, labels: batch.labels }], { stepsPerEpoch: 1 });
  } finally {
    await trainer.dispose();
    tf.dispose([[...batch.inputs], [...batch.labels]]);
    putWeights(lab.model, weights);
    tf.dispose([...weights.values()]);
  }
  return sample;
}
