import { describe, expect, it } from 'vitest';
import { DataError } from '../../src/errors.js';
import { loadInWorkers, type Samples, type WorkerLoader } from '../../src/loader/index.js';
import { moduleOf, readEpoch } from './loaders.js';
import type arrays from './modules/arrays.js';
import type { Way } from './modules/arrays.js';

const using = async <T>(way: Way, read: (data: WorkerLoader) => Promise<T>): Promise<T> => {
  const data = await loadInWorkers<typeof arrays>({ module: moduleOf('arrays.ts'), options: way, batchSize: 2, shuffle: false });
  try {
    return await read(data);
  } finally {
    await data.close();
  }
};
const inputsOf = (way: Way) => using(way, async (data) => (await readEpoch(data, 0)).map(({ inputs }) => inputs.slice(0, 4)));

describe('the arrays of a batch', () => {
  it('are handed over: in the thread nothing is left of them', async () => {
    const batches = await using('own', (data) => readEpoch(data, 0));
    expect(batches.map(({ inputs }) => inputs)).toEqual(Array.from({ length: 4 }, () => [1, 2, 3, 4]));
    // Of the first there is none before it; of the others it is 0 bytes long by now.
    expect(batches.map(({ labels }) => labels)).toEqual([[-1, -1], [0, 0], [0, 0], [0, 0]]);
  });

  it.each<[Way, number[][]]>([
    ['a part of a table', [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15]]],
    ['shared memory', [[0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 2, 2], [3, 3, 3, 3]]],
    ['a Buffer of the pool', [[0, 1, 2, 3], [1, 1, 2, 3], [2, 1, 2, 3], [3, 1, 2, 3]]],
    ['memory of WebAssembly', [[0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 2, 2], [3, 3, 3, 3]]],
  ])('are copied where they are %s, which the module keeps', async (way, expected) => {
    expect(await inputsOf(way)).toEqual(expected);
  });

  it('come with no more than they are: not with the table that they are a part of', async () => {
    const [batch] = await using('a part of a table', async (data) => {
      const batches: Samples[] = [];
      for await (const each of data(0) as AsyncIterable<Samples>) batches.push(each);
      return batches;
    });
    // 4 numbers of 4 bytes, of a table of 400 bytes.
    expect((batch as { inputs: { values: Float32Array } }).inputs.values.buffer.byteLength).toBe(16);
  });

  it('may stand in two places of a batch, be nested arrays of numbers, and be several by name', async () => {
    expect((await using('one array twice', (data) => readEpoch(data, 0)))[1]).toEqual({ inputs: [1, 2, 3, 4], labels: [1, 2, 3, 4] });
    const [rows] = await using('rows of numbers', (data) => readEpoch(data, 0));
    expect(rows?.inputs).toEqual([[0, 1], [2, 3]]);
    const first = await using('several by name', async (data) => (await (data(0) as AsyncIterable<Samples>)[Symbol.asyncIterator]().next()).value as Samples);
    expect(first).toEqual({ inputs: { left: { values: Float32Array.of(0, 1), shape: [2, 1] }, right: Float32Array.of(0, 1) }, labels: Int32Array.of(0, 1) });
  });

  it('that the module kept and gives again are told, and so is what cannot be sent', async () => {
    const error = await using('the same array again', (data) => readEpoch(data, 0)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ code: 'LOADER_FAILED', found: 'batch 1 of epoch 0 has an array that went to the training with an earlier batch', remedy: 'Return a new array each time, or a copy: values.slice().' });
    await expect(inputsOf('a function')).rejects.toThrow(/batch 0 of epoch 0 cannot be sent to the training: .*could not be cloned/);
  });
});
