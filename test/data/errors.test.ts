import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { openData, type Batch, type DataOptions, type DataSource, type DataSpec } from '../../src/data/index.js';
import { errorOf, expectDataError, read, readAll, withoutLeak } from './batches.js';

const spec: DataSpec = { inputNames: ['image'], labelNames: ['digit'], inputShapes: [[null, 2]] };
class Model {
  readonly layers = [];
}

const inputs = [[1, 2], [3, 4], [5, 6]];
const labels = [1, 2, 3];
const open = (source: unknown, its: DataSpec = spec, options: DataOptions = {}) => () => openData(source as DataSource, its, options);

describe('DATA_EMPTY', () => {
  it('no samples', () => expectDataError(open({ inputs: [], labels: [] }), 'DATA_EMPTY', 'input "image"', '[0]'));
  it('a tensor of none', async () => {
    const none = tf.zeros([0, 2]);
    await expectDataError(open({ inputs: none, labels: [] }), 'DATA_EMPTY', '[0, 2]');
    none.dispose();
  });
  it('samples without numbers', () => expectDataError(open({ inputs: [[], []], labels: [1, 2] }, { inputNames: ['image'], labelNames: ['digit'] }), 'DATA_EMPTY', '[2, 0]'));
  it('inputs by name, and none of them', () => expectDataError(open({ inputs: {} }, {}), 'DATA_EMPTY', 'no inputs'));
  it('dropLast that leaves nothing', () => expectDataError(open({ inputs, labels }, spec, { batchSize: 4, dropLast: true }), 'DATA_EMPTY', '3 samples', '4'));
  it('a generator of nothing', () => expectDataError(() => readAll(openData((function* () { /* nothing */ })(), spec).epoch(0)), 'DATA_EMPTY', 'epoch 0'));
  it('an async generator of nothing', () => expectDataError(() => readAll(openData((async function* () { /* nothing */ })(), spec).epoch(0)), 'DATA_EMPTY', 'epoch 0'));
  it('the first batch of a source of nothing', () => expectDataError(() => openData((async function* () { /* nothing */ })(), spec).first(1), 'DATA_EMPTY'));
  it('a batch of nothing', () => expectDataError(() => readAll(openData([{ inputs, labels }, { inputs: [], labels: [] }], spec).epoch(0)), 'DATA_EMPTY', 'batch 1 of epoch 0'));
});

describe('DATA_LENGTHS_DIFFER', () => {
  it('fewer labels than inputs', () => expectDataError(open({ inputs, labels: [1, 2] }), 'DATA_LENGTHS_DIFFER', 'label "digit" has 2 samples and input "image" has 3'));
  it('fewer sample weights', () => expectDataError(open({ inputs, labels, sampleWeights: [1] }), 'DATA_LENGTHS_DIFFER', 'sample weight has 1', 'has 3'));
  it('two inputs', () => expectDataError(open({ inputs: { a: [1, 2], b: [1] } }, {}), 'DATA_LENGTHS_DIFFER', 'input "b" has 1', 'input "a" has 2'));
});

