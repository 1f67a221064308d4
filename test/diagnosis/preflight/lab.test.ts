import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model as makeModel, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { disposeBatch } from '../../../src/data/index.js';
import { Lab, labDefaults } from '../../../src/diagnosis/preflight/lab.js';
import type { Experiment } from '../../../src/diagnosis/preflight/experiment.js';
import { testBackends, useBackend } from '../../support/backends.js';

const small = (): Experiment => ({
  model: () => sequential({ layers: [layers.dense({ units: 3, activation: 'tanh', inputShape: [2] }), layers.dense({ units: 1 })] }),
  loss: 'meanSquaredError',
  optimizer: { name: 'adam', learningRate: 0.01 },
  backend: 'keep',
  data: { inputs: Array.from({ length: 100 }, (_, i) => [i, -i]), labels: Array.from({ length: 100 }, (_, i) => [2 * i]) },
});

describe('samples of a source', () => {
  test('of 100 rows in memory all are taken, in their order, as one run of neighbours', async () => {
    await useBackend('cpu');
    const lab = await Lab.open(small(), labDefaults);
    expect(lab.training).toMatchObject({ count: 100, total: 100, complete: true, blocks: [{ start: 0, count: 100 }] });
    expect([...lab.training.inputs[0]!.values.slice(0, 6)]).toEqual([0, -0, 1, -1, 2, -2]);
    expect([...lab.training.labels[0]!.values.slice(97)]).toEqual([194, 196, 198]);
    lab.close();
  });

  test('where 32 of 100 may be taken they are 16 runs of 2, from the first row to the last', async () => {
    await useBackend('cpu');
    const lab = await Lab.open(small(), { ...labDefaults, samples: 32 });
    expect(lab.training).toMatchObject({ count: 32, total: 100, complete: false });
    const firsts = lab.training.blocks.map(({ start }) => lab.training.inputs[0]!.values[2 * start]);
    expect(firsts[0]).toBe(0);
    expect(firsts.at(-1)).toBe(98);
    expect(lab.training.blocks.every(({ count }) => count === 2)).toBe(true);
    // Labels stay with their rows.
    lab.training.labels[0]!.values.forEach((label, i) => expect(label).toBe(2 * lab.training.inputs[0]!.values[2 * i]!));
    lab.close();
  });

  test('a generator of batches gives its first batch alone, and keeps the others for the training', async () => {
    await useBackend('cpu');
    function* batches(): Generator<{ inputs: number[][]; labels: number[][] }> {
      for (let i = 0; i < 3; i += 1) yield { inputs: [[i, 0], [i, 1]], labels: [[i], [i]] };
    }
    const lab = await Lab.open({ ...small(), data: batches() }, labDefaults);
    expect(lab.training.count).toBe(2);
    lab.close();
  });
});

describe.each(testBackends)('a trial on %s', (backend) => {
  test('leaves weights, slots and rate of the optimizer as they were, to the bit, and no tensor', async () => {
    await useBackend(backend);
    const model = sequential({ layers: [layers.dense({ units: 3, activation: 'tanh', inputShape: [2] }), layers.dense({ units: 1 })] });
    const optimizer = tf.train.adam(0.01);
    const bytes = (): string[] => [...model.getWeights(), ...optimizerSlots(optimizer)].map((each) => [...each.dataSync()].join());
    const lab = await Lab.open({ ...small(), model, optimizer }, labDefaults);
    const batch = lab.batch([1, 2, 3]);
    // Slots that are there before a trial are put back as well.
    lab.engine.optimizer.apply(new Map());
    const before = bytes();
    const tensors = tf.memory().numTensors;
    const losses = await lab.trial(async (trainee) => {
      const all: number[] = [];
      for (let i = 0; i < 5; i += 1) all.push((await trainee.step(batch, { learningRate: 0.1 })).loss);
      return all;
    });
    expect(losses[4]).toBeLessThan(losses[0]!);
    expect(bytes()).toEqual(before);
    expect(lab.engine.optimizer.learningRate).toBe(0.01);
    expect(tf.memory().numTensors).toBe(tensors);
    disposeBatch(batch);
    lab.close();
    expect(model.getWeights()[0]!.isDisposed).toBe(false);
    model.dispose();
    optimizer.dispose();
  });

  test('the norm of all gradients of (w x - y)^2 at w = 0, x = 2, y = 3 is 12', async () => {
    await useBackend(backend);
    const w = tf.variable(tf.scalar(0));
    const lab = await Lab.open({ model: { trainableWeights: { w }, forward: (x: tf.Tensor) => tf.mul(x, w) }, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.1 }, backend: 'keep', data: { inputs: [[2]], labels: [[3]] } }, labDefaults);
    const batch = lab.batch([0]);
    expect(await lab.trial((trainee) => trainee.step(batch, { apply: false }))).toEqual({ loss: 9, gradientNorm: 12 });
    disposeBatch(batch);
    lab.close();
    w.dispose();
  });
});

const optimizerSlots = (optimizer: tf.Optimizer): tf.Tensor[] =>
  Object.values(optimizer as unknown as Record<string, unknown>).flatMap((value) => (Array.isArray(value) ? value.flatMap((each: { variable?: tf.Variable }) => (each.variable === undefined ? [] : [each.variable])) : []));

describe('a model that a function makes', () => {
  const twice = () => {
    const [a, b] = [input({ shape: [2] }), input({ shape: [2] })];
    const shared = layers.dense({ units: 3 });
    const joined = layers.concatenate().apply([shared.apply(a), shared.apply(b)] as never);
    return makeModel({ inputs: [a, b], outputs: layers.dense({ units: 1 }).apply(joined) as never });
  };

  test('is ended with the lab, also where a layer is used twice, and where the data does not fit', async () => {
    await useBackend('cpu');
    const tensors = tf.memory().numTensors;
    const rows = Array.from({ length: 20 }, (_, i) => [i, 1]);
    (await Lab.open({ ...small(), model: twice, data: { inputs: [rows, rows], labels: rows.map(([x = 0]) => [x]) } }, labDefaults)).close();
    expect(tf.memory().numTensors).toBe(tensors);
    await expect(Lab.open({ ...small(), data: { inputs: rows, labels: [1, 2] } }, labDefaults)).rejects.toMatchObject({ code: 'DATA_LENGTHS_DIFFER' });
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
