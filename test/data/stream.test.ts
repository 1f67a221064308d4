import * as tf from '@tensorflow/tfjs-core';
import * as tfData from '@tensorflow/tfjs-data';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { disposeBatch, openData, type Batch, type Samples } from '../../src/data/index.js';
import { expectDataError, read, readAll, readSync, withoutLeak } from './batches.js';

const spec = { inputNames: ['x'], labelNames: ['y'], inputShapes: [[null, 1]] };

/** Batch i has the inputs [10 i], [10 i + 1] and the labels of the same numbers negated. */
const samples = (index: number, size = 2): Samples => {
  const numbers = Array.from({ length: size }, (_, row) => 10 * index + row);
  return { inputs: numbers.map((each) => [each]), labels: numbers.map((each) => -each) };
};
const tensors = (index: number): Samples => ({ xs: tf.tensor2d([10 * index, 10 * index + 1], [2, 1]), ys: tf.tensor1d([-10 * index, -10 * index - 1]) });

const twoBatches = [
  { inputs: [[0, 1]], labels: [[0, -1]], shapes: [[2, 1], [2]], size: 2, index: 0, last: false, indices: undefined, weights: undefined },
  { inputs: [[10, 11]], labels: [[-10, -11]], shapes: [[2, 1], [2]], size: 2, index: 1, last: true, indices: undefined, weights: undefined },
];
// A negated 0 is -0 in the labels of the first batch.
const normalized = (batches: ReturnType<typeof readSync>) => batches.map((batch) => ({ ...batch, labels: batch.labels.map((each) => each.map((value) => value + 0)) }));

describe('synchronous iterables', () => {
  it('an array of batches is read at once, at every epoch, and its tensors stay the user\'s', async () => {
    const kept = [tensors(0), tensors(1)];
    await withoutLeak(() => {
      const data = openData(kept, spec);
      expect([data.kind, data.samples, data.batchesPerEpoch, data.shuffled]).toEqual(['iterable', undefined, 2, false]);
      expect(normalized(readSync(data.epoch(0)))).toEqual(twoBatches);
      expect(normalized(readSync(data.epoch(1)))).toEqual(twoBatches);
    });
    tf.dispose(kept as unknown as tf.TensorContainer);
  });

  it('a Set of kept tensors is one as well: they were there before, so they stay', async () => {
    const kept = new Set([tensors(0), tensors(1)]);
    await withoutLeak(() => {
      const data = openData(kept, spec);
      readSync(data.epoch(0));
      expect(normalized(readSync(data.epoch(1)))).toEqual(twoBatches);
    });
    tf.dispose([...kept] as unknown as tf.TensorContainer);
  });

  it('a generator is read at once, and the tensors that it makes end with their batches', async () => {
    await withoutLeak(() => {
      const generate = function* () {
        yield tensors(0);
        yield tensors(1);
      };
      expect(normalized(readSync(openData(generate(), spec).epoch(0)))).toEqual(twoBatches);
    });
  });

  it('pairs and host arrays are batches too, and no labels are needed where the model takes none', () => {
    expect(readSync(openData([{ inputs: [[1]] }, { inputs: [[2]] }], { inputNames: ['x'], labelNames: [] }).epoch(0)).map((batch) => batch.inputs)).toEqual([[[1]], [[2]]]);
    const pairs = function* (): Generator<Samples> {
      yield [[[1], [2]], [3, 4]];
    };
    expect(readSync(openData(pairs(), spec).epoch(0))[0]).toMatchObject({ inputs: [[1, 2]], labels: [[3, 4]], last: true });
  });

  it('tensors of labels that the model does not take end as well', async () => {
    await withoutLeak(() => {
      const generate = function* () {
        yield tensors(0);
      };
      expect(readSync(openData(generate(), { inputNames: ['x'], labelNames: [] }).epoch(0))).toHaveLength(1);
    });
  });

  it('is closed when it is left early: return() runs, and the batch that was looked at in advance ends', async () => {
    await withoutLeak(() => {
      let closed = 0;
      let made = 0;
      const generate = function* () {
        try {
          for (;;) yield tensors(made++);
        } finally {
          closed += 1;
        }
      };
      const cursor = openData(generate(), spec).epoch(0);
      read(cursor.next() as Batch);
      expect([made, closed, cursor.position]).toEqual([2, 0, 1]);
      expect(cursor.close()).toBeUndefined();
      expect(cursor.close()).toBeUndefined();
      expect([made, closed]).toEqual([2, 1]);
      expect(cursor.next()).toBeUndefined();
    });
  });

  it('an endless one ends after batchesPerEpoch, is not read further, and is closed', () => {
    let made = 0;
    let closed = false;
    const generate = function* () {
      try {
        for (;;) yield samples(made++);
      } finally {
        closed = true;
      }
    };
    const batches = readSync(openData(generate(), spec, { batchesPerEpoch: 3 }).epoch(0));
    expect(batches.map(({ index, last }) => [index, last])).toEqual([[0, false], [1, false], [2, true]]);
    expect([made, closed]).toEqual([3, true]);
  });

  it('goes on in the middle of an epoch by reading up to there', async () => {
    await withoutLeak(() => {
      const generate = function* () {
        for (let index = 0; index < 4; index++) yield tensors(index);
      };
      const cursor = openData(generate(), spec).epoch(0, 2);
      expect(cursor.position).toBe(2);
      expect(readSync(cursor).map(({ index, inputs, last }) => [index, inputs[0]?.[0], last])).toEqual([[2, 20, false], [3, 30, true]]);
    });
  });

  it('skipping 50,000 batches does not go deep', async () => {
    const generate = function* () {
      for (let index = 0; index <= 50_000; index++) yield samples(0, 1);
    };
    expect((await readAll(openData(generate(), spec, { checkFinite: false }).epoch(0, 50_000))).map(({ index }) => index)).toEqual([50_000]);
  });

  it('resumed at its end it has nothing left, and that is no error', () => {
    expect(readSync(openData([samples(0), samples(1)], spec).epoch(0, 2))).toEqual([]);
  });

  it('dropLast leaves out the batch that is smaller than the first', async () => {
    await withoutLeak(() => {
      const data = openData([samples(0, 3), samples(1, 3), samples(2, 1)], spec, { dropLast: true });
      expect(readSync(data.epoch(0)).map(({ size, last }) => [size, last])).toEqual([[3, false], [3, true]]);
    });
  });

  it('a second epoch of a generator is refused, and the remedy works', async () => {
    const generate = function* () {
      yield samples(0);
    };
    const data = openData(generate(), spec);
    readSync(data.epoch(0));
    await expectDataError(() => data.epoch(1), 'DATA_NOT_REPEATABLE', 'function of the epoch');
    const repeatable = openData(generate, spec);
    expect(await readAll(repeatable.epoch(0))).toHaveLength(1);
    expect(await readAll(repeatable.epoch(1))).toHaveLength(1);
  });

  it('an iterable that secretly shares one iterator is found out at the second epoch', async () => {
    const shared = [samples(0)].values();
    const data = openData({ [Symbol.iterator]: () => shared }, spec);
    expect(readSync(data.epoch(0))).toHaveLength(1);
    await expectDataError(() => readSync(data.epoch(1)), 'DATA_NOT_REPEATABLE', 'gave nothing in epoch 1');
  });
});

