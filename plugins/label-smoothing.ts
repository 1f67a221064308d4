import * as tf from '@tensorflow/tfjs-core';
import { definePlugin, type OutputInfo } from 'trainscope/plugin';
import { z } from 'zod';
import { chosenOutputs } from './shared/chosen-ports.js';

const options = z.strictObject({
  factor: z.number().gt(0).lt(1).default(0.1).describe('Share of a label that is spread over all classes. 0.1: Szegedy et al. (2016), section 7.'),
  outputs: z.array(z.string()).min(1).optional().describe("Names of the outputs whose labels are smoothed. Default: all with a cross-entropy of one-hot labels or of a yes or no."),
});

const events = {
  'label-smoothing': z
    .strictObject({
      factor: z.number(),
      outputs: z.array(z.strictObject({ output: z.string(), kind: z.enum(['one-hot', 'binary']).describe('one-hot: factor / classes is added; binary: factor / 2') })),
    })
    .describe('What is smoothed: at the start of the fit.'),
};

/** How labels of an output are smoothed; undefined where they cannot be. */
function kindOf({ form, loss, shape }: OutputInfo, isNamed: boolean): 'one-hot' | 'binary' | undefined {
  if (loss === 'binaryCrossentropy') return 'binary';
  // A hinge loss takes the labels' rank, not their size.
  if (form === 'distribution' && loss !== 'categoricalHinge') return 'one-hot';
  if (form !== 'free' || !isNamed) return undefined;
  return shape?.at(-1) === 1 ? 'binary' : 'one-hot';
}

/**
 * y (1 - factor) + factor / classes, as `label_smoothing` of Keras; of a yes or no y (1 - factor) + factor / 2. The share
 * that is spread is that of the row: a row of zeros, which masks a sample, stays one.
 * @param labels [batch, ...]; one-hot ones have classes along the last axis. @returns the same shape, float32
 */
export function smoothed(labels: tf.Tensor, factor: number, kind: 'one-hot' | 'binary'): tf.Tensor {
  return tf.tidy(() => {
    const y = tf.cast(labels, 'float32');
    if (kind === 'binary') return tf.add(tf.mul(y, 1 - factor), factor / 2);
    return tf.add(tf.mul(y, 1 - factor), tf.mul(tf.sum(y, -1, true), factor / (y.shape.at(-1) ?? 1)));
  });
}

/**
 * Trains on labels that are not quite certain: of each one-hot label a share is spread over all classes (Szegedy et al.
 * 2016), which keeps the model from ever larger logits.
 *
 * - The labels of training batches alone: a validation, and its metrics, are of the labels as they are. The training loss
 *   is that of smoothed labels, and does not go to 0.
 * - Labels must be one-hot rows, or 0 and 1: class numbers have no room for it.
 * - List it behind `mixup`, or before it: both are linear, and their order makes no difference.
 *
 * @throws Error in fitStart for outputs that do not exist or whose labels cannot be smoothed
 *
 * @example
 * new Trainer({ model, loss: 'categoricalCrossentropy', plugins: [labelSmoothing({ factor: 0.1 })] });
 */
export const labelSmoothing = definePlugin({
  name: 'labelSmoothing',
  summary: 'Spreads a share of each training label over all classes.',
  role: 'steer',
  options,
  events,
  hooks: ({ factor, outputs: named }) => {
    let kinds: readonly ('one-hot' | 'binary' | undefined)[] = [];
    return {
      fitStart(_info, context) {
        const { outputs } = context;
        const chosen = chosenOutputs('labelSmoothing', named, outputs);
        kinds = outputs.map((output) => (chosen.includes(output) ? kindOf(output, named !== undefined) : undefined));
        const without = chosen.filter((output) => kinds[outputs.indexOf(output)] === undefined);
        if (named === undefined ? without.length === chosen.length : without.length > 0) {
          const [first] = without;
          const remedy = without.some(({ form }) => form === 'class')
            ? ` Give one-hot rows, tf.oneHot(labels, ${String(first?.shape?.at(-1) ?? 'classes')}), and use categoricalCrossentropy.`
            : without.some(({ form }) => form === 'free')
              ? ' For a loss of your own that takes one-hot rows, name the output with `outputs`.'
              : ' Leave the plugin out.';
          throw new Error(`labelSmoothing spreads one-hot labels; the labels of ${without.map(({ name, loss }) => `"${name}" (${loss})`).join(', ')} cannot be smoothed.${remedy}`);
        }
        context.emit('label-smoothing', { factor, outputs: outputs.flatMap(({ name }, i) => (kinds[i] === undefined ? [] : [{ output: name, kind: kinds[i] }])) });
      },
      batch: (batch) => ({
        ...batch,
        labels: batch.labels.map((labels, i) => {
          const kind = kinds[i];
          return kind === undefined ? labels : smoothed(labels, factor, kind);
        }),
      }),
    };
  },
});
