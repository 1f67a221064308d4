import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfData from '@tensorflow/tfjs-data';
import { describe, expect, it } from 'vitest';
import { disposeBatch, openData, type DataOptions, type DataSource, type LoadedData, type Samples, type SeekableBatches } from '../../src/data/index.js';
import type { FeedMark } from '../../src/trainer/batch-feed.js';
import { Interrupt } from '../../src/trainer/interrupt.js';
import { RandomStreams } from '../../src/random/index.js';
import { withoutLeak } from './batches.js';
import { allUpdates, contentOf, feedOf, updatesOf, type FeedSettings, type Stand } from './feed.js';

const spec = { inputNames: ['x'], labelNames: ['y'], inputShapes: [[null, 1]] };

/** Seven samples in batches of 2, 2, 2 and 1: sample i has the input i and the label -i. */
const numbers = [[0, 1], [2, 3], [4, 5], [6]];
const batchOf = (values: readonly number[]): Samples => ({ xs: tf.tensor2d([...values], [values.length, 1]), ys: tf.tensor1d(values.map((each) => -each)) });
const plain = (values: readonly number[]): Samples => ({ inputs: values.map((each) => [each]), labels: values.map((each) => -each) });
const elements = () => tfData.array(numbers.flat().map((each) => ({ xs: [each], ys: -each })));

function* sync(from = 0): Generator<Samples> {
  for (const each of numbers.slice(from)) yield batchOf(each);
}
async function* inTime(from = 0): AsyncGenerator<Samples> {
  for (const each of sync(from)) {
    await Promise.resolve();
    yield each;
  }
}
function* endless(from = 0): Generator<Samples> {
  for (let index = from; ; index += 1) yield batchOf([2 * index, 2 * index + 1]);
}
async function* endlessInTime(from = 0): AsyncGenerator<Samples> {
  yield* endless(from);
}
const seekable = (iterate: (from?: number) => Iterator<Samples>): SeekableBatches => ({ [Symbol.iterator]: () => iterate(), iterateFrom: (batch) => iterate(batch) });
const seekableInTime = (iterate: (from?: number) => AsyncIterator<Samples>): SeekableBatches => ({ [Symbol.asyncIterator]: () => iterate(), iterateFrom: (batch) => Promise.resolve(iterate(batch)) });

interface Case {
  /** A source as a new process would make it. */
  readonly make: () => DataSource;
  readonly options?: DataOptions;
  /** Passes that it has; left out, any number. */
  readonly passes?: number;
  readonly isEndless?: boolean;
}

const cases: Readonly<Record<string, Case>> = {
  'arrays': { make: () => plain(numbers.flat()), options: { batchSize: 2 } },
  'arrays in their own order': { make: () => plain(numbers.flat()), options: { batchSize: 2, shuffle: false } },
  'a Dataset that is batched': { make: () => elements().batch(2) },
  'a Dataset of single samples': { make: elements, options: { batchSize: 2 } },
  'a Dataset that is shuffled': { make: () => elements().shuffle(7, 'a seed').batch(2) },
  'a Dataset that is shuffled, of single samples': { make: () => elements().shuffle(7, 'a seed'), options: { batchSize: 2 } },
  'a generator by a function of the epoch': { make: () => () => sync() },
  'an async generator by a function of the epoch': { make: () => () => inTime() },
  'samples that differ with the epoch': { make: () => (epoch: number) => plain(numbers.flat().map((each) => 10 * epoch + each)), options: { batchSize: 2 } },
  'one shuffled Dataset, always the same by a function': {
    make: () => {
      const dataset = elements().shuffle(7, 'a seed').batch(2);
      return () => dataset;
    },
  },
  'a new shuffled Dataset for each epoch': { make: () => (epoch: number) => elements().shuffle(7, `epoch ${epoch}`).batch(2) },
  'an array of batches': { make: () => numbers.map(plain) },
  'an async iterable': { make: () => ({ [Symbol.asyncIterator]: () => inTime() }), options: { prefetch: 3 } },
  'a seekable iterable': { make: () => seekable(sync) },
  'a seekable async iterable': { make: () => seekableInTime(inTime), options: { prefetch: 3 } },
  'a seekable iterable by a function of the epoch': { make: () => () => seekable(sync) },
  'a generator that can be read once': { make: () => sync(), passes: 1 },
  'an endless generator': { make: () => endless(), isEndless: true },
  'an endless async generator': { make: () => endlessInTime(), isEndless: true },
  'an endless Dataset': { make: () => elements().repeat().batch(2), isEndless: true },
  'a seekable endless iterable': { make: () => seekable(endless), isEndless: true },
  'a seekable endless async iterable': { make: () => seekableInTime(endlessInTime), isEndless: true },
};

