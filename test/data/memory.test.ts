import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { disposeBatch, openData, type Batch, type DataSource } from '../../src/data/index.js';
import { RandomStreams } from '../../src/random/index.js';
import { read, readSync, withoutLeak } from './batches.js';

const one = { inputNames: ['x'], labelNames: ['y'] };

/** Sample i has the input [i, 10 i] and the label 100 i: whatever the order, what belongs together can be told. */
const pairs = (samples: number) => {
  const inputs = new Float32Array(samples * 2);
  const labels = new Float32Array(samples);
  for (let index = 0; index < samples; index++) {
    inputs.set([index, 10 * index], 2 * index);
    labels[index] = 100 * index;
  }
  return { inputs, labels };
};

describe('the forms of samples in memory', () => {
  const expected = [
    { inputs: [[1, 2, 3, 4]], labels: [[7, 8]], shapes: [[2, 2], [2]], size: 2, index: 0, last: false, indices: [0, 1], weights: undefined },
    { inputs: [[5, 6]], labels: [[9]], shapes: [[1, 2], [1]], size: 1, index: 1, last: true, indices: [2], weights: undefined },
  ];
  const nested = [[1, 2], [3, 4], [5, 6]];
  const forms: [string, () => DataSource][] = [
    ['nested arrays', () => ({ inputs: nested, labels: [7, 8, 9] })],
    ['rows of typed arrays', () => ({ inputs: nested.map((row) => Float32Array.from(row)), labels: [7, 8, 9] })],
    ['values with a shape', () => ({ inputs: { values: new Float64Array(nested.flat()), shape: [3, 2] }, labels: new Int32Array([7, 8, 9]) })],
    ['plain values with a shape', () => ({ inputs: { values: nested.flat(), shape: [3, 2] }, labels: [7, 8, 9] })],
    ['xs and ys', () => ({ xs: nested, ys: [7, 8, 9] })],
    ['a pair', () => [nested, [7, 8, 9]]],
    ['records by name', () => ({ inputs: { x: nested }, labels: { y: [7, 8, 9] } })],
  ];

  it.each(forms)('%s give the same batches, at once', async (_, form) => {
    await withoutLeak(() => {
      const data = openData(form(), one, { batchSize: 2, shuffle: false });
      expect(data.kind).toBe('memory');
      expect([data.samples, data.batchesPerEpoch, data.shuffled]).toEqual([3, 2, false]);
      expect(readSync(data.epoch(0))).toEqual(expected);
    });
  });

  it('tensors give the same batches and stay the user\'s', async () => {
    const inputs = tf.tensor2d(nested);
    const labels = tf.tensor1d([7, 8, 9]);
    await withoutLeak(() => {
      const data = openData({ inputs, labels }, one, { batchSize: 2, shuffle: false });
      expect(readSync(data.epoch(0))).toEqual(expected);
      data.dispose();
    });
    // A batch of everything shares its values with the user's tensor, and ends without it.
    const whole = openData({ inputs, labels }, one, { batchSize: 3, shuffle: false }).epoch(0).next() as Batch;
    disposeBatch(whole);
    expect([...inputs.dataSync()]).toEqual([1, 2, 3, 4, 5, 6]);
    tf.dispose([inputs, labels]);
  });

  it('inputs without labels give none', () => {
    expect(readSync(openData({ inputs: [[1], [2]] }, { inputNames: ['x'] }, { shuffle: false }).epoch(0))[0]?.labels).toEqual([]);
  });

  it('labels that the model does not take are left aside', () => {
    expect(readSync(openData([[1, 2], [3, 4]], { inputNames: ['x'], labelNames: [] }, { shuffle: false }).epoch(0))[0]?.labels).toEqual([]);
  });

  it('a tensor alone is inputs without labels', () => {
    const x = tf.tensor2d([[1], [2]]);
    expect(readSync(openData(x as unknown as DataSource, { inputNames: ['x'] }, { shuffle: false }).epoch(0))[0]?.inputs).toEqual([[1, 2]]);
    x.dispose();
  });

  it('booleans are 1 and 0', () => {
    expect(readSync(openData({ inputs: [[true], [false]] }, {}, { shuffle: false }).epoch(0))[0]?.inputs).toEqual([[1, 0]]);
  });
});

