import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model as makeModel, sequential, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, test } from 'vitest';
import { Trainer, type LossSpec } from 'trainscope';
import { labelSmoothing } from 'trainscope/plugins';
import { tensorsLeftBy } from 'trainscope/testing';
import { smoothed } from '../../plugins/label-smoothing.js';
import { testBackends, useBackend } from '../support/backends.js';

const net = (units: number, activation: 'softmax' | 'sigmoid' | 'linear') => () => sequential({ layers: [layers.dense({ units, activation, inputShape: [2] })] });

/** One step on two samples: the labels that the model was trained on, and the losses of training and validation. */
async function labelsOf(model: () => LayersModel, loss: LossSpec, labels: number[][], options: Parameters<typeof labelSmoothing>[0] = {}) {
  const seen: number[][] = [];
  const trainer = new Trainer({ model, loss, optimizer: { name: 'sgd', learningRate: 1e-30 }, progress: false, plugins: [labelSmoothing(options)] });
  trainer.hook('loss', (_loss, _context, parts) => {
    seen.push(...(parts.labels.map((each) => [...each.dataSync()])));
  });
  const data = { inputs: [[1, 2], [3, 4]], labels };
  const { history } = await trainer.fit(data, { validation: data, shuffle: false });
  await trainer.dispose();
  const predictions = tf.tidy(() => ((trainer.model as LayersModel).predict(tf.tensor2d(data.inputs)) as tf.Tensor2D).arraySync());
  (trainer.model as LayersModel).dispose();
  return { seen, history, predictions };
}

describe.each(testBackends)('on %s', (backend) => {
  beforeEach(() => useBackend(backend));

  test('one-hot labels of 4 classes with 0.2: 0.85 for the class, 0.05 for the others', async () => {
    const { seen } = await labelsOf(net(4, 'softmax'), 'categoricalCrossentropy', [[0, 1, 0, 0], [1, 0, 0, 0]], { factor: 0.2 });
    const expected = [0.05, 0.85, 0.05, 0.05, 0.85, 0.05, 0.05, 0.05];
    for (const [i, value] of expected.entries()) expect(seen[0]?.[i]).toBeCloseTo(value, 6);
  });

  test('a yes or no with 0.1: 0.95 and 0.05', async () => {
    const { seen } = await labelsOf(net(1, 'sigmoid'), 'binaryCrossentropy', [[1], [0]]);
    expect(seen[0]?.[0]).toBeCloseTo(0.95, 6);
    expect(seen[0]?.[1]).toBeCloseTo(0.05, 6);
  });

  test('the training loss is of smoothed labels, the validation loss of the labels as they are', async () => {
    const { history, predictions } = await labelsOf(net(2, 'softmax'), 'categoricalCrossentropy', [[0, 1], [1, 0]], { factor: 0.2 });
    const [[a = 0, b = 0] = [], [c = 0, d = 0] = []] = predictions;
    const log = (p: number) => Math.log(Math.min(Math.max(p, 1e-7), 1 - 1e-7));
    expect(history[0]?.metrics['loss']).toBeCloseTo(-(0.1 * log(a) + 0.9 * log(b) + 0.9 * log(c) + 0.1 * log(d)) / 2, 4);
    expect(history[0]?.validation?.['loss']).toBeCloseTo(-(log(b) + log(c)) / 2, 4);
  });

  test('a row of zeros stays one, and a mixed row keeps its sum', () => {
    const labels = tf.tensor2d([[0, 0, 0, 0], [0.5, 0.5, 0, 0]]);
    const made = smoothed(labels, 0.4, 'one-hot');
    expect([...made.dataSync()].map((each) => Number(each.toFixed(6)))).toEqual([0, 0, 0, 0, 0.4, 0.4, 0.1, 0.1]);
    tf.dispose([labels, made]);
  });

  test('nothing is left on the device', async () => {
    const once = () => labelsOf(net(2, 'softmax'), 'categoricalCrossentropy', [[0, 1], [1, 0]]);
    await once();
    expect(await tensorsLeftBy(once)).toBe(0);
  });
});

describe('what can be smoothed', () => {
  beforeEach(() => useBackend('cpu'));

  test.each([
    ['sparseCategoricalCrossentropy', [[0], [1]], /class.*cannot be smoothed\. Give one-hot rows, tf\.oneHot\(labels, 2\), and use categoricalCrossentropy/s],
    ['meanSquaredError', [[0, 1], [1, 0]], /\(meanSquaredError\) cannot be smoothed\. Leave the plugin out/],
  ] as const)('%s is refused before the first step', async (loss, labels, message) => {
    const refused = labelsOf(net(2, 'softmax'), loss, labels.map((each) => [...each]));
    await expect(refused).rejects.toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringMatching(new RegExp(message.source.replace('class.*', ''), 's')) as string });
  });

  test('of two outputs the regression is passed over, and an event tells', async () => {
    const build = () => {
      const x = input({ shape: [2] });
      const out = (name: string, units: number) => layers.dense({ units, name }).apply(x) as SymbolicTensor;
      return makeModel({ inputs: x, outputs: [out('kind', 3), out('size', 1)] });
    };
    const seen: unknown[] = [];
    const told: unknown[] = [];
    const trainer = new Trainer({ model: build, loss: { kind: { name: 'categoricalCrossentropy', fromLogits: true }, size: 'meanSquaredError' }, progress: false, plugins: [labelSmoothing({ factor: 0.3 })] });
    trainer.on('label-smoothing', ({ data }) => told.push(data));
    trainer.hook('loss', (_loss, _context, { labels }) => {
      seen.push(...labels.map((each) => [...each.dataSync()].map((value) => Number(value.toFixed(6)))));
    });
    await trainer.fit({ inputs: [[1, 2]], labels: { kind: [[0, 0, 1]], size: [[7]] } });
    expect(seen).toEqual([[0.1, 0.1, 0.8], [7]]);
    expect(told).toEqual([{ factor: 0.3, outputs: [{ output: 'kind', kind: 'one-hot' }] }]);
    await trainer.dispose();
  });

  test('an output that does not exist is told with those that do', async () => {
    await expect(labelsOf(net(2, 'softmax'), 'categoricalCrossentropy', [[0, 1], [1, 0]], { outputs: ['oops'] })).rejects.toThrow(/labelSmoothing names the output "oops"; the model's outputs are dense/);
  });
});
