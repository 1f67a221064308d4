import * as tf from '@tensorflow/tfjs-core';
import * as tfData from '@tensorflow/tfjs-data';
import { describe, expect, it } from 'vitest';
import { BoundedQueue } from '../../src/data/bounded-queue.js';
import { openData, type Batch, type Samples } from '../../src/data/index.js';
import { expectDataError, read, withoutLeak } from './batches.js';

const spec = { inputNames: ['x'], labelNames: ['y'] };
const tensors = (index: number): Samples => ({ xs: tf.tensor2d([index], [1, 1]), ys: tf.tensor1d([index]) });
/** Lets everything run that can: promises, and one turn of the event loop. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** An async source that counts what was pulled out of it and whether it was closed. */
function counted(length: number, failAt = Infinity) {
  const counts = { pulled: 0, closed: 0 };
  const source = async function* () {
    try {
      for (let index = 0; index < length; index++) {
        counts.pulled += 1;
        if (index === failAt) throw new Error('the disk is gone');
        await Promise.resolve();
        yield tensors(index);
      }
    } finally {
      counts.closed += 1;
    }
  };
  return { counts, source: source() };
}

describe('how far ahead an async source is pulled', () => {
  it.each([0, 1, 2, 3, 5])('with prefetch %i', async (prefetch) => {
    const ahead = Math.max(1, prefetch);
    await withoutLeak(async () => {
      const { counts, source } = counted(12);
      const cursor = openData(source, spec, { prefetch }).epoch(0);
      await settle();
      // Nothing before the first batch is asked for.
      expect(counts.pulled).toBe(0);
      for (let asked = 1; asked <= 12; asked++) {
        read((await cursor.next()) as Batch);
        await settle();
        // As far as it may go, and no further: the bound, or the end of the source.
        expect(counts.pulled).toBe(Math.min(12, asked + ahead));
      }
      expect(await cursor.next()).toBeUndefined();
    });
  });

  it('is 2 where nothing is said', async () => {
    const { counts, source } = counted(12);
    const cursor = openData(source, spec).epoch(0);
    read((await cursor.next()) as Batch);
    await settle();
    expect(counts.pulled).toBe(3);
    await cursor.close();
  });

  it('also while a batch is waited for', async () => {
    // Each pull is answered by hand, so that every moment can be looked at.
    const answers: (() => void)[] = [];
    let pulls = 0;
    const source: AsyncIterable<Samples> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          const index = pulls++;
          return new Promise((resolve) => answers.push(() => resolve({ done: false, value: tensors(index) })));
        },
      }),
    };
    const cursor = openData(source, spec, { prefetch: 2 }).epoch(0);
    let arrived = 0;
    const first = Promise.resolve(cursor.next()).then((batch) => {
      arrived += 1;
      return batch;
    });
    await settle();
    expect([pulls, arrived]).toEqual([1, 0]);
    answers[0]?.();
    await settle();
    // Batch 0 waits for batch 1, which tells whether it is the last.
    expect([pulls, arrived]).toEqual([2, 0]);
    answers[1]?.();
    await settle();
    expect([pulls, arrived]).toEqual([3, 1]);
    answers[2]?.();
    await settle();
    // Batches 1 and 2 are ready and full is full.
    expect(pulls).toBe(3);
    read((await first) as Batch);
    await cursor.close();
  });
});

describe('errors of an async source', () => {
  it('come at the batch that they belong to, not before, and the batches before it are good', async () => {
    await withoutLeak(async () => {
      const { counts, source } = counted(12, 3);
      const cursor = openData(source, spec, { prefetch: 5 }).epoch(4);
      for (const index of [0, 1, 2]) {
        const batch = read((await cursor.next()) as Batch);
        await settle();
        expect(batch).toMatchObject({ index, last: false, inputs: [[index]] });
      }
      expect(counts.pulled).toBe(4);
      await expectDataError(() => cursor.next(), 'DATA_SOURCE_FAILED', 'batch 3 of epoch 4', 'the disk is gone');
      await expectDataError(() => cursor.next(), 'DATA_SOURCE_FAILED');
      await cursor.close();
    });
  });

  it('carry what was thrown as their cause', async () => {
    const cursor = openData(counted(2, 0).source, spec).epoch(0);
    await expect(cursor.next()).rejects.toMatchObject({ code: 'DATA_SOURCE_FAILED', cause: new Error('the disk is gone') });
  });

  it('a batch that does not fit ends the reading, and its tensors end', async () => {
    await withoutLeak(async () => {
      let closed = 0;
      const source = async function* (): AsyncGenerator<Samples> {
        try {
          yield { xs: tf.ones([2, 1]), ys: tf.ones([2]) };
          yield { xs: tf.ones([2, 1]), ys: tf.ones([1]) };
          yield { xs: tf.ones([2, 1]), ys: tf.ones([2]) };
        } finally {
          closed += 1;
        }
      };
      const cursor = openData(source(), spec, { prefetch: 3 }).epoch(0);
      read((await cursor.next()) as Batch);
      await expectDataError(() => cursor.next(), 'DATA_LENGTHS_DIFFER', 'batch 1 of epoch 0', '1 samples', '2');
      expect(closed).toBe(1);
      await cursor.close();
    });
  });

  it('a failing map of a Dataset is named with its place', async () => {
    const dataset = tfData.generator(function* () {
      yield { xs: [1], ys: 1 };
      throw new Error('line 2 is damaged');
    });
    const cursor = openData(dataset as never, spec, { batchSize: 1 }).epoch(0);
    read((await cursor.next()) as Batch);
    await expectDataError(() => cursor.next(), 'DATA_SOURCE_FAILED', 'batch 1 of epoch 0', 'line 2 is damaged');
  });
});