describe('async iterables', () => {
  it('give their batches in time', async () => {
    await withoutLeak(async () => {
      const generate = async function* () {
        yield tensors(0);
        await Promise.resolve();
        yield tensors(1);
      };
      const data = openData(generate(), spec);
      expect(data.kind).toBe('async-iterable');
      expect(normalized(await readAll(data.epoch(0)))).toEqual(twoBatches);
    });
  });

  it('a second epoch of an async generator is refused', async () => {
    const generate = async function* () {
      yield samples(0);
    };
    const data = openData(generate(), spec);
    await readAll(data.epoch(0));
    await expectDataError(() => data.epoch(1), 'DATA_NOT_REPEATABLE');
  });

  it('one that can be repeated is', async () => {
    const data = openData({ [Symbol.asyncIterator]: async function* () { yield samples(3); } }, spec);
    expect((await readAll(data.epoch(0)))[0]?.inputs).toEqual([[30, 31]]);
    expect((await readAll(data.epoch(1)))[0]?.inputs).toEqual([[30, 31]]);
  });
});

describe('what has a then and nothing else', () => {
  const thenable = <T>(value: T): PromiseLike<T> => ({ then: (resolve: (value: T) => never) => resolve(value) }) as never;

  it('is awaited as a promise is, from an iterator and from a function of the epoch', async () => {
    await withoutLeak(async () => {
      const source = { [Symbol.asyncIterator]: () => { const all = [samples(0), samples(1)].values(); return { next: () => thenable(all.next()), return: () => thenable({ done: true }) }; } };
      const data = openData(source as never, spec);
      expect(read(await data.first(1)).inputs).toEqual([[0]]);
      expect(normalized(await readAll(data.epoch(0)))).toEqual(twoBatches);
      expect(normalized(await readAll(openData((() => thenable([samples(0), samples(1)])) as never, spec).epoch(0)))).toEqual(twoBatches);
    });
  });

  it('as a batch is refused for what it is', () => expectDataError(async () => readAll(openData(new Set([thenable(samples(0))]) as never, spec).epoch(0)), 'DATA_TYPE', 'batch 0 of epoch 0: the samples are'));
});

