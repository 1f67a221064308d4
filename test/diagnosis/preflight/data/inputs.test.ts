import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, model as makeModel, input as makeInput } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { kolmogorovSmirnov } from '../../../../src/diagnosis/preflight/data/kolmogorov-smirnov.js';
import { featuresOf } from '../../../../src/diagnosis/preflight/data/features.js';
import { firstKernel } from '../../../../src/diagnosis/preflight/data/first-kernel.js';
import { Lab, labDefaults } from '../../../../src/diagnosis/preflight/lab.js';
import { useBackend } from '../../../support/backends.js';
import { alarms, classifier, clusters, cut, infos, look, net, random, regressor, sums } from './setups.js';

beforeAll(() => useBackend('wasm'));

const numbers = sums(500);
const mapped = (to: (value: number, feature: number, row: number) => number) => ({ inputs: numbers.inputs.map((row, r) => row.map((value, j) => to(value, j, r))), labels: numbers.labels });

describe('features', () => {
  test('mean, deviation and root mean square of 1, 3, 5 and 100 000 001, 100 000 003, 100 000 005', () => {
    const column = { name: 'x', shape: [3, 2], dtype: 'int32' as const, width: 2, values: Int32Array.from([1, 100_000_001, 3, 100_000_003, 5, 100_000_005]) };
    // Mean 3, variance (4 + 0 + 4) / 3; the offset takes no digits.
    expect(featuresOf(column).map(({ mean, std }) => [mean, std])).toEqual([[3, Math.sqrt(8 / 3)], [100_000_003, Math.sqrt(8 / 3)]]);
    expect(featuresOf(column)[0]!.rms).toBeCloseTo(Math.sqrt(35 / 3), 10);
  });
});

describe('the scale of inputs', () => {
  test('pixels up to 255, inputs scaled down twice and an offset of 50 are warnings; unit scale is none', async () => {
    expect(await alarms(regressor(mapped((value) => 100 * value)))).toEqual(['warning inputs-not-scaled']);
    expect(await alarms(regressor(mapped((value) => value / 1000)))).toEqual(['warning inputs-not-scaled']);
    expect(await alarms(regressor(mapped((value) => value + 50)))).toEqual(['warning inputs-not-scaled']);
    expect(await alarms(regressor(mapped((value) => value)))).toEqual([]);
  });

  test('one feature 1000 times as large as the others is named', async () => {
    const found = await look({ ...regressor(mapped((value, feature) => (feature === 2 ? 1000 * value : value))), featureNames: ['a', 'b', 'salary', 'd', 'e', 'f'] });
    expect(found.filter(({ severity }) => severity !== 'info')).toMatchObject([{ rule: 'features-scales-differ', where: { feature: 'salary' } }]);
  });

  test('a layer that rescales or normalises before the first kernel is part of the scale; one after it makes an info', async () => {
    const data = mapped((value) => 100 * value);
    const end = () => layers.dense({ units: 1 });
    const normalised = () => sequential({ layers: [layers.batchNormalization({ inputShape: [6] }), layers.dense({ units: 4 }), end()] });
    const rescaled = (scale: number) => () => sequential({ layers: [layers.rescaling({ scale, inputShape: [6] }), layers.dense({ units: 4, name: 'first' }), end()] });
    const after = () => sequential({ layers: [layers.dense({ units: 4, inputShape: [6] }), layers.batchNormalization(), end()] });
    expect(await alarms({ ...regressor(data), model: normalised })).toEqual([]);
    expect(await alarms({ ...regressor(data), model: rescaled(0.01) })).toEqual([]);
    expect(await alarms({ ...regressor(data), model: after })).toEqual([]);
    expect(await infos({ ...regressor(data), model: after })).toContain('inputs-not-scaled');
    // Scaled once by hand and once by the layer.
    const found = await look({ ...regressor(mapped((value) => value / 100)), model: rescaled(0.001) });
    expect(found.find(({ rule }) => rule === 'inputs-not-scaled')?.where.layer).toBe('first');
  });

  test('the way of each input is followed through a graph of layers', async () => {
    const ids = makeInput({ shape: [3], dtype: 'int32', name: 'ids' });
    const table = makeInput({ shape: [2], name: 'table' });
    const words = layers.flatten().apply(layers.embedding({ inputDim: 9, outputDim: 2, name: 'words' }).apply(ids)) as never;
    const dense = layers.dense({ units: 2, name: 'first' }).apply(layers.layerNormalization().apply(table)) as never;
    const model = makeModel({ inputs: [ids, table], outputs: layers.dense({ units: 1 }).apply(layers.concatenate().apply([words, dense])) as never });
    const data = { inputs: [{ values: Int32Array.from({ length: 30 }, (_, i) => i % 9), shape: [10, 3] }, { values: Float32Array.from({ length: 20 }, (_, i) => 1000 * i), shape: [10, 2] }], labels: Array.from({ length: 10 }, (_, i) => [i % 3]) };
    const lab = await Lab.open({ model, loss: 'meanSquaredError', backend: 'keep', data: data as never }, labDefaults);
    expect([firstKernel(lab, 0), firstKernel(lab, 1)]).toMatchObject([{ className: 'Embedding', from: undefined }, { layer: 'first', normalised: true }]);
    lab.close();
    expect(await alarms({ model, loss: 'meanSquaredError', backend: 'keep', data: data as never })).toEqual([]);
  });

  test('a model written by hand is judged by its raw inputs', async () => {
    const w = tf.variable(tf.randomNormal([6, 1]));
    const model = { forward: (x: tf.Tensor) => tf.matMul(x, w), trainableWeights: { w } };
    expect(await alarms({ model: model, loss: 'meanSquaredError', backend: 'keep', data: mapped((value) => 100 * value) })).toEqual(['warning inputs-not-scaled']);
    expect(await alarms({ model: model, loss: 'meanSquaredError', backend: 'keep', data: numbers })).toEqual([]);
    w.dispose();
  });
});

