import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model as makeModel, sequential, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { Trainer } from '../../src/index.js';
import { tensorsLeftBy } from '../../src/testing/index.js';
import { testBackends, useBackend } from '../support/backends.js';
import { farthest, randoms } from '../support/numbers.js';

const samples = 22; // with batches of 8 the last one is smaller
const classes = Array.from({ length: samples }, (_, i) => (i * 7) % 3);
const inputs = (): tf.Tensor => tf.tensor2d(randoms(samples * 5, 1), [samples, 5]);
const values = (model: LayersModel): Float32Array[] => model.getWeights().map((weight) => weight.dataSync<'float32'>().slice());
const classifier = (units = 3): LayersModel =>
  sequential({ layers: [layers.dense({ units: 7, activation: 'relu', inputShape: [5] }), layers.dense({ units, activation: units === 1 ? 'sigmoid' : 'softmax' })] });
/** The same layers twice, so that two models start from equal weights. */
const twins = (build: () => LayersModel): [LayersModel, LayersModel] => {
  const [theirs, ours] = [build(), build()];
  ours.setWeights(theirs.getWeights());
  return [theirs, ours];
};

for (const backend of testBackends) {
  describe(`class weights on ${backend} give what model.fit gives`, () => {
    beforeAll(() => useBackend(backend));

    it.each([
      ['class numbers', 'sparseCategoricalCrossentropy', 3, () => tf.tensor1d(classes, 'float32'), { 0: 1, 1: 5, 2: 0.25 }],
      ['one-hot rows', 'categoricalCrossentropy', 3, () => tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(classes, 'int32'), 3), 'float32')), { 0: 1, 1: 5, 2: 0.25 }],
      ['0 and 1', 'binaryCrossentropy', 1, () => tf.tensor2d(classes.map((each) => each % 2), [samples, 1]), { 0: 1, 1: 3 }],
    ] as const)('for %s: weights, losses and accuracy after 3 epochs of batches of 8, 8 and 6', async (_, loss, units, makeLabels, classWeights) => {
      const [theirs, ours] = twins(() => classifier(units));
      const unweighted = classifier(units);
      unweighted.setWeights(ours.getWeights());
      const [x, y] = [inputs(), makeLabels()];
      theirs.compile({ optimizer: tf.train.adam(0.01), loss, metrics: ['accuracy'] });
      const { history } = await theirs.fit(x, y, { epochs: 3, batchSize: 8, shuffle: false, classWeight: classWeights });

      const trainer = new Trainer({ model: ours, loss, metrics: ['accuracy'], optimizer: tf.train.adam(0.01) });
      const result = await trainer.fit({ inputs: x, labels: y }, { epochs: 3, batchSize: 8, shuffle: false, classWeights });
      const weights = values(theirs);
      values(ours).forEach((each, i) => expect(farthest(weights[i]!, each)).toBeLessThan(2e-6));
      expect(farthest(history['loss'] as number[], result.history.map(({ metrics }) => metrics['loss']!))).toBeLessThan(1e-5);
      // Metrics count every sample once: how well the model does is not what it is asked to care for.
      expect(farthest(history['acc'] as number[], result.history.map(({ metrics }) => metrics['accuracy']!))).toBeLessThan(1e-6);

      // Without the weights the same training ends elsewhere.
      const other = new Trainer({ model: unweighted, loss, optimizer: tf.train.adam(0.01) });
      await other.fit({ inputs: x, labels: y }, { epochs: 3, batchSize: 8, shuffle: false });
      expect(values(unweighted).some((each, i) => farthest(weights[i]!, each) > 1e-3)).toBe(true);

      expect(await tensorsLeftBy(() => trainer.fit({ inputs: x, labels: y }, { batchSize: 8, shuffle: false, classWeights }))).toBe(0);
      tf.dispose([x, y]);
      await trainer.dispose();
    });

    it('of one of two outputs, by its name', async () => {
      const build = (): LayersModel => {
        const x = input({ shape: [5] });
        const hidden = layers.dense({ units: 6, activation: 'elu' }).apply(x) as SymbolicTensor;
        const kind = layers.dense({ units: 3, activation: 'softmax', name: `kind_${String(Math.random()).slice(2)}` }).apply(hidden) as SymbolicTensor;
        const size = layers.dense({ units: 1, name: `size_${String(Math.random()).slice(2)}` }).apply(hidden) as SymbolicTensor;
        return makeModel({ inputs: x, outputs: [kind, size] });
      };
      const [theirs, ours] = twins(build);
      const named = build();
      named.setWeights(ours.getWeights());
      const x = inputs();
      const y = [tf.tensor1d(classes, 'float32'), tf.tensor2d(randoms(samples, 7), [samples, 1])];
      const weights = { 0: 1, 1: 5, 2: 0.25 };
      const loss = ['sparseCategoricalCrossentropy', 'meanSquaredError'];
      theirs.compile({ optimizer: tf.train.adam(0.01), loss });
      // model.fit wants weights for every output that has any: an output of null has none, but its types do not say so.
      await theirs.fit(x, y, { epochs: 2, batchSize: 8, shuffle: false, classWeight: [weights, null] as never });

      const expected = values(theirs);
      // Without a name they go to the outputs of classes: a size that is measured has no class.
      for (const [model, classWeights] of [[ours, weights], [named, { [named.outputNames[0]!]: weights }]] as const) {
        const trainer = new Trainer({ model, loss, optimizer: tf.train.adam(0.01) });
        await trainer.fit({ inputs: x, labels: y }, { epochs: 2, batchSize: 8, shuffle: false, classWeights });
        values(model).forEach((each, i) => expect(farthest(expected[i]!, each)).toBeLessThan(2e-6));
        await trainer.dispose();
      }
      tf.dispose([x, ...y]);
    });
  });

  describe(`sample weights on ${backend}`, () => {
    beforeAll(() => useBackend(backend));

    /** y = w x with w = 0, so that the gradient of the mean of weight * (w x - y)^2 is -2 mean(weight x y). */
    const line = (): LayersModel => sequential({ layers: [layers.dense({ units: 1, useBias: false, inputShape: [1], kernelInitializer: 'zeros' })] });

    it('multiply the losses of samples before their mean: one step of SGD moves the weight by 2 * 0.1 * mean(weight x y) = 1.1', async () => {
      const model = line();
      const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.1 }, metrics: ['meanAbsoluteError'] });
      // weight x y: 3 * 1 * 2 + 0 * 2 * 5 + 1 * 4 * 4 + 0 * 9 * 9 = 22; its mean over 4 samples is 5.5.
      const { history } = await trainer.fit({ inputs: [[1], [2], [4], [9]], labels: [[2], [5], [4], [9]], sampleWeights: [3, 0, 1, 0] }, { batchSize: 4 });
      expect(values(model)[0]![0]).toBeCloseTo(1.1, 6);
      // The loss is (3 * 4 + 1 * 16) / 4; the metric counts every sample: (2 + 5 + 4 + 9) / 4.
      expect(history[0]?.metrics['loss']).toBeCloseTo(7, 6);
      expect(history[0]?.metrics['meanAbsoluteError']).toBeCloseTo(5, 6);
      await trainer.dispose();
    });

    it('of 1 change nothing, and of 0 leave the model as it was', async () => {
      const after = async (sampleWeights: number[] | undefined): Promise<Float32Array[]> => {
        const model = line();
        const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.01 } });
        await trainer.fit({ inputs: [[1], [2], [4]], labels: [[2], [5], [4]], sampleWeights }, { epochs: 3, batchSize: 2, shuffle: false });
        await trainer.dispose();
        return values(model);
      };
      expect(await after([1, 1, 1])).toEqual(await after(undefined));
      expect(await after([0, 0, 0])).toEqual([Float32Array.of(0)]);
    });

    it('multiply with class weights: 2 of the sample times 3 of its class counts as 6', async () => {
      const after = async (sampleWeights: number[], classWeights: Record<string, number> | undefined): Promise<Float32Array> => {
        const [model] = twins(() => sequential({ layers: [layers.dense({ units: 3, activation: 'softmax', inputShape: [1], kernelInitializer: 'zeros' })] }));
        const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'sgd', learningRate: 0.1 } });
        await trainer.fit({ inputs: [[1], [2], [4]], labels: [0, 1, 2], sampleWeights }, { batchSize: 3, shuffle: false, ...(classWeights === undefined ? {} : { classWeights }) });
        await trainer.dispose();
        return values(model)[0]!;
      };
      expect(farthest(await after([2, 1, 5], { 0: 3, 2: 0.2 }), await after([6, 1, 1], undefined))).toBeLessThan(1e-6);
    });

    it('come with an array for each output, or one for all', async () => {
      const build = (): LayersModel => {
        const x = input({ shape: [1] });
        const head = (name: string): SymbolicTensor => layers.dense({ units: 1, useBias: false, kernelInitializer: 'zeros', name: `${name}_${String(Math.random()).slice(2)}` }).apply(x) as SymbolicTensor;
        return makeModel({ inputs: x, outputs: [head('a'), head('b')] });
      };
      const after = async (sampleWeights: number[] | number[][]): Promise<number[]> => {
        const model = build();
        const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.1 } });
        const labels = [[[1], [1]], [[1], [1]]].map((each) => tf.tensor2d(each));
        await trainer.fit({ inputs: [[1], [2]], labels, sampleWeights }, { batchSize: 2, shuffle: false });
        tf.dispose(labels);
        await trainer.dispose();
        return values(model).map((each) => each[0]!);
      };
      // 0.2 * mean(weight x): 0.2 * (1 + 2) / 2 = 0.3 with weights of 1; with [0, 1] it is 0.2.
      const [a, b] = await after([[1, 1], [0, 1]]);
      expect(a).toBeCloseTo(0.3, 6);
      expect(b).toBeCloseTo(0.2, 6);
      const [both, alike] = await after([0, 1]);
      expect(both).toBeCloseTo(0.2, 6);
      expect(alike).toBeCloseTo(0.2, 6);
    });
  });
}

