import { afterEach, describe, expect, it } from 'vitest';
import { DataError } from '../../src/errors.js';
import { loadInWorkers, type LoadInWorkersOptions, type WorkerLoader } from '../../src/loader/index.js';
import { moduleOf, readEpoch } from './loaders.js';
import type noisy from './modules/noisy.js';

type Options = Partial<LoadInWorkersOptions<typeof noisy>>;

const open: WorkerLoader[] = [];
const load = async (options: Options = {}): Promise<WorkerLoader> => {
  const data = await loadInWorkers<typeof noisy>({ module: moduleOf('noisy.ts'), options: { count: 10 }, batchSize: 4, seed: 3, ...options });
  open.push(data);
  return data;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((data) => data.close()));
});

const indicesOf = (batches: readonly { readonly inputs: readonly number[] }[]): number[] => batches.flatMap(({ inputs }) => inputs.filter((_, i) => i % 2 === 0));
const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

describe('the order of batches', () => {
  it('and what is in them are the same to the bit with 1, 2 and 3 threads, however unlike their speed', async () => {
    const busyMs = [0, 3, 1, 5, 0, 2, 4];
    const options = { count: 37, busyMs };
    const epochs = async (workers: number, prefetch: number) => {
      const data = await load({ options, workers, prefetch });
      return [await readEpoch(data, 0), await readEpoch(data, 1)];
    };
    const [one, two, three] = [await epochs(1, 1), await epochs(2, 2), await epochs(3, 4)];
    expect(two).toEqual(one);
    expect(three).toEqual(one);
    // 37 samples in batches of 4.
    expect(one[0]?.map(({ labels }) => labels.length)).toEqual([4, 4, 4, 4, 4, 4, 4, 4, 4, 1]);
  });

  it('is another each epoch, with every sample once, and random numbers of its own for each sample and epoch', async () => {
    const data = await load();
    const [first, second] = [await readEpoch(data, 0), await readEpoch(data, 1)];
    expect(sorted(indicesOf(first))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(sorted(indicesOf(second))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(indicesOf(second)).not.toEqual(indicesOf(first));
    const drawn = [...first, ...second].flatMap(({ inputs }) => inputs.filter((_, i) => i % 2 === 1));
    expect(new Set(drawn).size).toBe(20);
  });

  it('follows from the seed: the same again, and another with another', async () => {
    const [one, again, other] = [await load(), await load(), await load({ seed: 4 })];
    expect(await readEpoch(again, 5)).toEqual(await readEpoch(one, 5));
    expect(await readEpoch(other, 5)).not.toEqual(await readEpoch(one, 5));
  });

  it('is that of the samples without shuffle, and the random numbers of a sample do not depend on its batch', async () => {
    const [plain, larger] = [await load({ shuffle: false }), await load({ shuffle: false, batchSize: 5 })];
    const batches = await readEpoch(plain, 0);
    expect(indicesOf(batches)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect((await readEpoch(larger, 0)).flatMap(({ inputs }) => inputs)).toEqual(batches.flatMap(({ inputs }) => inputs));
    expect([plain.samples, plain.batchesPerEpoch]).toEqual([10, 3]);
  });

  it('without the last batch with dropLast, where it is a smaller one', async () => {
    const data = await load({ shuffle: false, dropLast: true });
    expect(indicesOf(await readEpoch(data, 0))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(data.batchesPerEpoch).toBe(2);
  });

  it("may be one of one's own, which may leave samples out and take some again", async () => {
    const data = await load({ order: (epoch, { count }) => (epoch === 0 ? [7, 7, 1] : new Uint8Array(count).fill(3)), batchSize: 2 });
    expect(indicesOf(await readEpoch(data, 0))).toEqual([7, 7, 1]);
    expect(indicesOf(await readEpoch(data, 1))).toEqual([3, 3, 3, 3, 3, 3, 3, 3, 3, 3]);
    expect(data.batchesPerEpoch).toBeUndefined();
  });

  it.each<[string, () => unknown, RegExp]>([
    ['no array', () => 3, /order gave no array for epoch 0/],
    ['an index that is not there', () => [1, 10], /order gave 10 for epoch 0, at place 1; it takes indices of samples, from 0 to 9/],
    ['nothing', () => [], /order gave no index for epoch 0/],
  ])("of one's own that is %s is refused", async (_, order, message) => {
    const data = await load({ order: order as never });
    await expect(readEpoch(data, 0)).rejects.toThrow(DataError);
    await expect(readEpoch(data, 0)).rejects.toThrow(message);
  });
});

describe('seeking', () => {
  it('goes on at a batch with what an uninterrupted reading has there', async () => {
    const data = await load({ workers: 2 });
    const all = await readEpoch(data, 2);
    expect(await readEpoch(data, 2, 1)).toEqual(all.slice(1));
    expect(await readEpoch(data, 2, 3)).toEqual([]);
  });
});
