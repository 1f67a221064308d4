import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { inputsExplainLabels } from '../../../../src/diagnosis/preflight/data/predictability.js';
import { Lab, labDefaults } from '../../../../src/diagnosis/preflight/lab.js';
import { useBackend } from '../../../support/backends.js';
import { alarms, classifier, clusters, cut, infos, look, net, random, regressor, sums } from './setups.js';

beforeAll(() => useBackend('wasm'));

const rows = clusters(700);
const training = cut(rows, 0, 600);
const validation = cut(rows, 600);
const rolled = <T>(labels: readonly T[], by: number): T[] => labels.map((_, i) => labels[(i + by + labels.length) % labels.length]!);
const shuffled = <T>(labels: readonly T[]): T[] => [...random('shuffled').permutation(labels.length)].map((i) => labels[i]!);
const noisy = (labels: readonly number[], share: number): number[] => {
  const stream = random('noisy');
  return labels.map((label) => (stream.float() < share ? (label + 1 + stream.int(3)) % 4 : label));
};

describe('labels out of step', () => {
  test.each([1, -3, 250])('a shift of %d is found and named, in classes and in numbers', async (by) => {
    const [first] = await look(classifier({ inputs: training.inputs, labels: rolled(training.labels, by) }));
    // Label i is that which belongs to i + by, so that the one for sample i stands at i - by.
    expect(first).toMatchObject({ rule: 'labels-out-of-step', severity: 'error', evidence: { kind: 'shift', shift: -by } });
    const data = sums(600);
    const [other] = await look(regressor({ inputs: data.inputs, labels: rolled(data.labels, by) }));
    expect(other).toMatchObject({ rule: 'labels-out-of-step', evidence: { shift: -by } });
  });

  test('labels that run backwards are told from shuffled ones', async () => {
    const found = await look(classifier({ inputs: training.inputs, labels: training.labels.toReversed() }));
    expect(found[0]).toMatchObject({ rule: 'labels-out-of-step', evidence: { kind: 'reversed' } });
    expect(await alarms(classifier({ inputs: training.inputs, labels: shuffled(training.labels) }))).toEqual([]);
  });

  test('silent where rows overlap in time: the last window holds the label before, and the next one is chance', async () => {
    const stream = random('walk');
    const steps = Array.from({ length: 620 }, () => stream.normal());
    const inputs = Array.from({ length: 600 }, (_, i) => steps.slice(i, i + 10));
    const labels = inputs.map((_, i) => [steps[i + 10]! > 0 ? 1 : 0]);
    expect(await alarms({ model: net(10, 1, 'sigmoid'), loss: 'binaryCrossentropy', backend: 'keep', data: { inputs, labels } })).toEqual([]);
  });

  test('silent on data sorted by class, where a shift of one changes 3 labels of 600', async () => {
    const order = training.labels.map((_, i) => i).toSorted((a, b) => training.labels[a]! - training.labels[b]!);
    expect(await alarms(classifier({ inputs: order.map((i) => training.inputs[i]!), labels: rolled(order.map((i) => training.labels[i]!), 1) }))).toEqual([]);
  });
});

describe('labels that inputs do not tell', () => {
  test('shuffled training labels are an error where those of validation are told', async () => {
    expect(await alarms(classifier({ inputs: training.inputs, labels: shuffled(training.labels) }, validation))).toEqual(['error labels-not-predictable']);
  });

  test('shuffled validation labels are a warning where those of the training are told', async () => {
    expect(await alarms(classifier(training, { inputs: validation.inputs, labels: shuffled(validation.labels) }))).toEqual(['warning validation-labels-out-of-step']);
  });

  test('labels that are chance on both sides are an info: a task may be too hard for neighbours and lines', async () => {
    const experiment = classifier({ inputs: training.inputs, labels: shuffled(training.labels) }, { inputs: validation.inputs, labels: shuffled(validation.labels) });
    expect(await alarms(experiment)).toEqual([]);
    expect(await infos(experiment)).toContain('labels-not-predictable');
  });

  test('classes numbered one on in validation are found with the whole map', async () => {
    const found = await look(classifier(training, { inputs: validation.inputs, labels: validation.labels.map((label) => (label + 1) % 4) }));
    expect(found.find(({ rule }) => rule === 'validation-classes-renumbered')?.evidence['map']).toEqual([[0, 1], [1, 2], [2, 3], [3, 0]]);
  });

  test('the probes give shares above chance: near 1 for clusters that are 3 deviations apart, near 0 for shuffled labels', async () => {
    const lab = await Lab.open(classifier(training, { inputs: validation.inputs, labels: shuffled(validation.labels) }), labDefaults);
    const result = await inputsExplainLabels(lab);
    lab.close();
    expect(result!.training.effect).toBeGreaterThan(0.8);
    expect(result!.training.p).toBeLessThan(1e-9);
    expect(result!.training.chance).toBeCloseTo(0.25, 1);
    expect(result!.validation!.effect).toBeLessThan(0.2);
  });
});

