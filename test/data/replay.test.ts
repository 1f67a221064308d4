import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { openData, type DataSource, type Samples } from '../../src/data/index.js';
import { Interrupt } from '../../src/trainer/interrupt.js';
import { expectDataError, readAll, withoutLeak } from './batches.js';
import { feedOf } from './feed.js';

const spec = { inputNames: ['x'], labelNames: ['y'] };
const batch: Samples = { inputs: [[1]], labels: [1] };
/** More batches than can be read in the time that the event loop may stand still. */
const many = 20_000_000;
const mark = { pass: 0, batch: many, passOpen: true, opens: 0, opensNow: 1, steps: 0, endUnknown: false };

/** A source of very many batches, and what was read of it. */
const sources = {
  'an iterable': (counts: { read: number; closed: number }): DataSource => ({
    [Symbol.iterator]: function* () {
      try {
        for (; ; counts.read += 1) yield batch;
      } finally {
        counts.closed += 1;
      }
    },
  }),
  'an async iterable that waits for nothing': (counts: { read: number; closed: number }): DataSource => ({
    [Symbol.asyncIterator]: async function* () {
      try {
        for (; ; counts.read += 1) yield batch;
      } finally {
        counts.closed += 1;
      }
    },
  }),
};

describe.each(Object.keys(sources) as (keyof typeof sources)[])('%s that is read up to a far place', (name) => {
  it('lets the event loop turn, so that a stop is heard; then no more is read, and it is closed', async () => {
    await withoutLeak(async () => {
      const counts = { read: 0, closed: 0 };
      const stopping = new Interrupt();
      const feed = feedOf(openData(sources[name](counts), spec), { from: mark, stopping });
      setImmediate(() => stopping.fire());
      await feed.ready();
      expect([feed.interrupted, counts.read > 0, counts.read < many]).toEqual([true, true, true]);
      expect(feed.mark).toEqual(mark);
      await feed.close();
      await new Promise((resolve) => setTimeout(resolve, 0));
      expect(counts.closed).toBe(1);
      const { read } = counts;
      await new Promise((resolve) => setTimeout(resolve, 0));
      expect(counts.read).toBe(read);
    });
  });
});

describe('what is read again', () => {
  it('is not made into batches: a batch that was refused before its place is passed over, and tensors end', async () => {
    await withoutLeak(async () => {
      const source = function* (): Generator<Samples> {
        yield { xs: tf.ones([2, 1]), ys: tf.ones([1]) };
        yield { xs: tf.ones([2, 1]), ys: tf.ones([2]) };
        yield { xs: tf.ones([3, 1]), ys: tf.ones([3]) };
      };
      expect((await readAll(openData(source(), spec).epoch(0, 2))).map(({ size }) => size)).toEqual([3]);
    });
  });

  it('and hangs is left by a stop', async () => {
    let asked = 0;
    const stopping = new Interrupt();
    const source = { [Symbol.asyncIterator]: () => ({ next: () => { asked += 1; return asked < 3 ? Promise.resolve({ done: false as const, value: batch }) : new Promise<never>(() => undefined); } }) };
    const feed = feedOf(openData(source, spec), { from: { ...mark, batch: 5 }, stopping });
    setTimeout(() => stopping.fire(), 5);
    await feed.ready();
    expect([feed.interrupted, asked]).toEqual([true, 3]);
    await feed.close();
  });

  it('and fails tells the batch, also where the first take is what goes there', async () => {
    const source = function* (): Generator<Samples> {
      yield batch;
      throw new Error('the disk is gone');
    };
    const feed = feedOf(openData(source(), spec), { from: { ...mark, batch: 5 } });
    await expectDataError(() => feed.take(), 'DATA_SOURCE_FAILED', 'batch 1 of epoch 0', 'the disk is gone');
    await feed.close();
  });

  it('catching up with many openings can be stopped between them', async () => {
    let opened = 0;
    const stopping = new Interrupt();
    const source = { [Symbol.asyncIterator]: () => { opened += 1; if (opened === 3) stopping.fire(); return [batch].values(); } };
    const feed = feedOf(openData(source as never, spec), { from: { ...mark, batch: 0, passOpen: false, opens: 9, opensNow: 9 }, stopping });
    await feed.ready();
    expect([feed.interrupted, opened]).toEqual([true, 3]);
    // What a checkpoint would keep then still says 9.
    expect([feed.mark.opens, feed.mark.opensNow]).toEqual([9, 9]);
    await feed.close();
  });
});