/** Opens the data as a fit does, which looks at the first batch. */
async function opened({ make, options }: Case, others: DataOptions = {}): Promise<LoadedData> {
  const data = openData(make(), spec, { streams: new RandomStreams(3), ...options, ...others });
  await data.ready();
  disposeBatch(await data.first());
  return data;
}

const combinations = Object.keys(cases).flatMap((name) =>
  [1, 3].flatMap((accumulateSteps) =>
    [undefined, 2].flatMap((stepsPerEpoch) =>
      [false, true].flatMap((dropLast) => {
        const { isEndless = false, passes } = cases[name] as Case;
        // Two epochs of 2 steps of 3 batches are more than one pass has.
        const isLonger = passes === 1 && accumulateSteps === 3 && stepsPerEpoch !== undefined;
        return (isEndless && stepsPerEpoch === undefined) || isLonger ? [] : [{ name, accumulateSteps, stepsPerEpoch, dropLast }];
      }),
    ),
  ),
);

describe('resumed after any of its updates, a feed gives the rest of what it would have given', () => {
  it.each(combinations)('$name: accumulateSteps $accumulateSteps, stepsPerEpoch $stepsPerEpoch, dropLast $dropLast', async ({ name, dropLast, ...settings }) => {
    const one = cases[name] as Case;
    const epochs = one.passes === 1 ? (settings.stepsPerEpoch === undefined ? 1 : dropLast ? 1 : 2) : 3;
    await withoutLeak(async () => {
      const data = await opened(one, { dropLast });
      const feed = feedOf(data, settings);
      const before = { mark: feed.mark, stand: { epoch: 0, begun: false } };
      const whole = await allUpdates(feed, epochs);
      await feed.close();
      data.dispose();
      // Three epochs of 4 batches (3 without the small one), or of 2 steps; once 4 batches in all.
      const perEpoch = settings.stepsPerEpoch ?? (settings.accumulateSteps === 1 ? (dropLast ? 3 : 4) : dropLast ? 1 : 2);
      expect(whole).toHaveLength(epochs * perEpoch);
      for (const [at, { mark, stand }] of [before, ...whole].entries()) {
        const again = await opened(one, { dropLast });
        const resumed = feedOf(again, { ...settings, from: mark });
        await resumed.ready();
        expect(resumed.mark).toEqual(mark);
        expect(contentOf(await allUpdates(resumed, epochs, stand)), `after update ${at}`).toEqual(contentOf(whole.slice(at)));
        await resumed.close();
        again.dispose();
      }
    });
  });

  it('a resumed feed has the marks that it would have had, so that it can be resumed again', async () => {
    for (const name of ['a Dataset that is shuffled', 'one shuffled Dataset, always the same by a function', 'a seekable iterable', 'arrays']) {
      const one = cases[name] as Case;
      const whole = await allUpdates(feedOf(await opened(one), { accumulateSteps: 3 }), 3);
      const [, , third] = whole;
      const rest = await allUpdates(feedOf(await opened(one), { accumulateSteps: 3, from: third?.mark as FeedMark }), 3, third?.stand);
      expect(rest, name).toEqual(whole.slice(3));
    }
  });
});

const marks = async (one: Case, settings: FeedSettings, epochs: number): Promise<FeedMark[]> => (await allUpdates(feedOf(await opened(one), settings), epochs)).map(({ mark }) => mark);
const mark = (pass: number, batch: number, opens: number, steps: number, others: Partial<FeedMark> = {}): FeedMark => ({ pass, batch, passOpen: batch > 0, opens, opensNow: batch > 0 ? opens + 1 : opens, steps, endUnknown: false, ...others });

