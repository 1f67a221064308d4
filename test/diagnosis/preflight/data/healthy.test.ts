import * as tf from '@tensorflow/tfjs-core';
import { layers, model as makeModel, input as makeInput, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadIris } from '../../../../examples/iris.js';
import { loadDigits } from '../../../../examples/mnist/data.js';
import { consolidate } from '../../../../src/diagnosis/consolidate.js';
import { dataCauses } from '../../../../src/diagnosis/preflight/data/causes.js';
import { testBackends, useBackend } from '../../../support/backends.js';
import { alarms, classifier, clusters, cut, infos, look, net, random, regressor, sums } from './setups.js';

beforeAll(() => useBackend('wasm'));

describe('healthy data gives no alarm', () => {
  test('2,000 digits as rows, 500 to validate', async () => {
    expect(await alarms(classifier(loadDigits('train', [784], 0, 2000), loadDigits('train', [784], 55_000, 55_500), 784, 10))).toEqual([]);
  });

  test('1,000 digits as images', async () => {
    const model = () => sequential({ layers: [layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [28, 28, 1] }), layers.flatten(), layers.dense({ units: 10, activation: 'softmax' })] });
    expect(await alarms({ ...classifier(loadDigits('train', [28, 28, 1], 0, 1000), loadDigits('train', [28, 28, 1], 1000, 1300)), model })).toEqual([]);
  });

  test.each(testBackends)('irises, on %s', async (backend) => {
    await useBackend(backend);
    const { training, validation } = loadIris();
    expect(await alarms(classifier(training, validation, 4, 3))).toEqual([]);
    await useBackend('wasm');
  });

  test('7% of positives that features half tell', async () => {
    const stream = random('rare');
    const inputs = Array.from({ length: 1000 }, () => Array.from({ length: 5 }, () => stream.normal()));
    const labels = inputs.map(([a = 0, b = 0]) => [a + b + stream.normal() > 2.6 ? 1 : 0]);
    expect(labels.filter(([label]) => label === 1).length).toBeGreaterThan(40);
    expect(await alarms({ model: net(5, 1, 'sigmoid'), loss: 'binaryCrossentropy', backend: 'keep', data: cut({ inputs, labels }, 0, 800), validation: cut({ inputs, labels }, 800) })).toEqual([]);
  });

  test('20 seeds of clusters that overlap and of noisy sums, 80 to train and 20 to validate', async () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const rows = clusters(100, 3, 4, seed % 4, `seed ${String(seed)}`);
      expect(await alarms(classifier(cut(rows, 0, 80), cut(rows, 80), 4, 3))).toEqual([]);
      const stream = random(`noise ${String(seed)}`);
      const numbers = { inputs: rows.inputs, labels: rows.inputs.map(([a = 0]) => [a + 2 * stream.normal()]) };
      expect(await alarms(regressor(cut(numbers, 0, 80), cut(numbers, 80), 4))).toEqual([]);
    }
  });

  test('windows of i.i.d. steps that ask for the next one: a shift by their length would answer it', async () => {
    const stream = random('steps');
    const steps = Array.from({ length: 1010 }, () => stream.normal());
    const inputs = Array.from({ length: 1000 }, (_, i) => steps.slice(i, i + 7));
    expect(await alarms(regressor({ inputs, labels: inputs.map((_, i) => [steps[i + 7]!]) }, undefined, 7))).toEqual([]);
  });
});

describe('odd data is looked at without a throw', () => {
  const rows = sums(40);

  test('one sample, none to validate', async () => {
    expect(await alarms(regressor(cut(rows, 0, 1)))).toEqual([]);
  });

  test('a generator of batches, read once', async () => {
    function* batches(): Generator<{ inputs: number[][]; labels: number[][] }> {
      yield cut(rows, 0, 20);
      yield cut(rows, 20);
    }
    expect(await alarms(regressor(batches()))).toEqual([]);
  });

  test('two inputs and two outputs, one of them ids', async () => {
    const table = makeInput({ shape: [3], name: 'table' });
    const ids = makeInput({ shape: [4], dtype: 'int32', name: 'ids' });
    const words = layers.globalAveragePooling1d({}).apply(layers.embedding({ inputDim: 10, outputDim: 3 }).apply(ids)) as never;
    const joined = layers.concatenate().apply([layers.dense({ units: 3 }).apply(table) as never, words]) as never;
    const model = makeModel({ inputs: [table, ids], outputs: [layers.dense({ units: 2, activation: 'softmax', name: 'kind' }).apply(joined) as never, layers.dense({ units: 1, name: 'size' }).apply(joined) as never] });
    const stream = random('two');
    const n = 120;
    const data = {
      inputs: { table: { values: Float32Array.from({ length: 3 * n }, () => stream.normal()), shape: [n, 3] }, ids: { values: Int32Array.from({ length: 4 * n }, () => stream.int(10)), shape: [n, 4] } },
      labels: { kind: Int32Array.from({ length: n }, () => stream.int(2)), size: { values: Float32Array.from({ length: n }, () => stream.normal()), shape: [n, 1] } },
    };
    expect(await alarms({ model, loss: { kind: 'sparseCategoricalCrossentropy', size: 'meanSquaredError' }, backend: 'keep', data, validation: data })).toEqual(['warning train-validation-leak']);
  });

  test('a model by hand with a loss of its own', async () => {
    const w = tf.variable(tf.randomNormal([6, 1]));
    const model = { forward: (x: tf.Tensor) => tf.matMul(x, w), trainableWeights: { w } };
    expect(await alarms({ model: model, loss: (labels, predictions) => tf.mean(tf.square(tf.sub(labels, predictions))), backend: 'keep', data: rows })).toEqual([]);
    w.dispose();
  });
});

describe('batches that nothing shuffles', () => {
  const rows = clusters(400);
  const order = rows.labels.map((_, i) => i).toSorted((a, b) => rows.labels[a]! - rows.labels[b]!);
  const sorted = { inputs: order.map((i) => rows.inputs[i]!), labels: order.map((i) => rows.labels[i]!) };

  test('are a warning where they come sorted by class, and none where shuffle is on or they are mixed', async () => {
    expect(await alarms({ ...classifier(sorted), fit: { batchSize: 20, shuffle: false } })).toEqual(['warning sorted-by-class']);
    expect(await alarms({ ...classifier(sorted), fit: { batchSize: 20 } })).toEqual([]);
    expect(await alarms({ ...classifier(rows), fit: { batchSize: 20, shuffle: false } })).toEqual([]);
  });

  test('40 samples are said to be few', async () => {
    expect(await infos(regressor(sums(40)))).toContain('too-few-samples');
  });
});

describe('one cause is told once', () => {
  test('a shift of labels takes the other findings about labels with it', async () => {
    const rows = clusters(700);
    const labels = rows.labels.map((_, i) => rows.labels[(i + 1) % 700]!);
    const found = consolidate(await look(classifier({ inputs: rows.inputs.slice(0, 600), labels: labels.slice(0, 600) }, cut(rows, 600))), dataCauses);
    expect(found.filter(({ severity }) => severity !== 'info').map(({ rule }) => rule)).toEqual(['labels-out-of-step']);
    expect(found[0]!.evidence['symptoms']).toMatchObject([{ rule: 'labels-not-predictable' }]);
  });
});
