import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { seed } from '../../plugins/index.js';
import { Trainer } from '../../src/index.js';
import { definePlugin, type Measurement } from '../../src/plugin/index.js';
import { tensorsLeftBy } from '../../src/testing/index.js';
import { testBackends, useBackend } from '../support/backends.js';
import { randoms } from '../support/numbers.js';

const units = 64;
const ones = { inputs: Array.from({ length: 8 }, () => Array.from({ length: units }, () => 1)), labels: Array.from({ length: 8 }, (_, i) => [i % 2]) };

/** The activations of the layers whole, as text: of inputs of 1, dropout makes its mask (0, or 1 / (1 - rate)). */
const wholeActivations = (names: readonly string[]): Measurement<Readonly<Record<string, string>>, 'activations'> => ({
  key: `whole:${names.join()}`,
  sources: ['activations'],
  layers: names,
  reduce: ({ activations }) => tf.concat([...activations.values()].map((each) => tf.reshape(each, [-1]))),
  read: (values, { activationNames }) => {
    const size = values.length / activationNames.length;
    return Object.fromEntries(activationNames.map((name, i) => [name, values.slice(i * size, (i + 1) * size).join()]));
  },
});

const listener = (names: readonly string[], heard: Readonly<Record<string, string>>[]) =>
  definePlugin({ name: 'listener', summary: 's', role: 'observe', needs: () => ({ every: 1, of: { masks: wholeActivations(names) } }), hooks: () => ({ measured: ({ masks }) => void heard.push(masks) }) })();

/** Dropout as the first layer, once without a seed and once with, and a kernel behind it. */
const dropping = (): LayersModel =>
  sequential({
    layers: [
      layers.dropout({ name: 'unseeded', rate: 0.5, inputShape: [units] }),
      layers.dense({ name: 'identity', units, useBias: false, trainable: false, kernelInitializer: 'identity' }),
      layers.dropout({ name: 'seeded', rate: 0.25, seed: 7 }),
      layers.dense({ name: 'out', units: 1, activation: 'sigmoid' }),
    ],
  });

const seedOf = (model: LayersModel): unknown => (model.getLayer('seeded') as unknown as { seed: unknown }).seed;

for (const backend of testBackends) {
  describe(`dropout under the plugin seed on ${backend}`, () => {
    beforeAll(() => useBackend(backend));

    const masks = async (value: number, options: object = {}): Promise<{ heard: Readonly<Record<string, string>>[]; weights: string }> => {
      const heard: Readonly<Record<string, string>>[] = [];
      let model: LayersModel | undefined;
      const trainer = new Trainer({ model: () => (model = dropping()), loss: 'binaryCrossentropy', optimizer: { name: 'sgd', learningRate: 0.1 }, plugins: [seed({ seed: value }), listener(['unseeded', 'seeded'], heard)], ...options });
      await trainer.fit(ones, { epochs: 3, batchSize: 4 });
      await trainer.dispose();
      expect(seedOf(model!)).toBe(7);
      return { heard, weights: model!.getWeights().map((weight) => weight.dataSync().join()).join() };
    };

    it('drops other units at every step, in a layer with a seed of its own too: 6 steps, 6 masks of each', async () => {
      const { heard } = await masks(1);
      expect(heard).toHaveLength(6);
      for (const layer of ['unseeded', 'seeded']) expect(new Set(heard.map((each) => each[layer])).size).toBe(6);
      for (const { unseeded = '' } of heard) {
        const entries = unseeded.split(',');
        expect(new Set(entries)).toEqual(new Set(['0', '2']));
        // 256 units, each dropped with a chance of a half: 4 standard deviations of 8 on either side of 128.
        expect(Math.abs(entries.filter((each) => each === '0').length - 128)).toBeLessThan(32);
      }
    });

    it('drops the same units again in a second run of the same seed, and others with another seed', async () => {
      const [first, second, other] = [await masks(1), await masks(1), await masks(2)];
      expect(second).toEqual(first);
      expect(other.heard[0]).not.toEqual(first.heard[0]);
      expect(other.weights).not.toBe(first.weights);
    });

    it('drops other units in each micro-batch of a step, and the same ones in a second run', async () => {
      // With two micro-batches a step, the last one's activations are those that are measured.
      const [whole, micro, again] = [await masks(1), await masks(1, { accumulateSteps: 2 }), await masks(1, { accumulateSteps: 2 })];
      expect(micro.heard).toHaveLength(3);
      expect(micro.heard[0]).not.toEqual(whole.heard[0]);
      expect(again).toEqual(micro);
    });

    it('is off in validation: two evaluations give the same, and another than training', async () => {
      const trainer = new Trainer({ model: dropping(), loss: 'binaryCrossentropy', optimizer: { name: 'sgd', learningRate: 0 } });
      const { history } = await trainer.fit(ones, { validation: ones });
      expect(await trainer.evaluate(ones)).toEqual(history[0]?.validation);
      expect(history[0]?.metrics['loss']).not.toBe(history[0]?.validation?.['loss']);
      await trainer.dispose();
    });
  });

  describe(`the forward pass in training on ${backend}`, () => {
    beforeAll(() => useBackend(backend));

    const normalised = (): LayersModel =>
      sequential({
        layers: [
          layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [6, 6, 1], useBias: false }),
          layers.batchNormalization({ name: 'norm', momentum: 0.9 }),
          layers.activation({ activation: 'relu' }),
          layers.dropout({ rate: 0.3 }),
          layers.flatten(),
          layers.gaussianNoise({ stddev: 0.1 }),
          layers.dense({ units: 6, useBias: false }),
          layers.batchNormalization(),
          layers.alphaDropout({ rate: 0.2 }),
          layers.dense({ units: 3, activation: 'softmax' }),
        ],
      });
    const images = { inputs: { values: randoms(20 * 36, 5), shape: [20, 6, 6, 1] }, labels: Int32Array.from({ length: 20 }, (_, i) => i % 3) };

    it('leaves no tensor with normalisation, dropout and noise, measured or not, with and without the plugin seed', async () => {
      for (const plugins of [[], [seed({ seed: 3, verify: true })], [listener(['norm'], [])]]) {
        const trainer = new Trainer({ model: normalised(), loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'sgd', learningRate: 0.05 }, plugins });
        await trainer.fit(images, { batchSize: 8, validation: images });
        expect(await tensorsLeftBy(() => trainer.fit(images, { epochs: 2, batchSize: 8, validation: images }))).toBe(0);
        await trainer.dispose();
      }
    });

    it('moves the statistics of a normalisation by its momentum: 0.9 * 0 + 0.1 * the batch’s mean of 3, and validation leaves them', async () => {
      const model = sequential({ layers: [layers.batchNormalization({ inputShape: [1], momentum: 0.9 }), layers.dense({ units: 1 })] });
      const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.01 } });
      const data = { inputs: [[1], [3], [5]], labels: [[0], [0], [0]] };
      await trainer.fit(data, { validation: { inputs: [[100], [100], [100]], labels: [[0], [0], [0]] } });
      const statistics = (): number[] => model.layers[0]!.getWeights().slice(2).map((weight) => weight.dataSync()[0]!);
      expect(statistics()[0]).toBeCloseTo(0.3, 5);
      const before = statistics();
      await trainer.evaluate(data);
      (await trainer.predict({ inputs: data.inputs })).forEach((each) => each.dispose());
      expect(statistics()).toEqual(before);
      await trainer.dispose();
    });
  });
}
