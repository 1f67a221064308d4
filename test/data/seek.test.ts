import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfData from '@tensorflow/tfjs-data';
import { describe, expect, it } from 'vitest';
import { disposeBatch, openData, type Batch, type DataSource, type Samples, type SeekableBatches } from '../../src/data/index.js';
import { expectDataError, read, readAll, readSync, withoutLeak } from './batches.js';
import { feedOf } from './feed.js';

const spec = { inputNames: ['x'], labelNames: ['y'] };
const samples = (index: number, size = 1): Samples => ({ inputs: Array.from({ length: size }, () => [index]), labels: Array.from({ length: size }, () => index) });
const tensors = (index: number): Samples => ({ xs: tf.fill([1, 1], index), ys: tf.fill([1], index) });
const indices = (batches: readonly { readonly index: number; readonly inputs: readonly number[][] }[]) => batches.map(({ index, inputs }) => [index, inputs[0]?.[0]]);

/** Six batches that can be sought; notes what was asked for and read. */
function shards(size: (index: number) => number = () => 1) {
  const asked: (number | 'start')[] = [];
  const made: number[] = [];
  const iterate = function* (from: number): Generator<Samples> {
    for (let index = from; index < 6; index += 1) {
      made.push(index);
      yield samples(index, size(index));
    }
  };
  const note = (what: number | 'start', from: number) => {
    asked.push(what);
    return iterate(from);
  };
  const source: SeekableBatches = { [Symbol.iterator]: () => note('start', 0), iterateFrom: (batch) => note(batch, batch) };
  return { asked, made, source };
}

describe('a source with iterateFrom', () => {
  it('is asked for batch 4 and makes none before it', () => {
    const { asked, made, source } = shards();
    const data = openData(source, spec);
    expect(data.seeking).toBe('seek');
    const batches = readSync(data.epoch(0, 4));
    expect(indices(batches)).toEqual([[4, 4], [5, 5]]);
    expect(batches.map(({ last }) => last)).toEqual([false, true]);
    expect([asked, made]).toEqual([[4], [4, 5]]);
  });

  it('is read from its beginning in the usual way where it begins there', () => {
    const { asked, source } = shards();
    expect(readSync(openData(source, spec).epoch(0))).toHaveLength(6);
    expect(asked).toEqual(['start']);
  });

  it('has nothing left at its end, and that is no error', () => {
    expect(readSync(openData(shards().source, spec).epoch(0, 6))).toEqual([]);
  });

  it('may give a promise of an async iterator, whose tensors end with their batches', async () => {
    await withoutLeak(async () => {
      const from = async function* (batch: number): AsyncGenerator<Samples> {
        for (let index = batch; index < 4; index += 1) yield tensors(index);
      };
      const source: SeekableBatches = { [Symbol.asyncIterator]: () => from(0), iterateFrom: async (batch) => from(batch) };
      expect(indices(await readAll(openData(source, spec, { prefetch: 3 }).epoch(7, 2)))).toEqual([[2, 2], [3, 3]]);
    });
  });

  it('that is an iterator itself can be read at every epoch, as it can be asked for its beginning', () => {
    const { asked, source } = shards();
    const iterator = { next: () => ({ done: true as const, value: undefined }), [Symbol.iterator]: () => iterator, iterateFrom: (batch: number) => source.iterateFrom(batch) };
    const data = openData(iterator as DataSource, spec);
    expect([readSync(data.epoch(0)).length, readSync(data.epoch(1)).length]).toEqual([6, 6]);
    expect(asked).toEqual([0, 0]);
  });

  it('leaves out with dropLast what is smaller than the first batch, which it looks at for that', async () => {
    const { asked, source } = shards((index) => (index === 5 ? 1 : 2));
    expect((await readAll(openData(source, spec, { dropLast: true }).epoch(0, 3))).map(({ index, last }) => [index, last])).toEqual([[3, false], [4, true]]);
    expect(asked).toEqual(['start', 3]);
  });

  it('that gives no iterator is told so', async () => {
    const array = { [Symbol.iterator]: () => [samples(0)].values(), iterateFrom: () => [samples(0)] };
    await expectDataError(() => openData(array as never, spec).epoch(0, 1).open(), 'DATA_TYPE', 'iterateFrom(1) of the data gave an array of 1', '*iterateFrom(batch)');
  });

  it('that fails is told with the batch', async () => {
    const source = { [Symbol.iterator]: () => [samples(0)].values(), iterateFrom: (): never => { throw new Error('no such shard'); } };
    await expectDataError(() => openData(source, spec).epoch(0, 3).open(), 'DATA_SOURCE_FAILED', 'while it was being opened at batch 3', 'no such shard');
  });
});

