import * as tf from '@tensorflow/tfjs-core';
import { definePlugin, type Measurement } from 'trainscope/plugin';
import { z } from 'zod';

/**
 * The share of each layer's units that give 0 for every sample of a batch: after a ReLU, those that pass no gradient
 * on. A unit is the last axis of the activations: [batch, ..., units].
 *
 * This is a measurement of the plugin's own. It says what it reads (`sources`), makes a small tensor of that on the
 * device (`reduce`), and numbers of the tensor's values (`read`). The trainer reads it together with all else that
 * is due in the step.
 */
export const silentShares = (layers: readonly string[]): Measurement<ReadonlyMap<string, number>, 'activations'> => ({
  // Two plugins that ask for the same layers are served by one computation: the key has to name all options.
  key: `silentShares:${JSON.stringify(layers)}`,
  sources: ['activations'],
  layers,
  reduce: ({ activations }) =>
    tf.stack(
      [...activations.values()].map((activation) => {
        const allButUnits = activation.shape.map((_, axis) => axis).slice(0, -1);
        const largest = tf.max(tf.abs(activation), allButUnits);
        return tf.mean(tf.cast(tf.equal(largest, 0), 'float32'));
      }),
    ),
  read: (values, { activationNames }) => new Map(activationNames.map((name, i) => [name, values[i] ?? Number.NaN])),
});

const options = z.strictObject({
  layers: z.array(z.string().min(1)).min(1).describe('Names of the layers (or taps) to watch: those that end in a ReLU.'),
  every: z.int().min(1).default(10).describe('Steps from one measurement to the next.'),
  threshold: z.number().gt(0).max(1).default(0.5).describe("Share of silent units from which a layer is called dead: Amazon SageMaker Debugger's DeadRelu takes half, too."),
  patience: z.int().min(1).default(3).describe('Measurements in a row that this takes: a unit that is silent for one batch may well fire for the next.'),
});

/**
 * Tells when most units of a ReLU layer are dead. Written as anyone outside of trainscope would write it.
 *
 * @example new Trainer({ model, loss, plugins: [deadUnits({ layers: ['hidden'] })] });
 */
export const deadUnits = definePlugin({
  name: 'deadUnits',
  summary: 'Tells when most units of a ReLU layer give 0 for every sample.',
  // It only looks: should it throw, it is switched off and the training goes on.
  role: 'observe',
  options,
  events: {
    'dead-units': z
      .strictObject({
        layers: z.record(z.string(), z.number()).describe('share of units that gave 0 for the whole batch, 0 to 1, by layer'),
        worst: z.string().describe('the layer with the largest share'),
      })
      .describe('How many units of each layer are silent.'),
  },
  // What has to survive a checkpoint. Each field has a default, which is what it starts with.
  state: z.strictObject({
    /** Measurements in a row at or above the threshold, by layer. */
    above: z.record(z.string(), z.int()).default({}),
  }),
  needs: ({ layers, every }) => ({ every, of: { shares: silentShares(layers) } }),
  hooks: ({ threshold, patience }) => ({
    measured({ shares }, ctx) {
      const [[worst] = ['']] = [...shares].toSorted(([, a], [, b]) => b - a);
      ctx.emit('dead-units', { layers: Object.fromEntries(shares), worst }, { level: 'debug' });

      const before = ctx.state.above;
      const above = Object.fromEntries([...shares].map(([layer, share]) => [layer, share >= threshold ? (before[layer] ?? 0) + 1 : 0]));
      ctx.state = { above };
      for (const [layer, count] of Object.entries(above)) {
        // Told once: when the count gets there, and not again before it has been back at 0.
        if (count !== patience) continue;
        const share = shares.get(layer) ?? Number.NaN;
        ctx.finding({
          rule: 'dead-units',
          severity: 'warning',
          message: `${(100 * share).toFixed(0)} % of the units of ${layer} gave 0 for all samples in ${String(patience)} measurements in a row`,
          where: { layer },
          evidence: { share, threshold },
          remedy: 'Lower the learning rate, start biases at 0, use He initialisation, or a leaky ReLU.',
        });
      }
    },
  }),
});
