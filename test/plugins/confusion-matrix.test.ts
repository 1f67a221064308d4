import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model as makeModel, sequential, type LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, test } from 'vitest';
import { Trainer, type LossSpec } from 'trainscope';
import { confusionMatrix } from 'trainscope/plugins';
import { tensorsLeftBy } from 'trainscope/testing';
import { RandomStreams } from '../../src/random/index.js';
import { testBackends, useBackend } from '../support/backends.js';

type Options = Parameters<typeof confusionMatrix>[0];
type Data = { readonly inputs: readonly (readonly number[])[]; readonly labels: readonly unknown[] };

/** A model that answers with its inputs: what is predicted stands in the validation data. */
const echo = (width: number) => () => sequential({ layers: [layers.dense({ units: width, inputShape: [width], useBias: false, kernelInitializer: 'identity' })] });

/** One step at a rate that changes nothing, on the first samples, and a validation of all. */
async function validate(model: () => LayersModel, loss: LossSpec, data: Data, options: Options = {}, validationBatchSize = 3): Promise<Record<string, unknown>[]> {
  const heard: Record<string, unknown>[] = [];
  const trainer = new Trainer({ model, loss, optimizer: { name: 'sgd', learningRate: 1e-30 }, progress: false, plugins: [confusionMatrix(options, { onError: 'stop' })] });
  trainer.on('confusion-matrix', ({ data: each }) => heard.push({ ...each }));
  await trainer.fit({ inputs: data.inputs.slice(0, 2) as number[][], labels: data.labels.slice(0, 2) as number[] }, { validation: { inputs: data.inputs as number[][], labels: data.labels as number[] }, validationBatchSize, checkFinite: false });
  await trainer.dispose();
  (trainer.model as LayersModel).dispose();
  return heard;
}

const row = (classes: number, at: number): number[] => Array.from({ length: classes }, (_, i) => (i === at ? 0.8 : 0.2 / (classes - 1)));

/**
 * Labels by predictions:
 *        0 1 2
 *   0    3 1 0
 *   1    1 1 0
 *   2    2 0 0
 */
const pairs = [[0, 0], [0, 0], [0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 0]] as const;
const threeClasses = { inputs: pairs.map(([, guess]) => row(3, guess)), labels: pairs.map(([truth]) => truth) };

