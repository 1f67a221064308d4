import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { useBackend } from '../../../support/backends.js';
import { alarms, classifier, clusters, infos, look, random, regressor, sums } from './setups.js';

beforeAll(() => useBackend('wasm'));

const numbers = sums(300);
const beside = (extra: (i: number) => number) => numbers.inputs.map((row, i) => [...row, extra(i)]);

describe('labels among the inputs', () => {
  test('half of the label plus 3 as a seventh feature is a warning that names it; with noise of 5% it is none', async () => {
    const stream = random('noise');
    const found = await look(regressor({ inputs: beside((i) => 0.5 * numbers.labels[i]![0]! + 3), labels: numbers.labels }, undefined, 7));
    expect(found.filter(({ severity }) => severity !== 'info')).toMatchObject([{ rule: 'label-in-inputs', severity: 'warning', where: { feature: 'feature 6' } }]);
    expect(await alarms(regressor({ inputs: beside((i) => 0.5 * numbers.labels[i]![0]! + 0.025 * stream.normal()), labels: numbers.labels }, undefined, 7))).toEqual([]);
  });

  test('y = 2 x of one number is a task, and so is the plain sum of six', async () => {
    const single = numbers.inputs.map(([x = 0]) => [x]);
    expect(await alarms(regressor({ inputs: single, labels: single.map(([x = 0]) => [2 * x]) }, undefined, 1))).toEqual([]);
    expect(await alarms(regressor({ inputs: numbers.inputs, labels: numbers.inputs.map((row) => [row.reduce((sum, each) => sum + each, 0)]) }))).toEqual([]);
    expect(await alarms(regressor({ inputs: numbers.inputs, labels: numbers.inputs.map(([x = 0]) => [2 * x]) }))).toEqual(['warning label-in-inputs']);
  });

  test('inputs that are to be rebuilt, in their own order or backwards, are no leak', async () => {
    const model = () => sequential({ layers: [layers.dense({ units: 3, inputShape: [6] }), layers.dense({ units: 6 })] });
    for (const labels of [numbers.inputs, numbers.inputs.map((row) => row.toReversed())]) expect(await alarms({ model, loss: 'meanSquaredError', backend: 'keep', data: { inputs: numbers.inputs, labels } })).toEqual([]);
  });

  test('a window of 8 that ends with the value to foretell is a warning; the first value of a sequence is a task of memory', async () => {
    const stream = random('series');
    const series: number[] = [0];
    while (series.length < 320) series.push(0.9 * series.at(-1)! + 0.4 * stream.normal());
    const windows = Array.from({ length: 300 }, (_, i) => series.slice(i, i + 8).map((x) => [x]));
    const model = () => sequential({ layers: [layers.gru({ units: 3, inputShape: [8, 1] }), layers.dense({ units: 1 })] });
    const of = (label: (i: number) => number) => ({ model, loss: 'meanSquaredError', backend: 'keep' as const, data: { inputs: windows, labels: windows.map((_, i) => [label(i)]) } });
    expect(await alarms(of((i) => series[i + 7]!))).toEqual(['warning label-in-inputs']);
    expect(await alarms(of((i) => series[i + 8]!))).toEqual([]);
    expect(await alarms(of((i) => series[i]!))).toEqual([]);
    expect(await infos(of((i) => series[i]!))).toContain('label-in-inputs');
  });

  test('a wave of period 50 stands in its own flat window, turned over 25 steps before: an info', async () => {
    const wave = (i: number) => Math.sin((2 * Math.PI * i) / 50);
    const windows = Array.from({ length: 400 }, (_, i) => Array.from({ length: 30 }, (__, t) => wave(i + t)));
    const data = { inputs: windows, labels: windows.map((_, i) => [wave(i + 30)]) };
    expect(await alarms(regressor(data, undefined, 30))).not.toContain('warning label-in-inputs');
    expect(await infos(regressor(data, undefined, 30))).toContain('label-in-inputs');
  });

  test('a feature with one value for each of 4 classes is a warning; among bits a label that is one of them is not', async () => {
    const { inputs, labels } = clusters(300);
    const coded = inputs.map((row, i) => [...row, [-1.3, 0.2, 0.9, 1.7][labels[i]!]!]);
    expect(await alarms(classifier({ inputs: coded, labels }, undefined, 7))).toEqual(['warning label-in-inputs']);
    const stream = random('bits');
    const bits = Array.from({ length: 300 }, () => Array.from({ length: 6 }, () => stream.int(2)));
    expect(await alarms(classifier({ inputs: bits, labels: bits.map((row) => row[2]!) }, undefined, 6, 2))).toEqual([]);
  });
});