describe('a mark', () => {
  it('of a Dataset of 4 batches counts passes, batches and openings: one for the first look, one a pass', async () => {
    expect(await marks(cases['a Dataset that is shuffled'] as Case, { accumulateSteps: 3 }, 2)).toEqual([mark(0, 3, 1, 1), mark(1, 0, 2, 2), mark(1, 3, 2, 1), mark(2, 0, 3, 2)]);
  });

  it('of arrays counts no openings', async () => {
    expect(await marks(cases['arrays'] as Case, {}, 1)).toEqual([1, 2, 3, 4].map((steps) => mark(steps === 4 ? 1 : 0, steps % 4, 0, steps, { opensNow: 0 })));
  });

  it('says where a pass may be through: 4 batches are 2 epochs of 2 steps, and the second ends without a look ahead', async () => {
    const all = await marks(cases['a generator by a function of the epoch'] as Case, { stepsPerEpoch: 2 }, 2);
    expect(all.map(({ pass, batch, steps, endUnknown }) => [pass, batch, steps, endUnknown])).toEqual([[0, 1, 1, true], [0, 2, 2, true], [0, 3, 1, true], [0, 4, 2, true]]);
  });

  it('of an epoch that has begun has no steps', async () => {
    const feed = feedOf(await opened(cases['arrays'] as Case), { stepsPerEpoch: 2 });
    for (const _ of [1, 2]) (await feed.take())?.batches.forEach(disposeBatch);
    expect(feed.mark.steps).toBe(2);
    feed.beginEpoch();
    expect(feed.mark).toEqual(mark(0, 2, 0, 0, { opensNow: 0, endUnknown: true }));
  });

  it('stays where a stop came amid accumulation, and the resumed feed takes those batches again', async () => {
    await withoutLeak(async () => {
      const stopping = new Interrupt();
      let hangs = true;
      const source = {
        [Symbol.asyncIterator]: async function* () {
          for (const [index, each] of numbers.entries()) {
            if (index === 3 && hangs) await new Promise((resolve) => setTimeout(resolve, 5));
            if (index === 3 && hangs) stopping.fire();
            yield batchOf(each);
          }
        },
      };
      const settings = { accumulateSteps: 2, stepsPerEpoch: 9 };
      const feed = feedOf(openData(source, spec), { ...settings, stopping });
      (await feed.take())?.batches.forEach(disposeBatch);
      const { mark: after } = feed;
      expect([after.pass, after.batch]).toEqual([0, 2]);
      expect(await feed.take()).toBeUndefined();
      expect(feed.interrupted).toBe(true);
      await feed.close();
      expect(feed.mark).toEqual(after);
      hangs = false;
      const resumed = feedOf(openData(source, spec), { ...settings, from: after });
      const { value } = await updatesOf(resumed, 1, { epoch: 0, begun: true }).next();
      expect(value?.inputs).toEqual([[4, 5], [6]]);
      await resumed.close();
      // What was pulled when the stop came arrives late, and ends then.
      await new Promise((resolve) => setTimeout(resolve, 10));
    });
  });

  it('stays where a batch fails, and the pass that was begun for it is not counted', async () => {
    await withoutLeak(async () => {
      let pass = 0;
      const source = { [Symbol.iterator]: function* () { pass += 1; yield batchOf([1]); if (pass === 2) throw new Error('the disk is gone'); yield batchOf([2]); } };
      const data = openData(source, spec);
      const feed = feedOf(data, { accumulateSteps: 3 });
      (await feed.take())?.batches.forEach(disposeBatch);
      await expect(feed.take()).rejects.toThrow(/the disk is gone/);
      expect(data.opens).toBe(2);
      expect(feed.mark).toEqual(mark(1, 0, 1, 1));
      await feed.close();
    });
  });
});

describe('passes whose order depends on how often the source was opened', () => {
  const shuffled = cases['a Dataset that is shuffled'] as Case;

  it('have three orders in three passes, and only what has caught up has them too', async () => {
    const whole = await allUpdates(feedOf(await opened(shuffled)), 3);
    const order = (pass: number): number[] => whole.slice(4 * pass, 4 * pass + 4).flatMap(({ inputs }) => inputs.flat());
    for (const pass of [0, 1, 2]) expect([...order(pass)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(new Set([0, 1, 2].map((pass) => order(pass).join()))).toHaveProperty('size', 3);
    const third = whole[7]?.mark as FeedMark;
    expect(third).toEqual(mark(2, 0, 3, 4));
    const resume = async (opens: number): Promise<string> => (await allUpdates(feedOf(await opened(shuffled), { from: { ...third, opens } }), 1)).flatMap(({ inputs }) => inputs.flat()).join();
    expect(await resume(3)).toBe(order(2).join());
    expect(await resume(2)).toBe(order(1).join());
  });

  it('are the same where others have read the data before and amid the pass', async () => {
    await withoutLeak(async () => {
      const run = async (from?: { mark: FeedMark; stand: Stand }): ReturnType<typeof allUpdates> => {
        const data = await opened(shuffled);
        const feed = feedOf(data, from === undefined ? {} : { from: from.mark });
        const all = [];
        if (from === undefined) disposeBatch(await data.first());
        for await (const update of updatesOf(feed, 2, from?.stand)) {
          if (from === undefined && all.length === 1) disposeBatch(await data.first());
          all.push({ ...update, mark: feed.mark });
        }
        return all;
      };
      const whole = await run();
      // Two looks and the pass itself; then one more look.
      expect(whole.slice(0, 2).map(({ mark: each }) => [each.opens, each.opensNow])).toEqual([[2, 3], [2, 4]]);
      expect(contentOf(await run(whole[1]))).toEqual(contentOf(whole.slice(2)));
    });
  });
});