describe('Datasets of tf.data', () => {
  const dataset = tfData.array(Array.from({ length: 5 }, (_, index) => ({ xs: [index], ys: -index })));

  it('single samples are batched where batchSize is given', async () => {
    await withoutLeak(async () => {
      const data = openData(dataset, spec, { batchSize: 2 });
      expect([data.kind, data.samples, data.batchesPerEpoch]).toEqual(['dataset', 5, 3]);
      for (const epoch of [0, 1]) {
        expect((await readAll(data.epoch(epoch))).map(({ inputs, last }) => [inputs[0], last])).toEqual([[[0, 1], false], [[2, 3], false], [[4], true]]);
      }
    });
  });

  it('a Dataset of batches is taken as it is', async () => {
    await withoutLeak(async () => {
      const data = openData(dataset.batch(2), spec);
      expect([data.samples, data.batchesPerEpoch]).toEqual([undefined, 3]);
      expect((await readAll(data.epoch(0))).map(({ inputs }) => inputs[0])).toEqual([[0, 1], [2, 3], [4]]);
    });
  });

  it('dropLast drops the small last batch, whoever batched', async () => {
    const own = openData(dataset, spec, { batchSize: 2, dropLast: true });
    expect(own.batchesPerEpoch).toBe(2);
    expect((await readAll(own.epoch(0))).map(({ size }) => size)).toEqual([2, 2]);
    const batched = openData(dataset.batch(2), spec, { dropLast: true });
    expect(batched.batchesPerEpoch).toBeUndefined();
    expect((await readAll(batched.epoch(0))).map(({ size, last }) => [size, last])).toEqual([[2, false], [2, true]]);
  });

  it('an endless Dataset ends after batchesPerEpoch', async () => {
    await withoutLeak(async () => {
      const data = openData(dataset.repeat(), spec, { batchSize: 2, batchesPerEpoch: 4 });
      expect(data.batchesPerEpoch).toBe(undefined);
      expect((await readAll(data.epoch(0))).map(({ inputs }) => inputs[0])).toEqual([[0, 1], [2, 3], [4, 0], [1, 2]]);
    });
  });

  it('is known by its methods, from whichever copy of the package it comes', async () => {
    const base = dataset.batch(5);
    const foreign = { size: 1, iterator: () => base.iterator(), batch: () => foreign, forEachAsync: async () => {} };
    expect((await readAll(openData(foreign, spec).epoch(0)))[0]?.inputs).toEqual([[0, 1, 2, 3, 4]]);
  });

  it('inputs by name are put into the model\'s order', async () => {
    const named = tfData.array([{ xs: { b: [2], a: [1] }, ys: { out: [3] } }]).batch(1);
    expect((await readAll(openData(named, { inputNames: ['a', 'b'], labelNames: ['out'] }).epoch(0)))[0]).toMatchObject({ inputs: [[1], [2]], labels: [[3]] });
  });

  it('to shuffle one is refused with the remedy', () => {
    expect(() => openData(dataset, spec, { batchSize: 2, shuffle: true })).toThrow(/dataset\.shuffle\(bufferSize, seed\)/);
    expect(() => openData([samples(0)], spec, { shuffle: true })).toThrow(/shuffle in the source/);
  });
});