describe('features that tell little', () => {
  test('inputs that are all one row are an error, rows of a few numbers again and again are not', async () => {
    expect(await alarms(regressor(mapped((_, feature) => numbers.inputs[0]![feature]!)))).toEqual(['error inputs-all-same']);
    const xor = [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]];
    const inputs = Array.from({ length: 200 }, (_, i) => xor[i % 4]!.slice(0, 2));
    expect(await alarms({ model: net(2, 1, 'sigmoid'), loss: 'binaryCrossentropy', backend: 'keep', data: { inputs, labels: inputs.map((_, i) => [xor[i % 4]![2]!]) } })).toEqual([]);
  });

  test('a slip of 999999 in 1 row of 50 is a warning, a heavy tail is none', async () => {
    const found = await look(regressor(mapped((value, feature, row) => (feature === 1 && row % 50 === 3 ? 999_999 : value))));
    expect(found.filter(({ severity }) => severity !== 'info')).toMatchObject([{ rule: 'outliers', where: { feature: 'feature 1' } }]);
    expect(await alarms(regressor(mapped((value) => Math.exp(1.5 * value) / 10)))).toEqual([]);
  });

  test('constant, copied, closely correlated and coded features are infos', async () => {
    const stream = random('features');
    const inputs = numbers.inputs.map(([a = 0, b = 0, c = 0], i) => [a, 7, 2 * a + 1, b, b + 0.01 * c, i % 6]);
    const found = await infos(regressor({ inputs, labels: inputs.map(() => [stream.normal()]) }));
    expect(found).toEqual(expect.arrayContaining(['constant-features', 'duplicate-features', 'correlated-features', 'categories-as-numbers']));
  });
});