describe.each(testBackends)('on %s', (backend) => {
  beforeEach(() => useBackend(backend));

  test('eight samples of three classes: the table and each score as worked out by hand', async () => {
    const [event] = await validate(echo(3), 'sparseCategoricalCrossentropy', threeClasses, { classes: ['cat', 'dog', 'fox'] });
    expect(event).toMatchObject({ task: 'multiclass', samples: 8, notFinite: 0, unlabelled: 0, classCount: 3, names: ['cat', 'dog', 'fox'] });
    expect(event?.['matrix']).toEqual([[3, 1, 0], [1, 1, 0], [2, 0, 0]]);
    expect(event?.['classes']).toEqual({
      cat: { precision: 3 / 6, recall: 3 / 4, f1: 0.6, support: 4, predicted: 6 },
      dog: { precision: 1 / 2, recall: 1 / 2, f1: 0.5, support: 2, predicted: 2 },
      // Never predicted: its precision is 0 of 0, and not 0.
      fox: { precision: null, recall: 0, f1: 0, support: 2, predicted: 0 },
    });
    expect([event?.['accuracy'], event?.['balancedAccuracy']]).toEqual([0.5, (0.75 + 0.5 + 0) / 3]);
    expect(event?.['macro']).toEqual({ precision: 0.5, recall: (0.75 + 0.5) / 3, f1: 1.1 / 3 });
    // By labels 4, 2, 2; of precision the two that are known: (4 / 2 + 2 / 2) / 6.
    expect(event?.['weighted']).toEqual({ precision: 0.5, recall: 0.5, f1: (0.6 * 4 + 0.5 * 2) / 8 });
    expect(event?.['micro']).toEqual({ precision: 0.5, recall: 0.5, f1: 0.5 });
    // By chance (4 x 6 + 2 x 2 + 2 x 0) / 64 = 28 / 64: (32 - 28) / (64 - 28).
    expect(event?.['kappa']).toBeCloseTo(4 / 36, 12);
    // (4 x 8 - 28) / sqrt((64 - 40) (64 - 24)).
    expect(event?.['mcc']).toBeCloseTo(4 / Math.sqrt(24 * 40), 12);
    expect(event?.['confused']).toEqual([
      { label: 'fox', predicted: 'cat', count: 2, share: 1 },
      { label: 'cat', predicted: 'dog', count: 1, share: 0.25 },
      { label: 'dog', predicted: 'cat', count: 1, share: 0.5 },
    ]);
    expect(event?.['neverPredicted']).toEqual(['fox']);
  });

  test('one-hot labels count as class numbers do; a row without a 1 has no label, and a NaN no prediction', async () => {
    const oneHot = (at: number) => [0, 1, 2].map((i) => (i === at ? 1 : 0));
    const inputs = [...threeClasses.inputs, row(3, 1), [Number.NaN, 0.1, 0.2]];
    const labels = [...threeClasses.labels.map(oneHot), [0, 0, 0], oneHot(1)];
    const [event] = await validate(echo(3), 'categoricalCrossentropy', { inputs, labels });
    expect(event).toMatchObject({ matrix: [[3, 1, 0], [1, 1, 0], [2, 0, 0]], samples: 8, unlabelled: 1, notFinite: 1, names: ['0', '1', '2'] });
  });

  test('a yes is a probability above the threshold, or a logit above its log-odds', async () => {
    const probabilities = [0.1, 0.5, 0.6, 0.9];
    const labels = [[0], [1], [0], [1]];
    const of = async (loss: LossSpec, inputs: readonly number[], threshold: number) => (await validate(echo(1), loss, { inputs: inputs.map((each) => [each]), labels }, { threshold }))[0];
    // 0.5 is not above 0.5: no. True no: 1 right, 1 wrong; true yes: 1 missed, 1 found.
    expect(await of('binaryCrossentropy', probabilities, 0.5)).toMatchObject({ task: 'binary', matrix: [[1, 1], [1, 1]], classes: { 1: { precision: 0.5, recall: 0.5, support: 2, predicted: 2 } } });
    expect(await of('binaryCrossentropy', probabilities, 0.7)).toMatchObject({ matrix: [[2, 0], [1, 1]], classes: { 1: { precision: 1, recall: 0.5 } } });
    const logits = probabilities.map((p) => Math.log(p / (1 - p)));
    expect(await of({ name: 'binaryCrossentropy', fromLogits: true }, logits, 0.7)).toMatchObject({ matrix: [[2, 0], [1, 1]] });
    expect((await validate(echo(1), 'hinge', { inputs: [[-2], [0.1], [3]], labels: [[-1], [-1], [1]] }))[0]).toMatchObject({ matrix: [[1, 1], [0, 1]] });
  });

  test('several labels are scored one by one', async () => {
    // Label 0: found, false alarm; label 1: missed twice.
    const [event] = await validate(echo(2), 'binaryCrossentropy', { inputs: [[0.9, 0.2], [0.8, 0.1]], labels: [[1, 1], [0, 1]] }, { classes: ['rain', 'wind'] });
    expect(event).toMatchObject({ task: 'multilabel', matrix: null, samples: 4, accuracy: 0.25, kappa: null, mcc: null, confused: [], neverPredicted: ['wind'] });
    expect(event?.['classes']).toEqual({ rain: { precision: 0.5, recall: 1, f1: 2 / 3, support: 1, predicted: 2 }, wind: { precision: null, recall: 0, f1: 0, support: 2, predicted: 0 } });
    expect(event?.['micro']).toEqual({ precision: 0.5, recall: 1 / 3, f1: 0.4 });
  });

  test('2,000 samples of 7 classes in batches of 64: as counted from the predictions in double precision', async () => {
    const random = new RandomStreams(3).derive('confusion');
    const inputs = Array.from({ length: 2000 }, () => Array.from({ length: 7 }, () => random.float()));
    const labels = inputs.map(() => random.int(7));
    const expected = Array.from({ length: 7 }, () => Array<number>(7).fill(0));
    for (const [i, numbers] of inputs.entries()) {
      const guess = numbers.map(Math.fround).reduce((best, each, at, all) => (each > (all[best] ?? 0) ? at : best), 0);
      const line = expected[labels[i] ?? 0];
      if (line !== undefined) line[guess] = (line[guess] ?? 0) + 1;
    }
    const [event] = await validate(echo(7), { name: 'sparseCategoricalCrossentropy', fromLogits: true }, { inputs, labels }, {}, 64);
    expect(event?.['matrix']).toEqual(expected);
  });

  test('of 150 classes no matrix is told, but the 20 classes with the lowest F1 and the most frequent confusions', async () => {
    // Class i is taken for itself, but for class 7, which is taken for 8 twice.
    const labels = [...Array.from({ length: 150 }, (_, i) => i), 7];
    const inputs = labels.map((each) => row(150, each === 7 ? 8 : each));
    const [event] = await validate(echo(150), 'sparseCategoricalCrossentropy', { inputs, labels }, { maxClasses: 20 }, 40);
    expect(event).toMatchObject({ matrix: null, names: null, classCount: 150, confused: [{ label: '7', predicted: '8', count: 2, share: 1 }], neverPredicted: ['7'] });
    expect(Object.keys(event?.['classes'] as object)).toHaveLength(20);
    expect(event?.['classes']).toMatchObject({ 7: { f1: 0, support: 2 }, 8: { precision: 1 / 3, recall: 1, f1: 0.5 } });
  });

  test('of 1,100 classes the scores are told without pairs', async () => {
    const labels = [3, 3, 1099, 0];
    const inputs = [3, 4, 1099, 1099].map((each) => row(1100, each));
    const [event] = await validate(echo(1100), 'sparseCategoricalCrossentropy', { inputs, labels }, {}, 4);
    expect(event).toMatchObject({ samples: 4, accuracy: 0.5, confused: [], classes: { 3: { precision: 1, recall: 0.5 }, 1099: { precision: 0.5, recall: 1 }, 0: { precision: null, recall: 0 } } });
  });

  test('nothing is left on the device', async () => {
    const once = () => validate(echo(3), 'sparseCategoricalCrossentropy', threeClasses);
    await once();
    expect(await tensorsLeftBy(once)).toBe(0);
  });
});

