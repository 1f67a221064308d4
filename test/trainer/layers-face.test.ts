import * as tf from '@tensorflow/tfjs-core';
import { initializers, input, layers, model as makeModel, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { Trainer } from '../../src/index.js';
import { LayersFace } from '../../src/trainer/layers-face.js';
import { useBackend } from '../support/backends.js';

beforeAll(() => useBackend('cpu'));

const ones = (name: string) => layers.dense({ name, units: 1, useBias: false, kernelInitializer: initializers.ones() });

/** Two inputs of two features through one layer, whose sums are its two outputs. */
function shared(): LayersModel {
  const [a, b] = [input({ name: 'a', shape: [2] }), input({ name: 'b', shape: [2] })];
  const head = ones('head');
  return makeModel({ inputs: [a, b], outputs: [head.apply(a) as SymbolicTensor, head.apply(b) as SymbolicTensor] });
}

describe('outputs of one layer', () => {
  // Predictions 3 and 7 against 0 and 0: squared errors 9 and 49.
  const data = { inputs: { a: [[1, 2]], b: [[3, 4]] }, labels: { head: [[0]], head_2: [[0]] } };

  it('each have their loss, their weight and their metrics by a name of their own', async () => {
    for (const lossWeights of [[1, 0.5], { head: 1, head_2: 0.5 }]) {
      const trainer = new Trainer({ model: shared(), loss: 'meanSquaredError', lossWeights, metrics: ['meanAbsoluteError'], backend: 'keep' });
      expect(await trainer.evaluate(data)).toEqual({ loss: 9 + 0.5 * 49, head_loss: 9, head_2_loss: 49, head_meanAbsoluteError: 3, head_2_meanAbsoluteError: 7 });
      await trainer.dispose();
    }
  });

  it('are trained both', async () => {
    const model = shared();
    const trainer = new Trainer({ model, loss: { head: 'meanSquaredError', head_2: 'meanSquaredError' }, optimizer: { name: 'sgd', learningRate: 0.01 }, backend: 'keep' });
    await trainer.fit(data, { batchSize: 1 });
    // d/dw of (3)² + (7)² with w = [1, 1]: 2·3·[1, 2] + 2·7·[3, 4] = [48, 68], times 0.01.
    const [first, second] = [...(model.getWeights()[0]?.dataSync() ?? [])];
    expect(first).toBeCloseTo(0.52, 5);
    expect(second).toBeCloseTo(0.32, 5);
    await trainer.dispose();
  });

  it('pass by the names of other layers', () => {
    const a = input({ name: 'a', shape: [2] });
    const [head, other] = [ones('head'), ones('head_2')];
    const doubled = layers.reLU({ name: 'doubled' }).apply(a) as SymbolicTensor;
    const model = makeModel({ inputs: a, outputs: [head.apply(a), other.apply(a), head.apply(doubled)] as SymbolicTensor[] });
    expect(new LayersFace(model).outputs.map(({ name }) => name)).toEqual(['head', 'head_2', 'head_3']);
  });

  it('and those of an LSTM that returns its state', () => {
    const a = input({ name: 'a', shape: [3, 2] });
    const model = makeModel({ inputs: a, outputs: layers.lstm({ name: 'lstm', units: 2, returnState: true }).apply(a) as SymbolicTensor[] });
    expect(new LayersFace(model).outputs.map(({ name }) => name)).toEqual(['lstm', 'lstm_2', 'lstm_3']);
  });
});

describe('a model written by hand', () => {
  it('is refused where one name stands for two variables', () => {
    const [a, s] = [tf.variable(tf.zeros([2, 1]), true, 'aOfTest'), tf.variable(tf.zeros([3]), false, 'sOfTest')];
    const model = { forward: (x: tf.Tensor) => tf.matMul(x, a), trainableWeights: { w: a }, weights: { w: s } };
    expect(() => new Trainer({ model, loss: 'meanSquaredError', backend: 'keep' })).toThrow(
      expect.objectContaining({ code: 'MODEL_INVALID', message: expect.stringMatching(/"w".*sOfTest.*\[3\].*aOfTest.*\[2, 1\]/) as string }),
    );
    expect(() => new Trainer({ model: { ...model, weights: { w: a, s } }, loss: 'meanSquaredError', backend: 'keep' })).not.toThrow();
    tf.dispose([a, s]);
  });
});