describe('copies', () => {
  test('100 rows that come 5 times each are a warning; a rare class that was given again and again is none', async () => {
    expect(await alarms(regressor({ inputs: numbers.inputs.map((_, i) => numbers.inputs[i % 100]!), labels: numbers.labels.map((_, i) => numbers.labels[i % 100]!) }))).toEqual(['warning repeated-samples']);
    const balanced = numbers.inputs.map((row, i) => (i % 2 === 0 ? row : numbers.inputs[1 + 2 * (i % 5)]!));
    expect(await alarms({ model: net(6, 1, 'sigmoid'), loss: 'binaryCrossentropy', backend: 'keep', data: { inputs: balanced, labels: balanced.map((_, i) => [i % 2]) } })).toEqual([]);
  });

  test('validation rows that stand in training are a warning, all of them or a fifth', async () => {
    expect(await alarms(regressor(numbers, numbers))).toEqual(['warning train-validation-leak']);
    expect(await alarms(regressor(cut(numbers, 0, 420), cut(numbers, 400)))).toEqual(['warning train-validation-leak']);
    expect(await alarms(regressor(cut(numbers, 0, 400), cut(numbers, 400)))).toEqual([]);
  });

  test('equal inputs with two labels bound the accuracy: a quarter wrong at best', async () => {
    const inputs = Array.from({ length: 200 }, (_, i) => [i % 2, 1 - (i % 2)]);
    // Of each input three labels in four are its own.
    const labels = inputs.map(([a = 0], i) => [Math.floor(i / 2) % 4 === 0 ? 1 - a : a]);
    const found = (await look({ model: net(2, 1, 'sigmoid'), loss: 'binaryCrossentropy', backend: 'keep', data: { inputs, labels } })).find(({ rule }) => rule === 'conflicting-labels');
    expect(found).toMatchObject({ severity: 'info', evidence: { bestAccuracy: 0.75 } });
  });
});

describe('validation beside training', () => {
  const training = cut(numbers, 0, 400);
  const held = (to: (value: number, feature: number) => number) => ({ inputs: numbers.inputs.slice(400).map((row) => row.map(to)), labels: numbers.labels.slice(400) });

  test('the distance of 1, 2, 3, 4 and 3, 4, 5, 6 is one half', () => {
    expect(kolmogorovSmirnov(Float64Array.from([1, 2, 3, 4]), Float64Array.from([3, 4, 5, 6])).distance).toBe(0.5);
  });

  test('another scale is named with its factor', async () => {
    const found = (await look(regressor(training, held((value) => 255 * value)))).find(({ rule }) => rule === 'validation-scaled-differently');
    expect(found?.evidence['factor']).toBeGreaterThan(220);
    expect(found?.evidence['factor']).toBeLessThan(290);
  });

  test('an offset of 2 deviations, and columns in another order, are shifts', async () => {
    expect(await alarms(regressor(training, held((value) => value + 2)))).toEqual(['warning distribution-shift']);
    const skewed = (rows: typeof training) => ({ ...rows, inputs: rows.inputs.map(([a = 0, b = 0, c = 0, ...rest]) => [Math.exp(a), b - 2, c + 2, ...rest]) });
    const turned = skewed(cut(numbers, 400));
    expect(await alarms(regressor(skewed(training), { ...turned, inputs: turned.inputs.map((row) => [...row.slice(2), ...row.slice(0, 2)]) }))).toEqual(['warning distribution-shift']);
  });

  test('other shares of classes are a shift; a training that was balanced is an info', async () => {
    const rows = clusters(900, 2);
    const pick = (from: number, to: number, keep: (label: number, i: number) => boolean) => {
      const indices = rows.labels.flatMap((label, i) => (i >= from && i < to && keep(label, i) ? [i] : []));
      return { inputs: indices.map((i) => rows.inputs[i]!), labels: indices.map((i) => rows.labels[i]!) };
    };
    const rare = (class_: number) => (label: number, i: number) => label !== class_ || i % 10 === 0;
    expect(await alarms(classifier(pick(0, 600, rare(0)), pick(600, 900, rare(1)), 6, 2))).toContain('warning distribution-shift');
    const balanced = classifier(pick(0, 600, () => true), pick(600, 900, rare(1)), 6, 2);
    expect((await alarms(balanced)).filter((each) => each !== 'warning distribution-shift')).toEqual([]);
  });

  test('30 rows of validation, and a series split by time, are none', async () => {
    expect(await alarms(regressor(training, cut(numbers, 400, 430)))).toEqual([]);
    const series = Array.from({ length: 500 }, (_, i) => Math.sin(i / 30));
    const windows = (from: number, to: number) => ({ inputs: Array.from({ length: to - from }, (_, i) => series.slice(from + i, from + i + 6)), labels: Array.from({ length: to - from }, (_, i) => [series[from + i + 6]!]) });
    expect(await alarms(regressor(windows(0, 380), windows(380, 440)))).toEqual([]);
  });
});
