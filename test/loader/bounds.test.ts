import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadInWorkers, type LoadInWorkersOptions, type Samples, type WorkerLoader } from '../../src/loader/index.js';
import { temporaryFolder } from '../config/temporary-folder.js';
import { moduleOf, readBatch, readEpoch, sharedCounts, until } from './loaders.js';
import type watched from './modules/watched.js';

const open: WorkerLoader[] = [];
const load = async (options: Partial<LoadInWorkersOptions<typeof watched>> & { readonly options: LoadInWorkersOptions<typeof watched>['options'] }): Promise<WorkerLoader> => {
  const data = await loadInWorkers<typeof watched>({ module: moduleOf('watched.ts'), batchSize: 1, shuffle: false, ...options });
  open.push(data);
  return data;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((data) => data.close()));
});

const iterate = (data: WorkerLoader, epoch = 0): AsyncIterator<Samples> => (data(epoch) as AsyncIterable<Samples>)[Symbol.asyncIterator]();
const begun = (shared: Int32Array): number => Atomics.load(shared, 0);
const letThrough = (shared: Int32Array, count: number): void => {
  Atomics.store(shared, 1, count);
  Atomics.notify(shared, 1);
};
/** Long enough for threads that would go on to do so: 20 turns of some ms. */
const aWhile = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setTimeout(resolve, 5));
};
const first = async (iterator: AsyncIterator<Samples>): Promise<number | undefined> => {
  const next = await iterator.next();
  return next.done === true ? undefined : readBatch(next.value as { inputs: unknown }).inputs[0];
};

describe('how far ahead the threads go', () => {
  it.each<[number, number]>([[1, 1], [1, 3], [2, 2]])('with %d threads and prefetch %d no further than their product beyond what was taken', async (workers, prefetch) => {
    const shared = sharedCounts();
    const data = await load({ options: { count: 100, shared }, workers, prefetch });
    const iterator = iterate(data);
    const bound = workers * prefetch;
    await until(() => begun(shared) === bound);
    await aWhile();
    expect(begun(shared)).toBe(bound);
    expect([await first(iterator), await first(iterator)]).toEqual([0, 1]);
    await until(() => begun(shared) === bound + 2);
    await aWhile();
    expect(begun(shared)).toBe(bound + 2);
  });

  it('they work while this thread computes and never lets its event loop turn', async () => {
    const shared = sharedCounts();
    const data = await load({ options: { count: 100, shared }, prefetch: 2 });
    const iterator = iterate(data);
    expect(await first(iterator)).toBe(0);
    // Batches are taken without a turn of the loop between: each only once the thread has made it, which it does meanwhile.
    for (let i = 1; i < 20; i += 1) {
      while (begun(shared) < i + 2) Atomics.wait(shared, 0, begun(shared), 1000);
      let turned = false;
      const turn = setImmediate(() => (turned = true));
      // The one after it is begun, so this one was sent.
      expect(await first(iterator)).toBe(i);
      clearImmediate(turn);
      expect(turned).toBe(false);
    }
    expect(data.stats.waited).toBeLessThanOrEqual(1);
    expect(data.stats.taken).toBe(20);
  });
});

describe('an epoch that ends early', () => {
  it('gives nothing to the next one, and what it had asked for is not made', async () => {
    const shared = sharedCounts();
    const data = await load({ options: { count: 6, shared, gated: true }, prefetch: 4 });
    const iterator = iterate(data, 0);
    await until(() => begun(shared) === 1);
    await iterator.return?.();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    const second = readEpoch(data, 1);
    // The one that was at work, and the six of the second epoch; what comes after them waits.
    letThrough(shared, 7);
    expect((await second).flatMap(({ inputs }) => inputs)).toEqual([0, 1, 2, 3, 4, 5]);
    letThrough(shared, 100);
  });

  it('takes what was begun of the next one with it', async () => {
    const shared = sharedCounts();
    const data = await load({ options: { count: 2, shared, gated: true }, prefetch: 3 });
    const iterator = iterate(data, 0);
    // Both batches of the epoch, and one of the next: they are three.
    letThrough(shared, 1);
    await until(() => begun(shared) === 2);
    await iterator.return?.();
    letThrough(shared, 100);
    await aWhile();
    expect(begun(shared)).toBe(2);
    expect((await readEpoch(data, 1)).map(({ inputs }) => inputs[0])).toEqual([0, 1]);
  });

  it('is no trouble for another reader of the same loader', async () => {
    const data = await load({ options: { count: 8, shared: sharedCounts() }, workers: 2 });
    const [one, other] = [iterate(data), iterate(data)];
    expect([await first(one), await first(other), await first(one), await first(other)]).toEqual([0, 0, 1, 1]);
    await one.return?.();
    expect([await first(other), await first(other), await first(one)]).toEqual([2, 3, undefined]);
  });

  it('gives each its own where several are asked for before any has come', async () => {
    const data = await load({ options: { count: 3, shared: sharedCounts() } });
    const iterator = iterate(data);
    expect(await Promise.all([first(iterator), first(iterator), first(iterator), first(iterator)])).toEqual([0, 1, 2, undefined]);
  });
});

