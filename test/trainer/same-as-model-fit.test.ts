import * as tf from '@tensorflow/tfjs-core';
import type { SymbolicTensor} from '@tensorflow/tfjs-layers';
import { input, layers, model as makeModel, regularizers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { Trainer } from '../../src/index.js';
import { tensorsLeftBy } from '../../src/testing/index.js';
import { testBackends, useBackend } from '../support/backends.js';
import { farthest, randoms } from '../support/numbers.js';

interface Case {
  readonly build: () => LayersModel;
  readonly loss: string | string[];
  readonly inputs: () => tf.Tensor;
  readonly labels: () => tf.Tensor[];
}

const samples = 22; // with batches of 8 the last one is smaller
const oneHot = (classes: number): tf.Tensor => tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(Array.from({ length: samples }, (_, i) => (i * 7) % classes), 'int32'), classes), 'float32'));

const cases: Record<string, Case> = {
  dense: {
    build: () => sequential({ layers: [layers.dense({ units: 7, activation: 'relu', inputShape: [5], kernelRegularizer: regularizers.l2({ l2: 0.01 }) }), layers.dense({ units: 3, activation: 'softmax' })] }),
    loss: 'categoricalCrossentropy',
    inputs: () => tf.tensor2d(randoms(samples * 5, 1), [samples, 5]),
    labels: () => [oneHot(3)],
  },
  convolutional: {
    build: () =>
      sequential({
        layers: [
          layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 2] }),
          layers.maxPooling2d({ poolSize: 2 }),
          layers.conv2d({ filters: 3, kernelSize: 2, padding: 'same', strides: 2 }),
          layers.flatten(),
          layers.dense({ units: 3, activation: 'softmax' }),
        ],
      }),
    loss: 'categoricalCrossentropy',
    inputs: () => tf.tensor4d(randoms(samples * 128, 2), [samples, 8, 8, 2]),
    labels: () => [oneHot(3)],
  },
  recurrent: {
    build: () => sequential({ layers: [layers.lstm({ units: 4, inputShape: [6, 3] }), layers.dense({ units: 1 })] }),
    loss: 'meanSquaredError',
    inputs: () => tf.tensor3d(randoms(samples * 18, 3), [samples, 6, 3]),
    labels: () => [tf.tensor2d(randoms(samples, 4), [samples, 1])],
  },
  'batch-normalised': {
    // Without a bias before the normalisation: its gradient is 0 but for rounding, and Adam makes steps of full size of rounding.
    build: () => sequential({ layers: [layers.dense({ units: 6, inputShape: [5], useBias: false }), layers.batchNormalization({ momentum: 0.9 }), layers.activation({ activation: 'tanh' }), layers.dense({ units: 1, activation: 'sigmoid' })] }),
    loss: 'binaryCrossentropy',
    inputs: () => tf.tensor2d(randoms(samples * 5, 5), [samples, 5]),
    labels: () => [tf.tensor2d(Array.from({ length: samples }, (_, i) => i % 2), [samples, 1])],
  },
  'multi-output': {
    build: () => {
      const x = input({ shape: [5] });
      const hidden = layers.dense({ units: 6, activation: 'elu' }).apply(x) as SymbolicTensor;
      const a = layers.dense({ units: 3, activation: 'softmax', name: `class_${String(Math.random()).slice(2)}` }).apply(hidden) as SymbolicTensor;
      const b = layers.dense({ units: 1, name: `value_${String(Math.random()).slice(2)}` }).apply(hidden) as SymbolicTensor;
      return makeModel({ inputs: x, outputs: [a, b] });
    },
    loss: ['categoricalCrossentropy', 'meanAbsoluteError'],
    inputs: () => tf.tensor2d(randoms(samples * 5, 6), [samples, 5]),
    labels: () => [oneHot(3), tf.tensor2d(randoms(samples, 7), [samples, 1])],
  },
};

const optimizers = { sgd: () => tf.train.sgd(0.1), momentum: () => tf.train.momentum(0.05, 0.9), adam: () => tf.train.adam(0.01), rmsprop: () => tf.train.rmsprop(0.005) };
const values = (model: LayersModel): Float32Array[] => model.getWeights().map((weight) => weight.dataSync<'float32'>().slice());

for (const backend of testBackends) {
  describe(`on ${backend}, the trainer gives the weights that model.fit gives`, () => {
    for (const [name, { build, loss, inputs, labels }] of Object.entries(cases)) {
      for (const [optimizerName, makeOptimizer] of Object.entries(optimizers)) {
        if (name !== 'dense' && optimizerName !== 'adam') continue;
        it(`${name}, ${optimizerName}, 3 epochs of batches of 8, 8 and 6`, async () => {
          await useBackend(backend);
          const [theirs, ours] = [build(), build()];
          ours.setWeights(theirs.getWeights());
          const start = values(theirs);
          const x = inputs();
          const y = labels();
          const theirOptimizer = makeOptimizer();
          theirs.compile({ optimizer: theirOptimizer, loss });
          const history = await theirs.fit(x, y.length === 1 ? y[0]! : y, { epochs: 3, batchSize: 8, shuffle: false });

          const optimizer = makeOptimizer();
          const trainer = new Trainer({ model: ours, loss: loss, optimizer });
          const result = await trainer.fit({ inputs: x, labels: y.length === 1 ? y[0]! : y }, { epochs: 3, batchSize: 8, shuffle: false });

          expect(result.reason).toBe('completed');
          expect(result.steps).toBe(9);
          values(ours).forEach((each, i) => expect(farthest(values(theirs)[i]!, each)).toBeLessThan(2e-6));
          // Both moved away from where they started: equal weights are not equal for want of training.
          expect(values(ours).some((each, i) => farthest(start[i]!, each) > 1e-3)).toBe(true);
          expect(farthest(history.history['loss']! as number[], result.history.map(({ metrics }) => metrics['loss']!))).toBeLessThan(1e-5);

          // A further fit, with all slots there, leaves as many tensors as it found.
          expect(await tensorsLeftBy(() => trainer.fit({ inputs: x, labels: y.length === 1 ? y[0]! : y }, { batchSize: 8 }))).toBe(0);
          await trainer.dispose();
        });
      }
    }
  });
}