describe('class weights are refused', () => {
  beforeAll(() => useBackend('cpu'));
  const refusal = async (model: LayersModel, loss: string, labels: unknown, classWeights: object): Promise<unknown> => {
    const trainer = new Trainer({ model, loss });
    return trainer.fit({ inputs: [[1, 2, 3, 4, 5]], labels } as never, { classWeights: classWeights as never }).catch((error: unknown) => error);
  };

  it('where labels are measured, not counted', async () => {
    const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [5], name: 'size' })] });
    expect(await refusal(model, 'meanSquaredError', [[0.5]], { 0: 2 })).toMatchObject({ code: 'OPTIONS_INVALID', message: expect.stringMatching(/"size" \(meanSquaredError\) are no class numbers.*sampleWeights/) as string });
  });

  it('where a sample has several labels', async () => {
    const model = sequential({ layers: [layers.dense({ units: 4, activation: 'sigmoid', inputShape: [5] })] });
    expect(await refusal(model, 'binaryCrossentropy', [[0, 1, 1, 0]], { 0: 2 })).toMatchObject({ code: 'OPTIONS_INVALID' });
  });

  it('of a class or an output that is not there, and mixed forms', async () => {
    const model = sequential({ layers: [layers.dense({ units: 3, activation: 'softmax', inputShape: [5], name: 'kind' })] });
    expect(await refusal(model, 'sparseCategoricalCrossentropy', [0], { 3: 2 })).toMatchObject({ code: 'OPTIONS_INVALID', message: expect.stringMatching(/classWeights\.3: output "kind" has 3 classes, 0 to 2/) as string });
    expect(await refusal(model, 'sparseCategoricalCrossentropy', [0], { knid: { 0: 2 } })).toMatchObject({ code: 'OPTION_UNKNOWN', message: expect.stringMatching(/did you mean "kind"\?/) as string });
    expect(await refusal(model, 'sparseCategoricalCrossentropy', [0], { kind: { 0: 2 }, 1: 2 })).toMatchObject({ code: 'OPTIONS_INVALID', message: expect.stringMatching(/do not go together/) as string });
  });
});