describe('between two epochs', () => {
  const readAll = async (data: WorkerLoader, epoch: number): Promise<(number | undefined)[]> => (await readEpoch(data, epoch)).map(({ inputs }) => inputs[0]);

  it('the first batches of the next one are made, as many as there is room for, and are taken when it comes', async () => {
    const shared = sharedCounts();
    const data = await load({ options: { count: 5, shared }, prefetch: 2 });
    expect(await readAll(data, 0)).toEqual([0, 1, 2, 3, 4]);
    await until(() => begun(shared) === 7);
    await aWhile();
    expect(begun(shared)).toBe(7);
    expect(await readAll(data, 1)).toEqual([0, 1, 2, 3, 4]);
    // Ten of two epochs, and two of the third.
    await until(() => begun(shared) === 12);
    await aWhile();
    expect(begun(shared)).toBe(12);
  });

  it('of a loader that reads the same one again, as for validation, that one is begun after the first time', async () => {
    const shared = sharedCounts();
    const data = await load({ options: { count: 5, shared }, prefetch: 1 });
    expect(await readAll(data, 0)).toEqual([0, 1, 2, 3, 4]);
    await until(() => begun(shared) === 6);
    for (let i = 0; i < 3; i += 1) expect(await readAll(data, 0)).toEqual([0, 1, 2, 3, 4]);
    await until(() => begun(shared) === 22);
    await aWhile();
    // Four times five, one of epoch 1 that nobody wanted, and one of epoch 0 that is ready.
    expect(begun(shared)).toBe(22);
  });

  it('of one training after another, and of one after a single epoch that was read by hand, each finds its next epoch begun', async () => {
    const shared = sharedCounts();
    const data = await load({ options: { count: 5, shared }, prefetch: 1 });
    // Five of each that was read, one that is ready of what is likely to be next, and those in vain: 1 after the first 0, 0 after the second, 3 after 2.
    for (const [epoch, all] of [[0, 6], [0, 12], [1, 18], [2, 23], [0, 29], [1, 34], [2, 39]] as const) {
      await readAll(data, epoch);
      await until(() => begun(shared) === all);
    }
    await aWhile();
    expect(begun(shared)).toBe(39);
  });

  it('a guess that was wrong, or an epoch that is entered in its midst, gives what it would have given', async () => {
    const data = await load({ options: { count: 5, shared: sharedCounts() }, prefetch: 4, order: (epoch, { count }) => (epoch > 1 ? [] : Array.from({ length: count }, (_, i) => (epoch === 0 ? i : count - 1 - i))) });
    expect(await readAll(data, 0)).toEqual([0, 1, 2, 3, 4]);
    expect((await readEpoch(data, 1, 3)).map(({ inputs }) => inputs[0])).toEqual([1, 0]);
    expect(await readAll(data, 1)).toEqual([4, 3, 2, 1, 0]);
    expect(await readAll(data, 0)).toEqual([0, 1, 2, 3, 4]);
    await expect(readEpoch(data, 2)).rejects.toThrow(/order gave no index for epoch 2/);
  });
});

describe('an order that has no next epoch', () => {
  it('is asked for it once, and no other epoch is begun in its place', async () => {
    const [shared, asked] = [sharedCounts(), [] as number[]];
    const data = await load({
      options: { count: 5, shared },
      prefetch: 4,
      order: (epoch, { count }) => {
        asked.push(epoch);
        return epoch > 1 ? [] : Array.from({ length: count }, (_, i) => i);
      },
    });
    for (const epoch of [0, 1]) expect(await readEpoch(data, epoch)).toHaveLength(5);
    await aWhile();
    expect([asked, begun(shared)]).toEqual([[0, 1, 2], 10]);
  });
});

describe('close()', () => {
  it('calls the close of the module once a thread, may be called again, and refuses what is asked for afterwards', async () => {
    const shared = sharedCounts();
    const data = await load({ options: { count: 6, shared }, workers: 2 });
    const iterator = iterate(data);
    expect(await first(iterator)).toBe(0);
    await Promise.all([data.close(), data.close()]);
    await data.close();
    expect(Atomics.load(shared, 2)).toBe(2);
    expect(() => data(0)).toThrow(expect.objectContaining({ code: 'LOADER_CLOSED' }));
    await expect(iterator.next()).rejects.toMatchObject({ code: 'LOADER_CLOSED' });
    expect(await iterator.next()).toMatchObject({ done: true });
  });

  it('ends a reading that waits, and a thread that is at work for long', async () => {
    const shared = sharedCounts();
    const data = await load({ options: { count: 6, shared, gated: true } });
    const waiting = iterate(data).next();
    const outcome = expect(waiting).rejects.toMatchObject({ code: 'LOADER_CLOSED', name: 'DataError' });
    await until(() => begun(shared) === 1);
    // It is waiting in Atomics.wait, for longer than the 2 s that it is given.
    await data.close();
    await outcome;
  });

  it('is what `await using` calls', async () => {
    const shared = sharedCounts();
    const data = await load({ options: { count: 6, shared } });
    await data[Symbol.asyncDispose]();
    expect(Atomics.load(shared, 2)).toBe(1);
  });
});

describe('a process', () => {
  const run = (code: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } => {
    const script = `
      import { loadInWorkers } from ${JSON.stringify(new URL('../../src/loader/index.ts', import.meta.url).href)};
      const data = await loadInWorkers({ module: ${JSON.stringify(moduleOf('noisy.ts').href)}, options: { count: 4, busyMs: [100] }, batchSize: 2, shuffle: false });
      ${code}`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', join(temporaryFolder({ 'main.mjs': script }), 'main.mjs')], { encoding: 'utf8', timeout: 60_000 });
    return { status, stdout, stderr };
  };

  it('that has forgotten to close ends by itself, and has loaded no TensorFlow.js', () => {
    expect(run("for await (const { labels } of data(0)) console.log(String(labels.values)); console.log(String(globalThis._tfengine === undefined));")).toEqual({ status: 0, stdout: '0,1\n0,1\ntrue\n', stderr: '' });
  });

  it('stays as long as a batch is waited for, and not for those that are only made', () => {
    expect(run('data(0)[Symbol.asyncIterator]().next().then(({ value }) => console.log(String(value.labels.values)));')).toEqual({ status: 0, stdout: '0,1\n', stderr: '' });
  });
});
