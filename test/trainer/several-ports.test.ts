import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model as makeModel, regularizers, sequential, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { Trainer, type HandwrittenModel } from '../../src/index.js';
import { tensorsLeftBy } from '../../src/testing/index.js';
import { testBackends, useBackend } from '../support/backends.js';
import { farthest, randoms } from '../support/numbers.js';

const samples = 14; // with batches of 4 the last one is smaller
const values = (model: LayersModel): Float32Array[] => model.getWeights().map((weight) => weight.dataSync<'float32'>().slice());

/** Two inputs (left of 3, right of 2) and two outputs (kind of 3 classes, size of 1 number). */
const build = (): LayersModel => {
  const left = input({ shape: [3], name: 'left' });
  const right = input({ shape: [2], name: 'right' });
  const hidden = layers.dense({ units: 5, activation: 'tanh', name: 'hidden' }).apply(layers.concatenate({ name: 'joined' }).apply([left, right])) as SymbolicTensor;
  const kind = layers.dense({ units: 3, activation: 'softmax', name: 'kind' }).apply(hidden) as SymbolicTensor;
  const size = layers.dense({ units: 1, name: 'size' }).apply(layers.add({ name: 'both' }).apply([hidden, layers.dense({ units: 5, name: 'side' }).apply(right) as SymbolicTensor])) as SymbolicTensor;
  return makeModel({ inputs: [left, right], outputs: [kind, size] });
};
const left = randoms(samples * 3, 1);
const right = randoms(samples * 2, 2);
const kind = Float32Array.from({ length: samples }, (_, i) => (i * 5) % 3);
const size = randoms(samples, 3);
const shaped = {
  left: { values: left, shape: [samples, 3] },
  right: { values: right, shape: [samples, 2] },
  kind,
  size: { values: size, shape: [samples, 1] },
};
const loss = ['sparseCategoricalCrossentropy', 'meanAbsoluteError'];