describe('DATA_SHAPE', () => {
  it('another shape than the model\'s', () => expectDataError(open({ inputs: [[1, 2, 3]], labels: [1] }), 'DATA_SHAPE', 'input "image" has shape [1, 3]; the model takes [null, 2]'));
  it('another rank, with as many numbers', () =>
    expectDataError(open({ inputs: { values: new Float32Array(8), shape: [2, 4] }, labels: [1, 2] }, { ...spec, inputShapes: [[null, 2, 2]] }), 'DATA_SHAPE', 'reshape to [2, 2, 2]'));
  it('single samples of a Dataset', () => expectDataError(() => readAll(openData([{ xs: [1, 2], ys: [1] }], spec).epoch(0)), 'DATA_SHAPE', '[2]', 'batchSize'));
  it('batches that are batched again', () => expectDataError(open({ inputs: [inputs], labels: [1] }), 'DATA_SHAPE', '[1, 3, 2]', 'batched already'));
  it('labels, where their shape is known', () => expectDataError(open({ inputs, labels }, { ...spec, labelShapes: [[null, 10]] }), 'DATA_SHAPE', 'label "digit" has shape [3]; the model takes [null, 10]'));
  it('a number for inputs', async () => {
    const number = tf.scalar(3);
    await expectDataError(open({ inputs: number, labels }), 'DATA_SHAPE', 'single number');
    number.dispose();
  });
  it('ragged rows', () => expectDataError(open({ inputs: [[1, 2], [3]], labels: [1, 2] }), 'DATA_SHAPE', 'input "image"[1] has length 1', 'length 2'));
  it('ragged rows of typed arrays', () => expectDataError(open({ inputs: [new Float32Array(2), new Float32Array(3)], labels: [1, 2] }), 'DATA_SHAPE', '[1] has length 3', 'length 2'));
  it('rows of another depth', () => expectDataError(open({ inputs: [[1, 2], 3], labels: [1, 2] }), 'DATA_SHAPE', 'input "image"[1] is the number 3', '[2, 2]'));
  it('rows that go deeper', () => expectDataError(open({ inputs: [[1, 2], [3, [4]]], labels: [1, 2] }), 'DATA_SHAPE', 'input "image"[1][1] is an array of 1'));
  it('values that do not fill their shape', () => expectDataError(open({ inputs: { values: new Float32Array(5), shape: [3, 2] }, labels }), 'DATA_SHAPE', '5 values', '[3, 2]', '6'));
  it('sample weights with a second dimension', () => expectDataError(open({ inputs, labels, sampleWeights: [[1], [1], [1]] }), 'DATA_SHAPE', 'sample weight', '[3, 1]', '[samples]'));
  it('a last batch that a model of fixed batches cannot take', () => expectDataError(open({ inputs, labels }, { ...spec, inputShapes: [[2, 2]] }), 'DATA_SHAPE', 'batch of 1', 'batches of 2', 'dropLast'));
  it('and dropLast is the remedy', () => expect(open({ inputs, labels }, { ...spec, inputShapes: [[2, 2]] }, { dropLast: true })).not.toThrow());
  it('a batch of a stream in a model of fixed batches', () => expectDataError(() => readAll(openData([{ inputs, labels }], { ...spec, inputShapes: [[2, 2]] }).epoch(0)), 'DATA_SHAPE', 'batch of 3'));
});

describe('DATA_TYPE', () => {
  it('strings', () => expectDataError(open({ inputs: [[1, 2], [3, '4']], labels: [1, 2] }), 'DATA_TYPE', 'input "image"[1][1] is the string "4"'));
  it('gaps', () => expectDataError(open({ inputs: [[1, 2], [3, null]], labels: [1, 2] }), 'DATA_TYPE', '[1][1] is null'));
  it('missing samples', () => expectDataError(open({ inputs: [[1, 2], undefined], labels: [1, 2] }), 'DATA_TYPE', 'input "image"[1] is undefined'));
  it('lists of tensors', async () => {
    const rows = [tf.zeros([2]), tf.zeros([2]), tf.zeros([2])];
    await expectDataError(open({ inputs: rows, labels }), 'DATA_NAMES', 'the inputs are an array of 3', '1 input: "image"', 'tf.stack');
    tf.dispose(rows);
  });
  it('a tensor of strings', async () => {
    const words = tf.tensor1d(['a', 'b']);
    await expectDataError(open({ inputs: words, labels: [1, 2] }), 'DATA_TYPE', 'a string tensor of shape [2]');
    words.dispose();
  });
  it('a tensor that is gone', async () => {
    const gone = tf.zeros([3, 2]);
    gone.dispose();
    await expectDataError(open({ inputs: gone, labels }), 'DATA_TYPE', 'disposed');
  });
  it('bigints', () => expectDataError(open({ inputs: new BigInt64Array(3), labels }), 'DATA_TYPE', 'input "image"'));
  it.each([
    ['nothing', undefined, 'undefined'],
    ['a string', 'train.csv', 'the string "train.csv"'],
    ['a typed array', new Float32Array(3), 'a Float32Array of 3'],
    ['an object of a class', new Model(), 'an object of class Model'],
    ['a list of pairs', [[[1], [1]], [[2], [2]], [[3], [3]], [[4], [4]]], 'an array of 4'],
  ])('%s for a source', (_, source, found) => expectDataError(open(source), 'DATA_TYPE', found));
  it('a function that gives a function', () => expectDataError(() => openData((() => () => 1) as unknown as DataSource, spec).epoch(0).next(), 'DATA_TYPE', 'a function'));
  it('a stream of numbers', () => expectDataError(() => readAll(openData(new Set([1]) as unknown as DataSource, spec).epoch(0)), 'DATA_TYPE', 'batch 0 of epoch 0', 'the number 1'));
});

