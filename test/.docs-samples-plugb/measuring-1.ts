import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { definePlugin, type Measurement } from 'trainscope/plugin';

/** The mean and the largest absolute value of each layer's outputs. */
const activationSizes = (names: readonly string[]): Measurement<ReadonlyMap<string, { mean: number; largest: number }>, 'activations'> => ({
  // Requests are merged when their keys are equal: all options belong in it.
  key: `activationSizes:${JSON.stringify(names)}`,
  sources: ['activations'],
  layers: names,
  // Runs in a tidy. Only the declared sources are there.
  reduce: ({ activations }) => tf.stack([...activations.values()].map((each) => tf.stack([tf.mean(tf.abs(each)), tf.max(tf.abs(each))]))),
  // Two numbers a layer, in the order of `activationNames`.
  read: (values, { activationNames }) => new Map(activationNames.map((name, i) => [name, { mean: values[2 * i] ?? NaN, largest: values[2 * i + 1] ?? NaN }])),
});

const sizes = definePlugin({
  name: 'sizes',
  summary: 'Prints the sizes of activations.',
  role: 'observe',
  needs: () => ({ every: 2, of: { sizes: activationSizes(['hidden']) } }),
  hooks: () => ({ measured: ({ sizes }, { step }) => console.log(step, sizes.get('hidden')) }),
});

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ name: 'hidden', units: 4, activation: 'relu', inputShape: [1] }), layers.dense({ units: 1 })] }),
  loss: 'meanSquaredError',
  plugins: [sizes()],
});
await trainer.fit({ inputs: [[1], [2]], labels: [[2], [4]] }, { epochs: 4 });
await trainer.dispose();

export {};