for (const backend of testBackends) {
  describe(`two inputs and two outputs on ${backend}`, () => {
    beforeAll(() => useBackend(backend));

    const train = async (start: LayersModel, data: unknown, options: object = {}): Promise<{ weights: Float32Array[]; losses: number[] }> => {
      const model = build();
      model.setWeights(start.getWeights());
      const trainer = new Trainer({ model, loss, optimizer: { name: 'adam', learningRate: 0.01 }, ...options });
      const { history } = await trainer.fit(data as never, { epochs: 3, batchSize: 4, shuffle: false });
      await trainer.dispose();
      return { weights: values(model), losses: history.map(({ metrics }) => metrics['loss'] ?? Number.NaN) };
    };
    const apart = (a: Float32Array[], b: Float32Array[]): number => Math.max(...a.map((each, i) => farthest(each, b[i] ?? [])));

    it('train as in model.fit, with data in order and by name in any order', async () => {
      const start = build();
      const theirs = build();
      theirs.setWeights(start.getWeights());
      const xs = [tf.tensor2d(left, [samples, 3]), tf.tensor2d(right, [samples, 2])];
      const ys = [tf.tensor1d(kind), tf.tensor2d(size, [samples, 1])];
      theirs.compile({ optimizer: tf.train.adam(0.01), loss });
      const { history } = await theirs.fit(xs, ys, { epochs: 3, batchSize: 4, shuffle: false });
      const expected = values(theirs);

      const inOrder = await train(start, { inputs: xs, labels: ys });
      expect(apart(expected, inOrder.weights)).toBeLessThan(2e-6);
      expect(farthest(history['loss'] as number[], inOrder.losses)).toBeLessThan(1e-5);
      const { left: l, right: r, kind: k, size: s } = shaped;
      const byName = await train(start, { inputs: { right: r, left: l }, labels: { size: s, kind: k } });
      expect(apart(expected, byName.weights)).toBeLessThan(2e-6);
      const byNamedLoss = await train(start, { inputs: [l, r], labels: [k, s] }, { loss: { size: loss[1], kind: loss[0] } });
      expect(apart(expected, byNamedLoss.weights)).toBeLessThan(2e-6);
      // The inputs are told apart: had right gone where left belongs, it would have been refused; labels of one shape would not.
      expect(Math.max(...expected.map((each, i) => farthest(values(start)[i]!, each)))).toBeGreaterThan(1e-3);
      tf.dispose([xs, ys]);
    });

    it('the loss is the outputs’ losses, each times its share, and each output has its own loss and metrics by name', async () => {
      const model = build();
      const trainer = new Trainer({ model, loss, lossWeights: { size: 0.25 }, metrics: { kind: ['accuracy'], size: ['meanSquaredError'] }, optimizer: { name: 'sgd', learningRate: 0 } });
      const { left: l, right: r, kind: k, size: s } = shaped;
      const data = { inputs: [l, r], labels: [k, s] };
      const { history } = await trainer.fit(data, { batchSize: 4, validation: data });
      // At a rate of 0 nothing moves: the predictions are those of the model as it was built.
      const [kinds, sizes] = (await trainer.predict({ inputs: [l, r] })).map((tensor) => {
        const read = tensor.dataSync<'float32'>().slice();
        tensor.dispose();
        return read;
      });
      let crossentropy = 0;
      let hits = 0;
      let absolute = 0;
      let square = 0;
      for (let i = 0; i < samples; i += 1) {
        const row = [...kinds!.subarray(3 * i, 3 * i + 3)];
        crossentropy -= Math.log(row[kind[i]!]!) / samples;
        if (row.indexOf(Math.max(...row)) === kind[i]) hits += 1;
        absolute += Math.abs(sizes![i]! - size[i]!) / samples;
        square += (sizes![i]! - size[i]!) ** 2 / samples;
      }
      const expected = { loss: crossentropy + 0.25 * absolute, kind_loss: crossentropy, size_loss: absolute, kind_accuracy: hits / samples, size_meanSquaredError: square };
      for (const metrics of [history[0]?.metrics, history[0]?.validation]) {
        expect(Object.keys(metrics ?? {})).toEqual(Object.keys(expected));
        for (const [name, value] of Object.entries(expected)) expect(metrics?.[name]).toBeCloseTo(value, 5);
      }
      await trainer.dispose();
    });

    it('leave no tensor', async () => {
      const trainer = new Trainer({ model: build(), loss, metrics: { kind: 'accuracy', size: 'meanAbsoluteError' }, optimizer: { name: 'sgd', learningRate: 0.1 } });
      const { left: l, right: r, kind: k, size: s } = shaped;
      const data = { inputs: { left: l, right: r }, labels: { kind: k, size: s } };
      await trainer.fit(data, { batchSize: 4, validation: data });
      expect(await tensorsLeftBy(() => trainer.fit(data, { batchSize: 4, validation: data }))).toBe(0);
      await trainer.dispose();
    });
  });

  describe(`penalties on ${backend}`, () => {
    beforeAll(() => useBackend(backend));

    it('of layers are part of the loss, in training and in evaluation, and of no output’s own: (1 - 3)^2 + 0.1 * 3^2 + 0.5 * |3|', async () => {
      const model = sequential({ layers: [layers.dense({ units: 1, useBias: false, inputShape: [1], kernelRegularizer: regularizers.l1l2({ l1: 0.5, l2: 0.1 }) })] });
      model.setWeights([tf.tensor2d([[3]])]);
      const trainer = new Trainer({ model, loss: 'meanSquaredError', metrics: ['meanSquaredError'], optimizer: { name: 'sgd', learningRate: 0 } });
      const data = { inputs: [[1]], labels: [[1]] };
      const { history } = await trainer.fit(data, { validation: data });
      for (const metrics of [history[0]?.metrics, history[0]?.validation, await trainer.evaluate(data)]) {
        expect(metrics?.['loss']).toBeCloseTo(4 + 0.9 + 1.5, 5);
        expect(metrics?.['meanSquaredError']).toBeCloseTo(4, 5);
      }
      await trainer.dispose();
    });

    it('have their part in the update: 3 - 0.1 * (2 * (3 - 1) + 2 * 0.1 * 3 + 0.5) = 2.49', async () => {
      const model = sequential({ layers: [layers.dense({ units: 1, useBias: false, inputShape: [1], kernelRegularizer: regularizers.l1l2({ l1: 0.5, l2: 0.1 }) })] });
      model.setWeights([tf.tensor2d([[3]])]);
      const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.1 } });
      await trainer.fit({ inputs: [[1]], labels: [[1]] });
      expect(values(model)[0]?.[0]).toBeCloseTo(2.49, 6);
      expect(await tensorsLeftBy(() => trainer.fit({ inputs: [[1]], labels: [[1]] }))).toBe(0);
      await trainer.dispose();
    });

    it('of a model written by hand: 2 - 0.1 * (2 * (2 - 5) + 4) = 2.2', async () => {
      const w = tf.variable(tf.tensor2d([[2]]));
      // d(w^2)/dw = 4 at 2.
      const model: HandwrittenModel<tf.Tensor2D> = { forward: (x) => tf.matMul(x, w), trainableWeights: { w }, penalty: () => tf.sum(tf.square(w)) };
      const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.1 } });
      const { history } = await trainer.fit({ inputs: [[1]], labels: [[5]] });
      expect(history[0]?.metrics['loss']).toBeCloseTo(9 + 4, 5);
      expect(w.dataSync()[0]).toBeCloseTo(2.2, 6);
      w.dispose();
      await trainer.dispose();
    });
  });
}