describe('leaving an async source early', () => {
  it('closes it once and ends what was pulled ahead', async () => {
    await withoutLeak(async () => {
      const { counts, source } = counted(12);
      const cursor = openData(source, spec, { prefetch: 4 }).epoch(0);
      read((await cursor.next()) as Batch);
      await settle();
      await cursor.close();
      await cursor.close();
      expect(counts).toEqual({ pulled: 5, closed: 1 });
      expect(await cursor.next()).toBeUndefined();
    });
  });

  it('while a batch is under way, that batch ends when it arrives', async () => {
    await withoutLeak(async () => {
      const { counts, source } = counted(12);
      const cursor = openData(source, spec, { prefetch: 4 }).epoch(0);
      const pending = cursor.next();
      await cursor.close();
      expect(await pending).toBeUndefined();
      await settle();
      expect(counts.closed).toBe(1);
    });
  });

  it('while a Dataset is still being opened, nothing is read of it', async () => {
    let open: (() => void) | undefined;
    let read = 0;
    const iterator = { next: async () => ({ done: false as const, value: tensors(read++) }) };
    const dataset = { size: null, batch: () => dataset, forEachAsync: async () => {}, iterator: () => new Promise<typeof iterator>((resolve) => (open = () => resolve(iterator))) };
    await withoutLeak(async () => {
      const cursor = openData(dataset, spec).epoch(0);
      const pending = cursor.next();
      await settle();
      const closing = cursor.close();
      open?.();
      await closing;
      expect(await pending).toBeUndefined();
      expect(read).toBe(0);
    });
  });

  it('an iterator that is through is not told again', async () => {
    let told = 0;
    const source: AsyncIterable<Samples> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: true, value: undefined }),
        return: async () => {
          told += 1;
          return { done: true, value: undefined };
        },
      }),
    };
    const cursor = openData(source, spec).epoch(0);
    await expectDataError(() => cursor.next(), 'DATA_EMPTY');
    await cursor.close();
    expect(told).toBe(0);
  });

  it('before anything was asked for, touches nothing', async () => {
    let opened = 0;
    const cursor = openData({ [Symbol.asyncIterator]: () => { opened += 1; return counted(1).source; } }, spec).epoch(0);
    await cursor.close();
    expect(opened).toBe(0);
  });

  it('tells an iterator that waits for data, so that it can stop waiting', async () => {
    let endWaiting: ((result: IteratorResult<Samples>) => void) | undefined;
    const source: AsyncIterable<Samples> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise((resolve) => (endWaiting = resolve)),
        return: async () => {
          endWaiting?.({ done: true, value: undefined });
          return { done: true, value: undefined };
        },
      }),
    };
    const cursor = openData(source, spec).epoch(0);
    const pending = Promise.resolve(cursor.next());
    pending.catch(() => undefined);
    await settle();
    await cursor.close();
    expect(endWaiting).toBeDefined();
  });

  it('says where closing fails', async () => {
    const source = (async function* () {
      try {
        yield tensors(0);
        yield tensors(1);
      } finally {
        // eslint-disable-next-line no-unsafe-finally
        throw new Error('the socket is stuck');
      }
    })();
    await withoutLeak(async () => {
      const cursor = openData(source, spec, { prefetch: 1 }).epoch(0);
      read((await cursor.next()) as Batch);
      await expectDataError(() => cursor.close(), 'DATA_SOURCE_FAILED', 'while it was being closed', 'the socket is stuck');
    });
  });
});

describe('a queue', () => {
  it('of no capacity pulls when it is asked', async () => {
    let pulls = 0;
    const queue = new BoundedQueue(async () => pulls++, (item) => item === 2, 0);
    expect(pulls).toBe(0);
    expect(await queue.next()).toBe(0);
    expect(pulls).toBe(1);
    expect([await queue.next(), await queue.next(), await queue.next()]).toEqual([1, 2, 2]);
    expect(pulls).toBe(3);
  });

  it('gives back what nobody asked for when it is stopped, and pulls no more', async () => {
    let pulls = 0;
    const queue = new BoundedQueue(async () => pulls++, () => false, 3);
    expect(await queue.next()).toBe(0);
    await settle();
    expect(await queue.stop()).toEqual([1, 2, 3]);
    await settle();
    expect(pulls).toBe(4);
  });

  it('that is stopped during a pull waits for that one and begins no other', async () => {
    let pulls = 0;
    const queue = new BoundedQueue(async () => { await settle(); return pulls++; }, () => false, 3);
    expect(await queue.next()).toBe(0);
    expect(await queue.stop()).toEqual([1]);
    await settle();
    expect(pulls).toBe(2);
  });
});