describe('label noise', () => {
  test('a third of wrong labels is a warning, beside clean validation and without one', async () => {
    expect(await alarms(classifier({ inputs: training.inputs, labels: noisy(training.labels, 0.33) }, validation))).toEqual(['warning label-noise']);
    expect(await alarms(classifier({ inputs: training.inputs, labels: noisy(training.labels, 0.33) }))).toEqual(['warning label-noise']);
  });

  test('two fifths of one class under the name of another is found and named', async () => {
    const stream = random('asymmetric');
    const more = clusters(1000);
    const labels = more.labels.slice(0, 600).map((label) => (label === 2 && stream.float() < 0.4 ? 3 : label));
    const found = (await look(classifier({ inputs: more.inputs.slice(0, 600), labels }, cut(more, 600)))).find(({ rule }) => rule === 'label-noise');
    expect(found).toMatchObject({ severity: 'warning', evidence: { pair: { looksLike: 2, labelled: 3 } } });
  });

  test('half of class 0 labelled 1 in training is a warning that names both; three times as many of class 1 is none', async () => {
    const rows = clusters(1200, 6, 6, 2, 'pair');
    const [own, held] = [cut(rows, 0, 900), cut(rows, 900)];
    let zeros = 0;
    const noisy = own.labels.map((label) => (label === 0 && (zeros += 1) % 2 === 0 ? 1 : label));
    const found = (await look(classifier({ ...own, labels: noisy }, held, 6, 6))).find(({ rule }) => rule === 'label-noise');
    expect(found).toMatchObject({ severity: 'warning', evidence: { pair: { looksLike: 0, labelled: 1 } } });
    const many = [...own.labels.keys()].filter((i) => own.labels[i] === 1 || i % 3 === 0);
    const frequent = { inputs: many.map((i) => own.inputs[i]!), labels: many.map((i) => own.labels[i]!) };
    expect(await alarms(classifier(frequent, held, 6, 6))).not.toContain('warning label-noise');
  });

  test('six classes of two clusters each, close together, contradict each other at their borders and not within: no alarm', async () => {
    for (const name of ['close a', 'close b', 'close c']) {
      const close = clusters(1300, 12, 4, 1.2, name);
      const rows = { inputs: close.inputs, labels: close.labels.map((label) => label % 6) };
      expect(await alarms(classifier(cut(rows, 0, 1000), cut(rows, 1000), 4, 6))).not.toContain('warning label-noise');
    }
  });

  test('classes that overlap are none: they do so in validation as well', async () => {
    const close = clusters(800, 4, 6, 0.5);
    expect(await alarms(classifier(cut(close, 0, 600), cut(close, 600)))).toEqual([]);
  });
});