describe('several inputs and outputs', () => {
  const spec = { inputNames: ['left', 'right'], labelNames: ['sum', 'difference'] };
  const left = [[1], [2]];
  const right = [[10], [20]];
  const expected = { inputs: [[1, 2], [10, 20]], labels: [[11, 22], [-9, -18]] };

  it('by name come in the model\'s order, whatever theirs is', () => {
    const data = openData({ inputs: { right, left }, labels: { difference: [-9, -18], sum: [11, 22] } }, spec, { shuffle: false });
    expect(readSync(data.epoch(0))[0]).toMatchObject(expected);
  });

  it('in order come as they are, nested arrays and tensors alike', () => {
    expect(readSync(openData({ inputs: [left, right], labels: [[11, 22], [-9, -18]] }, spec, { shuffle: false }).epoch(0))[0]).toMatchObject(expected);
    const tensors = [tf.tensor2d(left), tf.tensor2d(right)];
    expect(readSync(openData({ inputs: tensors, labels: [[11, 22], [-9, -18]] }, spec, { shuffle: false }).epoch(0))[0]).toMatchObject(expected);
    tf.dispose(tensors);
  });

  it('without a spec come in the order of the source', () => {
    const data = openData({ inputs: { right, left }, labels: [1, 2] }, {}, { shuffle: false });
    expect(readSync(data.epoch(0))[0]?.inputs).toEqual([[10, 20], [1, 2]]);
  });

  it('one array of sample weights stands at every label, and is ended once', async () => {
    await withoutLeak(() => {
      const data = openData({ inputs: [left, right], labels: [[11, 22], [-9, -18]], sampleWeights: [0.5, 2] }, spec, { shuffle: false });
      expect(readSync(data.epoch(0))[0]?.weights).toEqual([[0.5, 2], [0.5, 2]]);
    });
  });

  it('sample weights by label come in the order of the labels', () => {
    const data = openData({ inputs: [left, right], labels: [[11, 22], [-9, -18]], sampleWeights: { difference: [3, 4], sum: [1, 2] } }, spec, { shuffle: false });
    expect(readSync(data.epoch(0))[0]?.weights).toEqual([[1, 2], [3, 4]]);
  });
});

describe('dtypes', () => {
  const dtypes = (source: DataSource, spec = {}): string[] => {
    const batch = openData(source, spec, { shuffle: false }).epoch(0).next() as Batch;
    const found = [...batch.inputs, ...batch.labels].map((tensor) => tensor.dtype);
    disposeBatch(batch);
    return found;
  };

  it('bytes of images become float32, and integers as labels int32', () => {
    expect(dtypes({ inputs: new Uint8Array([1, 255]), labels: new Uint8Array([1, 2]) })).toEqual(['float32', 'int32']);
    expect(dtypes({ inputs: new Int32Array([1, 2]), labels: [1, 2] })).toEqual(['float32', 'float32']);
  });

  it('what the model asks for is what it gets, from arrays and from tensors', () => {
    const spec = { inputNames: ['ids'], labelNames: ['y'], inputDtypes: ['int32'], labelDtypes: ['float32'] } as const;
    expect(dtypes({ inputs: [1, 2], labels: new Int32Array([1, 2]) }, spec)).toEqual(['int32', 'float32']);
    const ids = tf.tensor1d([1, 2]);
    expect(dtypes({ inputs: ids, labels: new Int32Array([1, 2]) }, spec)).toEqual(['int32', 'float32']);
    ids.dispose();
  });

  it('a tensor keeps its dtype where the model asks for none', () => {
    const flags = tf.tensor1d([true, false]);
    expect(dtypes({ inputs: [1, 2], labels: flags })).toEqual(['float32', 'bool']);
    flags.dispose();
  });

  it('an id of 2^24 + 1 reaches an int32 input whole, which float32 cannot hold', () => {
    const batch = openData({ inputs: [16_777_217] }, { inputNames: ['ids'], inputDtypes: ['int32'] }).epoch(0).next() as Batch;
    expect(read(batch).inputs).toEqual([[16_777_217]]);
  });

  it('a batch has values of its own: what the user writes later does not reach it', () => {
    const inputs = new Float32Array([1, 2]);
    const batch = openData({ inputs }, {}, { shuffle: false }).epoch(0).next() as Batch;
    inputs[0] = 99;
    expect(read(batch).inputs).toEqual([[1, 2]]);
  });
});