describe('how a source comes to its place', () => {
  const dataset = tfData.array([1, 2, 3].map((each) => ({ xs: [each], ys: each }))).batch(1);

  it.each<[string, () => DataSource, 'seek' | 'replay']>([
    ['samples in memory', () => samples(0, 3), 'seek'],
    ['an array of batches', () => [samples(0), samples(1)], 'seek'],
    ['a Set of batches', () => new Set([samples(0), samples(1)]), 'replay'],
    ['a Dataset', () => dataset, 'replay'],
    ['a generator', () => (function* () { yield samples(0); })(), 'replay'],
    ['a seekable iterable', () => shards().source, 'seek'],
  ])('%s: also by a function of the epoch, once that was asked', async (_, make, seeking) => {
    expect(openData(make(), spec).seeking).toBe(seeking);
    const data = openData((() => make()) as DataSource, spec);
    expect(data.seeking).toBe('unknown');
    disposeBatch(await data.first());
    expect(data.seeking).toBe(seeking);
  });

  const mark = { pass: 3, batch: 2, passOpen: true, opens: 0, opensNow: 0, steps: 2, endUnknown: false };

  it.each<[string, () => DataSource]>([
    ['a Dataset', () => dataset],
    ['a Dataset by a function of the epoch', () => () => dataset],
    ['a promise of a Dataset by a function of the epoch', () => async () => dataset],
    ['a Set of batches', () => new Set([samples(0), samples(1), samples(2)])],
  ])('%s is refused in the middle of a pass where nothing is to be read again', async (_, make) => {
    await withoutLeak(async () => {
      const feed = feedOf(openData(make(), spec), { from: mark, replay: false });
      await expectDataError(() => feed.ready(), 'DATA_NOT_SEEKABLE', 'batch 2 of epoch 3', 'iterateFrom(batch)', "resumeData: 'replay'");
      await expectDataError(() => feed.take(), 'DATA_NOT_SEEKABLE');
      await feed.close();
    });
  });

  it.each<[string, () => DataSource]>([
    ['samples in memory', () => samples(0, 3)],
    ['an array of batches', () => [samples(0), samples(1), samples(2)]],
    ['a seekable iterable by a function of the epoch', () => () => shards().source],
  ])('%s goes on where nothing is to be read again', async (_, make) => {
    const feed = feedOf(openData(make(), spec, { batchSize: 1 }), { from: mark, replay: false });
    await feed.ready();
    const taken = await feed.take();
    expect(taken?.batches.map(({ index }) => index)).toEqual([2]);
    taken?.batches.forEach(disposeBatch);
    await feed.close();
  });

  it('a Dataset between two passes is not refused', async () => {
    const feed = feedOf(openData(dataset, spec), { from: { ...mark, batch: 0, passOpen: false }, replay: false });
    await feed.ready();
    const taken = await feed.take();
    expect(taken?.batches[0]?.index).toBe(0);
    taken?.batches.forEach(disposeBatch);
    await feed.close();
  });
});

describe('catching up', () => {
  it('opens a source until it was opened that often, closes it unread, and counts', async () => {
    const seen: string[] = [];
    const source = { [Symbol.asyncIterator]: () => { seen.push('open'); return { next: async () => { seen.push('read'); return { done: false as const, value: samples(0) }; }, return: async () => { seen.push('close'); return { done: true as const, value: undefined }; } }; } };
    const data = openData(source, spec);
    expect(data.opens).toBe(0);
    await data.catchUp(2);
    await data.catchUp(1);
    expect([data.opens, ...seen]).toEqual([2, 'open', 'close', 'open', 'close']);
    disposeBatch(await data.first());
    expect(data.opens).toBe(3);
  });

  it('counts the openings of one source together, whoever opens it', async () => {
    const source = new Set([samples(0)]);
    readSync(openData(source, spec).epoch(0));
    readSync(openData(source, spec).epoch(0));
    expect(openData(source, spec).opens).toBe(2);
    expect(openData(new Set(source), spec).opens).toBe(0);
  });

  it('does nothing in memory, and does not touch what can be read once', async () => {
    const memory = openData(samples(0, 2), spec);
    await memory.catchUp(5);
    expect(memory.opens).toBe(0);
    const once = openData((function* () { yield samples(0); })(), spec);
    await once.catchUp(5);
    expect(once.opens).toBe(0);
    expect(readSync(once.epoch(0))).toHaveLength(1);
  });

  it('with a function of the epoch waits for the source of the next epoch, and is counted at once', async () => {
    const source = new Set([samples(0), samples(1)]);
    const data = openData(() => source, spec);
    void data.catchUp(3);
    expect([data.opens, openData(source, spec).opens]).toEqual([3, 0]);
    const cursor = data.epoch(0);
    await cursor.open();
    expect([cursor.opensBefore, openData(source, spec).opens]).toEqual([3, 4]);
    await cursor.close();
  });

  it('says where opening fails, and does not mind a closing that does', async () => {
    const failing = { [Symbol.iterator]: (): never => { throw new Error('no such host'); } };
    await expectDataError(() => openData(failing, spec).catchUp(1), 'DATA_SOURCE_FAILED', 'while it was being opened', 'no such host');
    const stuck = { [Symbol.iterator]: () => ({ next: () => ({ done: true as const, value: undefined }), return: (): never => { throw new Error('stuck'); } }) };
    const data = openData(stuck, spec);
    await data.catchUp(1);
    expect(data.opens).toBe(1);
  });
});