describe('values of labels', () => {
  const oneHot = (labels: readonly number[]): number[][] => labels.map((label) => [0, 1, 2, 3].map((each) => (each === label ? 1 : 0)));

  test('one class alone, and one number alone, are errors', async () => {
    expect(await alarms(classifier({ inputs: training.inputs, labels: training.labels.map(() => 2) }))).toEqual(['error one-class']);
    expect(await alarms(regressor({ inputs: training.inputs, labels: training.labels.map(() => [3.5]) }))).toEqual(['error labels-constant']);
  });

  test('a class of validation that training lacks is a warning', async () => {
    const without = { inputs: training.inputs.filter((_, i) => training.labels[i] !== 1), labels: training.labels.filter((label) => label !== 1) };
    expect(await alarms(classifier(without, validation))).toContain('warning missing-class');
  });

  test('one class 20 times as frequent as the other is an info, with weights of n / (2 count)', async () => {
    const labels = training.labels.map((_, i) => [i % 21 === 0 ? 1 : 0]);
    const found = (await look({ model: net(6, 1, 'sigmoid'), loss: 'binaryCrossentropy', backend: 'keep', data: { inputs: training.inputs, labels } })).find(({ rule }) => rule === 'class-imbalance');
    // 600 rows: 29 of class 1 (0, 21, ..., 588), 571 of class 0.
    expect(found).toMatchObject({ severity: 'info', evidence: { counts: [571, 29], classWeights: { 0: 0.525, 1: 10.3 } } });
  });

  test('a squared error on one-hot rows is a warning, on numbers it is none', async () => {
    expect(await alarms({ model: net(6, 4, 'softmax'), loss: 'meanSquaredError', backend: 'keep', data: { inputs: training.inputs, labels: oneHot(training.labels) } })).toEqual(['warning loss-for-regression-on-classes']);
    expect(await alarms(regressor(sums(300)))).toEqual([]);
  });

  test('numbers of classes under a squared error are a warning: beside class 0 lies any other', async () => {
    expect(await alarms(regressor({ inputs: training.inputs, labels: training.labels.map((label) => [label]) }))).toEqual(['warning classes-as-numbers']);
  });

  test('grades from 0 to 6 of a sum of features, with and without noise, are an info: beside a 3 lies a 2 or a 4', async () => {
    const stream = random('grades');
    for (const noise of [0, 0.3]) {
      const { inputs } = sums(500, 3);
      const labels = inputs.map(([a = 0, b = 0]) => [Math.max(0, Math.min(6, Math.round(3 + 1.2 * a + b + noise * stream.normal())))]);
      expect(await alarms(regressor({ inputs, labels }, undefined, 3))).toEqual([]);
      expect(await infos(regressor({ inputs, labels }, undefined, 3))).toContain('classes-as-numbers');
    }
  });

  test('counts that go with one of 6 categories are an info: one-hots are all as far from each other', async () => {
    const inputs = Array.from({ length: 300 }, (_, i) => Array.from({ length: 6 }, (__, j) => Number(i % 6 === j)));
    const labels = inputs.map((_, i) => [[3, 0, 4, 1, 2, 0][i % 6]!]);
    expect(await alarms(regressor({ inputs, labels }))).toEqual([]);
  });

  test('rows with two classes each do not go with a softmax cross-entropy; rows of 0.9 and 0.1 do', async () => {
    const of = (labels: number[][]) => ({ model: net(6, 4, 'softmax'), loss: 'categoricalCrossentropy', backend: 'keep' as const, data: { inputs: training.inputs, labels } });
    expect(await alarms(of(oneHot(training.labels).map((row, i) => row.map((each, c) => (c === i % 4 ? 1 : each)))))).toEqual(['warning labels-not-distributions']);
    expect(await alarms(of(oneHot(training.labels).map((row) => row.map((each) => 0.9 * each + 0.025))))).toEqual([]);
  });

  test('one-hot rows and a softmax under binaryCrossentropy are an info', async () => {
    expect(await infos({ model: net(6, 4, 'softmax'), loss: 'binaryCrossentropy', backend: 'keep', data: { inputs: training.inputs, labels: oneHot(training.labels) } })).toContain('binary-loss-on-classes');
  });

  test('labels at each step of token sequences are looked at without a word', async () => {
    const stream = random('tokens');
    const values = Int32Array.from({ length: 300 * 8 }, () => stream.int(20));
    const model = () => sequential({ layers: [layers.embedding({ inputDim: 20, outputDim: 4, inputLength: 8 }), layers.dense({ units: 20, activation: 'softmax' })] });
    expect(await alarms({ model, loss: 'sparseCategoricalCrossentropy', backend: 'keep', data: { inputs: { values, shape: [300, 8] }, labels: { values: values.map((each) => (7 * each + 3) % 20), shape: [300, 8, 1] } } })).toEqual([]);
  });
});