describe('order', () => {
  const source = pairs(10);
  const shaped = { inputs: { values: source.inputs, shape: [10, 2] }, labels: source.labels, sampleWeights: Array.from({ length: 10 }, (_, index) => index / 10) };
  const orderOf = (seed: number, epoch: number, data: DataSource = shaped): number[] =>
    readSync(openData(data, one, { batchSize: 4, streams: new RandomStreams(seed) }).epoch(epoch)).flatMap((batch) => batch.indices ?? []);

  it('is the permutation of the seed and the epoch (from a separate program, see test/random)', () => {
    expect(orderOf(7, 0)).toEqual([0, 8, 9, 3, 7, 5, 2, 6, 4, 1]);
    expect(orderOf(7, 1)).toEqual([9, 7, 2, 4, 8, 0, 3, 5, 6, 1]);
  });

  it('is equal for equal seeds, also when the epochs are read in another order, and another for another seed', () => {
    const data = openData(shaped, one, { batchSize: 4, streams: new RandomStreams(7) });
    readSync(data.epoch(5));
    expect(readSync(data.epoch(0)).flatMap((batch) => batch.indices ?? [])).toEqual([0, 8, 9, 3, 7, 5, 2, 6, 4, 1]);
    expect(orderOf(8, 0)).not.toEqual(orderOf(7, 0));
  });

  it('is shuffled where nothing is said, in batches of 32', () => {
    const data = openData(pairs(40).inputs.length === 80 ? { inputs: { values: pairs(40).inputs, shape: [40, 2] } } : [], { inputNames: ['x'] });
    const batches = readSync(data.epoch(0));
    expect(data.shuffled).toBe(true);
    expect(batches.map((batch) => batch.size)).toEqual([32, 8]);
    const indices = batches.flatMap((batch) => batch.indices ?? []);
    expect(indices).not.toEqual([...indices].sort((a, b) => a - b));
    expect([...indices].sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index));
  });

  it.each(['host arrays', 'tensors'])('keeps inputs, labels and weights of a sample together: %s', async (kind) => {
    const tensors = { inputs: tf.tensor2d(source.inputs, [10, 2]), labels: tf.tensor1d(source.labels), sampleWeights: tf.tensor1d(shaped.sampleWeights) };
    await withoutLeak(() => {
      const batches = readSync(openData(kind === 'tensors' ? tensors : shaped, one, { batchSize: 4, streams: new RandomStreams(7) }).epoch(0));
      expect(batches.map((batch) => batch.size)).toEqual([4, 4, 2]);
      expect(batches.map((batch) => batch.last)).toEqual([false, false, true]);
      for (const batch of batches) {
        batch.indices?.forEach((sample, row) => {
          expect(batch.inputs[0]?.slice(2 * row, 2 * row + 2)).toEqual([sample, 10 * sample]);
          expect(batch.labels[0]?.[row]).toBe(100 * sample);
          expect(batch.weights?.[0]?.[row]).toBeCloseTo(sample / 10, 6);
        });
      }
    });
    tf.dispose(tensors);
  });

  it('goes on in the middle of an epoch as if it had never stopped', () => {
    const data = openData(shaped, one, { batchSize: 4, streams: new RandomStreams(7) });
    const cursor = data.epoch(0, 1);
    expect(cursor.position).toBe(1);
    expect(readSync(cursor).map(({ index, indices, last }) => ({ index, indices, last }))).toEqual([
      { index: 1, indices: [7, 5, 2, 6], last: false },
      { index: 2, indices: [4, 1], last: true },
    ]);
    expect(cursor.position).toBe(3);
    expect(readSync(data.epoch(0, 3))).toEqual([]);
  });
});

describe('how far an epoch goes', () => {
  const inputs = Array.from({ length: 10 }, (_, index) => [index]);

  it('dropLast leaves out the batch of 2 that 10 samples in fours leave', () => {
    const data = openData({ inputs }, {}, { batchSize: 4, shuffle: false, dropLast: true });
    expect(data.batchesPerEpoch).toBe(2);
    expect(readSync(data.epoch(0)).map(({ size, last }) => [size, last])).toEqual([[4, false], [4, true]]);
  });

  it('batchesPerEpoch ends it after that many', () => {
    const data = openData({ inputs }, {}, { batchSize: 4, shuffle: false, batchesPerEpoch: 1 });
    expect(readSync(data.epoch(0)).map(({ size, last }) => [size, last])).toEqual([[4, true]]);
  });

  it('close ends it', () => {
    const cursor = openData({ inputs }, {}, { batchSize: 4 }).epoch(0);
    void cursor.close();
    expect(cursor.next()).toBeUndefined();
  });

  it('a model of batches of 5 gets batches of 5', () => {
    const data = openData({ inputs }, { inputNames: ['x'], inputShapes: [[5, 1]] });
    expect(readSync(data.epoch(0)).map(({ size }) => size)).toEqual([5, 5]);
  });
});

describe('first', () => {
  it('gives the first samples in their order, although epochs are shuffled', async () => {
    await withoutLeak(async () => {
      const data = openData({ inputs: [[5], [6], [7]], labels: [1, 2, 3] }, one);
      expect(read(await data.first(2))).toMatchObject({ inputs: [[5, 6]], labels: [[1, 2]], size: 2, indices: [0, 1], index: 0, last: true });
    });
  });

  it('gives what there is where more is asked for', async () => {
    expect(read(await openData({ inputs: [[5], [6], [7]] }, {}).first(100)).inputs).toEqual([[5, 6, 7]]);
  });

  it('a batch outlives the tidy that it was made in', () => {
    const data = openData({ inputs: [[5]] }, {});
    let batch: Batch | undefined;
    tf.tidy(() => {
      batch = data.epoch(0).next() as Batch;
    });
    expect(read(batch!).inputs).toEqual([[5]]);
  });
});