describe('a model written by hand', () => {
  beforeAll(() => useBackend('cpu'));

  it('gets several inputs by its inputNames and gives outputs by its outputNames, whatever the order in the data', async () => {
    const seen: number[][] = [];
    const w = tf.variable(tf.scalar(1));
    const model: HandwrittenModel<{ a: tf.Tensor; b: tf.Tensor }> = {
      inputNames: ['a', 'b'],
      outputNames: ['difference', 'sum'],
      trainableWeights: { w },
      forward({ a, b }) {
        seen.push([a.dataSync()[0]!, b.dataSync()[0]!]);
        return { sum: tf.mul(w, tf.add(a, b)), difference: tf.mul(w, tf.sub(a, b)) };
      },
    };
    const trainer = new Trainer({ model, loss: { sum: 'meanSquaredError', difference: 'meanAbsoluteError' }, optimizer: { name: 'sgd', learningRate: 0 } });
    const data = { inputs: { b: [[2]], a: [[5]] }, labels: { sum: [[10]], difference: [[1]] } };
    const { history } = await trainer.fit(data);
    expect(new Set(seen.map(String))).toEqual(new Set(['5,2']));
    // sum 7 against 10, difference 3 against 1.
    expect(history[0]?.metrics).toMatchObject({ difference_loss: 2, sum_loss: 9, loss: 11 });
    const [difference, sum] = await trainer.predict({ inputs: { b: [[2]], a: [[5]] } });
    expect([difference?.dataSync()[0], sum?.dataSync()[0]]).toEqual([3, 7]);
    tf.dispose([difference!, sum!]);

    const wrong = await trainer.fit({ ...data, inputs: { a: [[5]], c: [[2]] } }).catch((error: unknown) => error);
    expect(wrong).toMatchObject({ code: 'DATA_NAMES', message: expect.stringMatching(/no input of the model is named "c", and the data has no input "b"/) as string });
    w.dispose();
    await trainer.dispose();
  });

  it('gets several inputs as an array in the data’s order where it names none', async () => {
    const w = tf.variable(tf.scalar(1));
    const model: HandwrittenModel<readonly tf.Tensor[]> = { trainableWeights: [w], forward: ([a, b]) => [tf.mul(w, tf.sub(a!, b!))] };
    const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0 } });
    const inputs = [tf.tensor2d([[5]]), tf.tensor2d([[2]])];
    expect((await trainer.evaluate({ inputs, labels: [[1]] }))['loss']).toBe(4);
    tf.dispose([inputs, w]);
    await trainer.dispose();
  });
});