describe('where dropLast leaves out a batch amid the pass', () => {
  it.each([['an iterable', false], ['a seekable one', true]])('%s is gone on with after it: sizes 2, 1, 2, 2 give batches 0, 2 and 3', async (_, seeks) => {
    const all = [2, 1, 2, 2].map((size, index) => samples(index, size));
    const make = (): DataSource => (seeks ? all : new Set(all));
    const cursor = openData(make(), spec, { dropLast: true }).epoch(0);
    const positions = [];
    for (let batch = await cursor.next(); batch !== undefined; batch = await cursor.next()) positions.push([read(batch).index, cursor.position]);
    expect(positions).toEqual([[0, 1], [2, 3], [3, 4]]);
    for (const [from, rest] of [[1, [2, 3]], [3, [3]]] as const) expect((await readAll(openData(make(), spec, { dropLast: true }).epoch(0, from))).map(({ index }) => index)).toEqual(rest);
  });
});

describe('data that has become shorter', () => {
  it.each<[string, () => DataSource]>([
    ['a stream', () => new Set([samples(0), samples(1)])],
    ['samples in memory', () => samples(0, 2)],
    ['a function of the epoch, whose tensors end', () => () => ({ inputs: tf.ones([2, 1]), labels: tf.ones([2]) })],
  ])('%s of 2 batches is not gone on with at batch 3', async (_, make) => {
    await withoutLeak(() => expectDataError(async () => {
      const cursor = openData(make(), spec, { batchSize: 1 }).epoch(1, 3);
      try {
        await cursor.open();
      } finally {
        await cursor.close();
      }
    }, 'DATA_EMPTY', 'ended after 2 batches of epoch 1', 'batch 3'));
  });
});

describe('a cursor that is opened', () => {
  it('gives the batches that it would have given, and a failing source fails at once', async () => {
    const cursor = openData(new Set([samples(0), samples(1)]), spec).epoch(0, 1);
    expect(cursor.open()).toBeUndefined();
    expect(indices(readSync(cursor))).toEqual([[1, 1]]);
    const failing = openData((function* (): Generator<Samples> { yield samples(0); throw new Error('the disk is gone'); })(), spec).epoch(0, 2);
    await expectDataError(() => failing.open(), 'DATA_SOURCE_FAILED', 'batch 1 of epoch 0', 'the disk is gone');
  });

  it('and closed while it is being opened closes the source', async () => {
    let open: (() => void) | undefined;
    let closed = 0;
    const iterator = { next: async () => ({ done: false as const, value: tensors(0) }), return: async () => { closed += 1; return { done: true as const, value: undefined }; } };
    const source = { [Symbol.iterator]: () => [samples(0)].values(), iterateFrom: () => new Promise<typeof iterator>((resolve) => (open = () => resolve(iterator))) };
    await withoutLeak(async () => {
      const cursor = openData(source as SeekableBatches, spec).epoch(0, 1);
      const opening = cursor.open();
      await cursor.close();
      open?.();
      await opening;
      expect(closed).toBe(1);
      expect(await cursor.next()).toBeUndefined();
    });
  });

  it('at once again has nothing to do', () => {
    const { asked, source } = shards();
    const cursor = openData(source, spec).epoch(0, 2);
    void cursor.open();
    void cursor.open();
    expect(read(cursor.next() as Batch).index).toBe(2);
    expect(asked).toEqual([2]);
    void cursor.close();
  });
});