describe('batchSize beside batches of their own', () => {
  const first = async (count: number, batchSize: number, more: object = {}): Promise<number> => {
    const data = openData(Array.from({ length: count }, (_, i) => samples(i)), spec, { batchSize, ...more });
    const batch = await data.first();
    const { size } = batch;
    disposeBatch(batch);
    return size;
  };

  it('is refused where their first has another size, and left be where it has that', async () => {
    const own = 2;
    await withoutLeak(async () => {
      for (const other of [own + 1, own - 1]) {
        const error = await first(2, other).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(ConfigError);
        expect(error).toMatchObject({ code: 'OPTIONS_INVALID', problems: [{ path: ['batchSize'] }], message: expect.stringContaining(`batchSize is ${other}, and the data comes in batches of its own, whose first has ${own} samples`) as string });
      }
      await expect(openData(() => [samples(0), samples(1)], spec, { batchSize: own + 1 }).first()).rejects.toThrow(/in batches of its own/);
      await expect(first(2, own + 1, { batchSizeOption: 'validationBatchSize' })).rejects.toMatchObject({ problems: [{ path: ['validationBatchSize'] }], message: expect.stringMatching(/^validationBatchSize is .* the validation data comes in .*Leave out validationBatchSize/) as string });
      expect(await first(2, own)).toBe(own);
    });
  });

  it('is left be where all samples are fewer than that, and where it is meant for other data as well', async () => {
    await withoutLeak(async () => {
      expect(await first(1, 1000)).toBe(await first(1, 1000, { batchSizeOption: null }));
      expect(await first(2, 1000, { batchSizeOption: null })).toBeGreaterThan(0);
    });
  });

  it('leaves a generator, which can be read once, as it was', async () => {
    await withoutLeak(async () => {
      function* one(): Generator<Samples> {
        yield samples(0);
      }
      const data = openData(one(), spec, { batchSize: 1000 });
      disposeBatch(await data.first());
      expect(await readAll(data.epoch(0))).toHaveLength(1);
    });
  });
});

describe('a function of the epoch', () => {
  it('is called once an epoch, with its number, when the first batch is asked for', async () => {
    const asked: number[] = [];
    const data = openData((epoch: number) => {
      asked.push(epoch);
      return [samples(epoch)];
    }, spec);
    expect([data.kind, data.batchesPerEpoch, data.shuffled]).toEqual(['function', undefined, undefined]);
    const cursor = data.epoch(3);
    expect(asked).toEqual([]);
    expect((await readAll(cursor))[0]?.inputs).toEqual([[30, 31]]);
    expect(asked).toEqual([3]);
  });

  it('samples in memory come at once, shuffled by epoch, and end with the epoch where the function made them', async () => {
    await withoutLeak(() => {
      const data = openData(() => ({ inputs: tf.tensor2d([[1], [2], [3], [4]]), labels: tf.tensor1d([1, 2, 3, 4]) }), spec, { batchSize: 2 });
      const orders = [0, 1].map((epoch) => readSync(data.epoch(epoch)).flatMap((batch) => batch.inputs[0] ?? []));
      expect(orders.map((order) => [...order].sort())).toEqual([[1, 2, 3, 4], [1, 2, 3, 4]]);
      expect(orders[0]).not.toEqual(orders[1]);
    });
  });

  it('samples that were there before stay', async () => {
    const inputs = tf.tensor2d([[1], [2]]);
    await withoutLeak(() => {
      const data = openData(() => ({ inputs, labels: [1, 2] }), spec, { shuffle: false });
      readSync(data.epoch(0));
      expect(readSync(data.epoch(1))[0]?.inputs).toEqual([[1, 2]]);
    });
    expect(inputs.isDisposed).toBe(false);
    inputs.dispose();
  });

  it('may answer in time, with a Dataset or an async generator too', async () => {
    await withoutLeak(async () => {
      const later = openData(async (epoch: number) => tfData.array([{ xs: [epoch], ys: 0 }]).batch(1), spec);
      expect((await readAll(later.epoch(2)))[0]?.inputs).toEqual([[2]]);
      const generated = openData(async function* (epoch: number) { yield tensors(epoch); }, spec);
      expect((await readAll(generated.epoch(2)))[0]?.inputs).toEqual([[20, 21]]);
    });
  });

  it('left early, everything that it made ends: what was read and what was not', async () => {
    await withoutLeak(async () => {
      const memory = openData(() => ({ inputs: tf.ones([4, 1]), labels: tf.ones([4]) }), spec, { batchSize: 2 }).epoch(0);
      read(memory.next() as Batch);
      await memory.close();
      const list = openData(() => [tensors(0), tensors(1), tensors(2), tensors(3)], spec).epoch(0);
      read(list.next() as Batch);
      await list.close();
      const untouched = openData(() => [tensors(0)], spec).epoch(0);
      await untouched.close();
      expect(untouched.next()).toBeUndefined();
    });
  });

  it('goes on in the middle of an epoch', () => {
    const data = openData(() => [samples(0), samples(1), samples(2)], spec);
    const cursor = data.epoch(1, 2);
    expect(cursor.position).toBe(2);
    expect(readSync(cursor).map(({ index, last }) => [index, last])).toEqual([[2, true]]);
    expect(cursor.position).toBe(3);
  });

  it('what it gives is checked, and ends where it is refused', async () => {
    await withoutLeak(async () => {
      const data = openData(() => ({ inputs: tf.ones([4, 2]), labels: tf.ones([4]) }), spec);
      await expectDataError(() => data.epoch(0).next(), 'DATA_SHAPE', '[4, 2]', '[null, 1]');
    });
  });
});

