import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { Trainer } from '../../src/index.js';
import type { Samples } from '../../src/data/index.js';
import { useBackend } from '../support/backends.js';

beforeAll(() => useBackend('cpu'));

const sequence = (steps: number): number[][] => Array.from({ length: steps }, (_, step) => [step, 1, -1]);
const samplesOf = (count: number, steps: number): Samples => ({ inputs: Array.from({ length: count }, () => sequence(steps)), labels: Array.from({ length: count }, () => [1]) });

const stepsOf = async (model: LayersModel, data: Samples | Iterable<Samples>): Promise<number> => {
  const trainer = new Trainer({ model, loss: 'meanSquaredError', backend: 'keep', progress: false });
  const { history } = await trainer.fit(data, { epochs: 1 });
  return history[0]?.steps ?? 0;
};

describe('the first check takes a batch as the data comes', () => {
  const ofFour = (): LayersModel => sequential({ layers: [layers.simpleRNN({ units: 2, batchInputShape: [4, 5, 3], stateful: true }), layers.dense({ units: 1 })] });

  it('a model of batches of 4 trains 3 steps on 12 samples in memory', async () => {
    expect(await stepsOf(ofFour(), samplesOf(12, 5))).toBe(3);
  });

  it('and 9 steps on a stream of 9 batches', async () => {
    expect(await stepsOf(ofFour(), Array.from({ length: 9 }, () => samplesOf(4, 5)))).toBe(9);
  });

  it('a model written by hand that takes 4 samples alone trains 3 steps on a stream', async () => {
    const w = tf.variable(tf.ones([15, 1]));
    const model = { forward: (x: tf.Tensor) => tf.matMul(tf.reshape(x, [4, 15]), w), trainableWeights: { w } };
    const trainer = new Trainer({ model, loss: 'meanSquaredError', backend: 'keep', progress: false });
    const { history } = await trainer.fit(Array.from({ length: 3 }, () => samplesOf(4, 5)), { epochs: 1 });
    expect(history[0]?.steps).toBe(3);
    w.dispose();
  });

  it('a model of sequences of any length trains on batches of lengths 3, 5 and 4', async () => {
    const model = sequential({ layers: [layers.simpleRNN({ units: 2, inputShape: [null, 3] }), layers.dense({ units: 1 })] });
    expect(await stepsOf(model, [samplesOf(4, 3), samplesOf(4, 5), samplesOf(4, 4)])).toBe(3);
  });
});

it('class weights for class numbers of every time step are refused before the first step, where their shape looks like one-hot rows', async () => {
  const model = sequential({ layers: [layers.dense({ units: 5, inputShape: [5, 3], activation: 'softmax' })] });
  const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', backend: 'keep', progress: false });
  const data = { inputs: [sequence(5), sequence(5)], labels: [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]] };
  await expect(trainer.fit(data, { classWeights: { 0: 2, 4: 3 } })).rejects.toMatchObject({ code: 'DATA_SHAPE', message: expect.stringContaining('[2, 5], with 5 class numbers a sample') as string });
});