describe('DATA_NAMES', () => {
  it('a mistyped input', () => expectDataError(open({ inputs: { imag: inputs }, labels }), 'DATA_NAMES', '"imag"', 'Did you mean "image"?'));
  it('a missing input', () =>
    expectDataError(open({ inputs: { left: inputs }, labels }, { inputNames: ['left', 'right'], labelNames: ['digit'] }), 'DATA_NAMES', 'the data has no input "right"'));
  it('a mistyped label', () => expectDataError(open({ inputs, labels: { digits: labels } }), 'DATA_NAMES', 'Did you mean "digit"?'));
  it('too few inputs in order', () => expectDataError(open({ inputs: [inputs], labels }, { inputNames: ['a', 'b'], labelNames: ['digit'] }), 'DATA_NAMES', 'array of 1', '2 inputs: "a", "b"'));
  it('one array for two inputs', () =>
    expectDataError(open({ inputs: new Float32Array(3), labels }, { inputNames: ['a', 'b'], labelNames: ['digit'] }), 'DATA_NAMES', 'a Float32Array of 3'));
  it('no labels', () => expectDataError(open({ inputs }), 'DATA_NAMES', 'no labels', '"digit"'));
  it('a mistyped key beside the inputs', () => expectDataError(open({ inputs, label: labels }), 'DATA_NAMES', '"label"', 'Did you mean "labels"?'));
  it('a mistyped key for the inputs', () => expectDataError(open({ input: inputs, labels }), 'DATA_NAMES', 'Did you mean "inputs"?'));
  it('the same thing twice', () => expectDataError(open({ inputs, xs: inputs, labels }), 'DATA_NAMES', 'both inputs and xs'));
  it('two arrays of weights for three labels', () =>
    expectDataError(open({ inputs, labels: { a: labels, b: labels, c: labels }, sampleWeights: { a: labels, b: labels } }, {}), 'DATA_NAMES', '2 arrays of sample weights and 3 labels'));
});

describe('DATA_SOURCE_FAILED', () => {
  const failing = (): never => {
    throw new Error('no such file');
  };
  it('a function of the epoch', async () => {
    await expectDataError(() => openData(failing, spec).epoch(6).next(), 'DATA_SOURCE_FAILED', 'epoch 6', 'no such file');
    await expectDataError(() => openData(async () => failing(), spec).epoch(6).next(), 'DATA_SOURCE_FAILED', 'epoch 6');
    await expectDataError(() => openData(failing, spec).first(2), 'DATA_SOURCE_FAILED');
  });
  it('an iterable that cannot be opened', () => expectDataError(() => openData({ [Symbol.iterator]: failing }, spec).epoch(0).next(), 'DATA_SOURCE_FAILED', 'being opened'));
  it('a generator, at its batch', async () => {
    await withoutLeak(async () => {
      const cursor = openData((function* () { yield { inputs, labels }; failing(); })(), spec).epoch(2);
      expect(read(cursor.next() as Batch)).toMatchObject({ index: 0, last: false });
      await expectDataError(() => cursor.next(), 'DATA_SOURCE_FAILED', 'batch 1 of epoch 2', 'no such file');
      expect(cursor.close()).toBeUndefined();
    });
  });
});

describe('OPTIONS_INVALID', () => {
  it('names every option that is wrong', async () => {
    const error = await errorOf(open({ inputs, labels }, spec, { batchSize: 0, prefetch: -1, batchesPerEpoch: 1.5 }));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.code).toBe('OPTIONS_INVALID');
    expect(error instanceof ConfigError && error.problems.map((problem) => problem.path)).toEqual([['batchSize'], ['prefetch'], ['batchesPerEpoch']]);
    expect(error.message).toContain('batchSize is 0');
  });
});

describe('tensors of the user', () => {
  it('survive every refusal', async () => {
    const x = tf.ones([3, 2]);
    const y = tf.ones([2]);
    await withoutLeak(() => expectDataError(open({ inputs: x, labels: y }), 'DATA_LENGTHS_DIFFER'));
    expect([x.isDisposed, y.isDisposed]).toEqual([false, false]);
    tf.dispose([x, y]);
  });
});