const unclosable = (): never => {
  throw new Error('cannot be closed');
};

describe('first', () => {
  it('joins batches to the first n samples and leaves a repeatable stream as it was', async () => {
    await withoutLeak(async () => {
      const data = openData(tfData.array([1, 2, 3, 4, 5].map((each) => ({ xs: [each], ys: -each }))).batch(2), spec);
      expect(read(await data.first(3))).toMatchObject({ inputs: [[1, 2, 3]], labels: [[-1, -2, -3]], size: 3, index: 0, last: true });
      expect(read(await data.first(9))).toMatchObject({ inputs: [[1, 2, 3, 4, 5]], size: 5 });
      expect(await readAll(data.epoch(0))).toHaveLength(3);
    });
  });

  it('stops joining where the batches go on in another shape, and the epoch has them all', async () => {
    await withoutLeak(async () => {
      const sequences = (length: number): Samples => ({ inputs: tf.ones([2, length, 1]), labels: [1, 2] });
      const data = openData((function* () { yield sequences(3); yield sequences(3); yield sequences(5); })(), { inputNames: ['x'], labelNames: ['y'], inputShapes: [[null, null, 1]] });
      expect(read(await data.first(32)).shapes).toEqual([[4, 3, 1], [4]]);
      expect((await readAll(data.epoch(0))).map(({ shapes }) => shapes[0])).toEqual([[2, 3, 1], [2, 3, 1], [2, 5, 1]]);
    });
  });

  it('gives a batch as the source has it where nothing is said of how many samples', async () => {
    await withoutLeak(async () => {
      expect(read(await openData([samples(0, 3), samples(1, 3)], spec).first()).size).toBe(3);
      expect(read(await openData({ inputs: [[1], [2], [3]], labels: [1, 2, 3] }, spec, { batchSize: 2 }).first()).size).toBe(2);
      expect(read(await openData(() => [samples(0, 4), samples(1, 4)], spec).first()).size).toBe(4);
    });
  });

  it('closes the iterator that it has opened', async () => {
    let closed = 0;
    const data = openData({ [Symbol.iterator]: function* () { try { yield samples(0); yield samples(1); } finally { closed += 1; } } }, spec);
    read(await data.first(1));
    expect(closed).toBe(1);
  });

  it.each([
    ['a generator', function* () { yield tensors(0); yield tensors(1); }],
    ['an async generator', async function* () { yield tensors(0); yield tensors(1); }],
  ])('gives %s, which can be read once, back what it has read', async (_, generate) => {
    await withoutLeak(async () => {
      const data = openData(generate() as Iterable<Samples>, spec);
      expect(read(await data.first(3)).inputs).toEqual([[0, 1, 10]]);
      expect(read(await data.first(1)).inputs).toEqual([[0]]);
      expect(normalized(await readAll(data.epoch(0)))).toEqual(twoBatches);
      await expectDataError(() => data.first(1), 'DATA_NOT_REPEATABLE');
    });
  });

  it('what was read of a generator and no epoch asked for ends with dispose', async () => {
    await withoutLeak(async () => {
      const data = openData((function* () { yield tensors(0); })(), spec);
      read(await data.first(1));
      data.dispose();
    });
  });

  it.each([
    ['a generator', function* () { try { yield tensors(0); yield tensors(1); } finally { unclosable(); } }],
    ['an async generator', async function* () { try { yield tensors(0); yield tensors(1); } finally { unclosable(); } }],
  ])('%s that fails in its closing fails no dispose', async (_, generate) => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      await withoutLeak(async () => {
        const data = openData(generate() as Iterable<Samples>, spec);
        read(await data.first(1));
        data.dispose();
        // Unhandled rejections are told after the microtasks.
        await new Promise((resolve) => setTimeout(resolve, 0));
      });
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('asks a function of the epoch for epoch 0, and ends what it gave', async () => {
    await withoutLeak(async () => {
      const data = openData((epoch: number) => ({ inputs: tf.fill([3, 1], epoch + 5), labels: [1, 2, 3] }), spec);
      expect(read(await data.first(2)).inputs).toEqual([[5, 5]]);
    });
  });
});