describe('with a trainer', () => {
  beforeEach(() => useBackend('cpu'));

  test('of two outputs each is told, at every second epoch, and a regression is passed over', async () => {
    const build = () => {
      const x = input({ shape: [3], name: 'x' });
      const out = (name: string) => layers.dense({ units: 3, useBias: false, kernelInitializer: 'identity', name }).apply(x) as SymbolicTensor;
      return makeModel({ inputs: x, outputs: [out('kind'), out('place'), out('size')] });
    };
    const heard: unknown[] = [];
    const trainer = new Trainer({ model: build, loss: { kind: 'sparseCategoricalCrossentropy', place: 'categoricalCrossentropy', size: 'meanSquaredError' }, progress: false, optimizer: { name: 'sgd', learningRate: 1e-30 }, plugins: [confusionMatrix({ every: 2, classes: { kind: ['a', 'b', 'c'] } })] });
    trainer.on('confusion-matrix', ({ epoch, data: { output, matrix, names } }) => heard.push([epoch, output, matrix, names]));
    const data = { inputs: [row(3, 0), row(3, 2)], labels: { kind: [0, 1], place: [[1, 0, 0], [0, 0, 1]], size: [[1, 2, 3], [1, 2, 3]] } };
    await trainer.fit(data, { epochs: 4, validation: data });
    const kind = ['kind', [[1, 0, 0], [0, 0, 1], [0, 0, 0]], ['a', 'b', 'c']];
    const place = ['place', [[1, 0, 0], [0, 0, 0], [0, 0, 1]], ['0', '1', '2']];
    expect(heard).toEqual([[2, ...kind], [2, ...place], [4, ...kind], [4, ...place]]);
    await trainer.dispose();
  });

  test('each position of a sequence counts', async () => {
    const model = () => sequential({ layers: [layers.timeDistributed({ layer: layers.dense({ units: 2, useBias: false, kernelInitializer: 'identity' }), inputShape: [3, 2] })] });
    const heard: unknown[] = [];
    const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', progress: false, optimizer: { name: 'sgd', learningRate: 1e-30 }, plugins: [confusionMatrix()] });
    trainer.on('confusion-matrix', ({ data }) => heard.push(data.matrix));
    const data = { inputs: [[row(2, 0), row(2, 1), row(2, 1)]], labels: [[0, 0, 1]] };
    await trainer.fit(data, { validation: data });
    expect(heard).toEqual([[[1, 1], [0, 1]]]);
    await trainer.dispose();
  });

  test.each([
    [{ outputs: ['oops'] }, 'sparseCategoricalCrossentropy', /names the outputs oops; the model's outputs are/],
    [{}, 'meanSquaredError', /looks for classes, and the loss of ".*" \(meanSquaredError\) has none/],
    [{ classes: ['a', 'b'] }, 'sparseCategoricalCrossentropy', /has 2 names of classes for the output ".*"; it has 3/],
  ] as const)('%j under %s is refused', async (options, loss, message) => {
    const data = loss === 'meanSquaredError' ? { ...threeClasses, labels: threeClasses.inputs } : threeClasses;
    await expect(validate(echo(3), loss, data, options as Options)).rejects.toThrow(message);
  });

  test('a loss of your own with labels of the predictions\' shape needs a task', async () => {
    const custom = (labels: tf.Tensor, predictions: tf.Tensor) => tf.losses.meanSquaredError(labels, predictions);
    const data = { inputs: threeClasses.inputs, labels: threeClasses.labels.map((each) => row(3, each)) };
    await expect(validate(echo(3), custom, data)).rejects.toThrow(/found no output with classes among .* \(custom\)\. Say what they are with task/);
    expect((await validate(echo(3), custom, data, { task: 'multiclass' }))[0]).toMatchObject({ matrix: [[3, 1, 0], [1, 1, 0], [2, 0, 0]] });
  });

  test('two classes of one name are refused when the plugin is made', () => {
    expect(() => confusionMatrix({ classes: ['a', 'a'] })).toThrow(/two classes have one name/);
  });
});
