import { layers, sequential } from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../../src/errors.js';
import { Trainer } from '../../src/index.js';
import { loadInWorkers, type WorkerLoader } from '../../src/loader/index.js';
import { moduleOf, readEpoch } from './loaders.js';
import type misbehaves from './modules/misbehaves.js';
import type { Way } from './modules/misbehaves.js';

const open: WorkerLoader[] = [];
const load = async (way: Way, workers = 1): Promise<WorkerLoader> => {
  const limits = way === 'out of memory' ? { resourceLimits: { maxOldGenerationSizeMb: 64 } } : {};
  const data = await loadInWorkers<typeof misbehaves>({ module: moduleOf('misbehaves.ts'), options: way, batchSize: 2, shuffle: false, workers, ...limits });
  open.push(data);
  return data;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((data) => data.close()));
});

const errorOf = async (action: () => Promise<unknown>): Promise<DataError> => {
  const error = await action().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DataError);
  return error as DataError;
};

describe('a loader that cannot begin rejects loadInWorkers', () => {
  it.each<[Way, RegExp]>([
    ['factory throws', /the loader of .*misbehaves\.ts could not be made: no such folder/],
    ['factory rejects', /the loader of .*misbehaves\.ts could not be made: no such folder/],
    ['factory never settles', /has nothing left to do, and its promise is not settled/],
    ['factory exits', /ended with exit code 4 .*misbehaves\.ts/],
    ['no count', /has no count; it makes \{ count, sample \}/],
    ['close is no function', /has a close that is 5; it makes/],
    ['no way to make a batch', /has neither a function sample nor a function batch/],
    ['both ways', /has both sample and batch/],
    ['nothing', /what the default export of .*misbehaves\.ts made is undefined/],
  ])('%s', async (way, message) => {
    const error = await errorOf(() => load(way));
    expect(error.code).toBe('LOADER_FAILED');
    expect(error.message).toMatch(message);
    if (way === 'factory throws') expect(error.cause).toBeInstanceOf(RangeError);
  });

  it('where the threads do not agree, and where the module is not there, cannot be loaded, or has no default export', async () => {
    expect((await errorOf(() => load('another count in each thread', 2))).message).toMatch(/3 samples in one thread and 4 in another/);
    const failure = async (name: string) => (await errorOf(() => loadInWorkers({ module: moduleOf(name) }))).message;
    expect(await failure('no-such.ts')).toMatch(/there is no module .*no-such\.ts; it is the file of a module whose default export makes a loader/);
    expect(await failure('broken-import.mjs')).toMatch(/broken-import\.mjs cannot be loaded: .*no-such-file/);
    expect(await failure('no-default.ts')).toMatch(/default export of .*no-default\.ts is missing \(it exports helper\)/);
  });

  it('with the problems of its options', async () => {
    const error = await loadInWorkers({ module: 'data:text/javascript,1', workers: 0, batchsize: 3 } as never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems).toHaveLength(2);
    expect((error as ConfigError).message).toMatch(/workers: .*did you mean "batchSize"/);
    await expect(loadInWorkers({ module: moduleOf('misbehaves.ts'), options: 'sound', batchSize: 9, dropLast: true })).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
      problems: [{ path: ['batchSize'] }],
      message: expect.stringMatching(/^batchSize is 9 and dropLast is true, and the loader of file:.*misbehaves\.ts has 8 samples; at least one batch is left\. Lower batchSize/) as string,
    });
    await expect(loadInWorkers({} as never)).rejects.toThrow(/^the module of the loader is undefined; it is a file: URL, or the path of a file\. Pass new URL/);
    await expect(loadInWorkers({ module: moduleOf('misbehaves.ts'), options: 'sound', resourceLimits: { stackSizeMb: 0.01 } })).rejects.toThrow(/stackSizeMb/);
    await expect(loadInWorkers({ module: 'data:text/javascript,1' })).rejects.toThrow(/the module of the loader is a data: URL/);
    await expect(loadInWorkers({ module: moduleOf('no-default.ts'), options: () => 1 })).rejects.toThrow(/the threads of the loader cannot be started: .*could not be cloned/);
  });
});

describe('a module whose close() throws', () => {
  it('has close() reject with it, once, when all threads have ended', async () => {
    const data = await loadInWorkers<typeof misbehaves>({ module: moduleOf('misbehaves.ts'), options: 'close throws', batchSize: 2, workers: 2 });
    expect(await readEpoch(data, 0)).toHaveLength(4);
    const error = await errorOf(() => data.close());
    expect([error.code, error.message]).toEqual(['LOADER_FAILED', expect.stringMatching(/^the loader of file:.*misbehaves\.ts could not be closed: the archive is still being read/)]);
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(() => data(0)).toThrow(/was closed/);
    await expect(data.close()).rejects.toBe(error);
  });

  it.each<[Way, RegExp]>([
    ['close exits', /a thread of the loader ended with exit code 7 /],
    ['close dies of what nothing catches', /died of an error that nothing caught .*nobody caught me/],
  ])('%s: is told as well', async (way, message) => {
    const data = await loadInWorkers<typeof misbehaves>({ module: moduleOf('misbehaves.ts'), options: way, batchSize: 2 });
    const error = await errorOf(() => data.close());
    expect([error.code, error.message]).toEqual(['LOADER_FAILED', expect.stringMatching(message)]);
  });

  it('does not hide why the loaders could not begin', async () => {
    const both = loadInWorkers({ module: moduleOf('misbehaves.ts'), options: 'another count, and close throws', workers: 2 });
    expect((await errorOf(() => both)).message).toMatch(/3 samples in one thread and 4 in another/);
  });
});

/** Two batches of two come; sample 5 is in the third. */
const atSample5: readonly (readonly [Way, RegExp])[] = [
  ['sample throws', /^sample 5, in batch 2 of epoch 0, could not be made by file:.*misbehaves\.ts: not a picture\./],
  ['sample rejects', /^sample 5, in batch 2 of epoch 0, could not be made by file:.*misbehaves\.ts: not a picture\./],
  ['sample never settles', /^batch 2 of epoch 0 of .*misbehaves\.ts has nothing left to do/],
  ['sample of another shape', /^batch 2 of epoch 0 of .*: inputs of sample 5 has shape \[2\]; that of sample 4, in the same batch, has \[1\]/],
  ['sample of another kind', /inputs of sample 5 is of another kind of array \(Int32Array\) than that of sample 4 \(Float32Array\)/],
  ['first sample without a label', /labels of sample 4 is undefined, and that of sample 5, in the same batch, is not/],
  ['sample with one array more', /inputs of sample 4 is a list of 1, and that of sample 5, in the same batch, is a list of 2/],
  ['sample without a label', /labels of sample 5 is undefined; it takes a number/],
  ['sample of the wrong size', /inputs of sample 5 has 2 values for the shape \[3\]; that shape takes 3/],
  ['sample is nothing', /sample 5 is undefined; sample\(index\) gives \{ inputs, labels \}/],
  ['sample of rows', /inputs of sample 5 has an array of 1 among its numbers/],
  ['sample is a tensor', /inputs of sample 5 is a tensor; .*Give its numbers/],
  ['exits', /^a thread of the loader ended with exit code 3 while it made batch 2 of epoch 0 \(.*misbehaves\.ts\)/],
  ['uncaught error', /^a thread of the loader died of an error that nothing caught while it made batch 2 of epoch 0 .*nobody caught me/],
  ['out of memory', /^a thread of the loader ran out of memory while it made batch 2 of epoch 0/],
];

describe('what goes wrong with sample 5', () => {
  it.each(atSample5)('%s: the batches before it come, and then its error', async (way, message) => {
    const data = await load(way);
    const iterator = (data(0) as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    expect((await iterator.next()).done).toBe(false);
    expect((await iterator.next()).done).toBe(false);
    const error = await errorOf(() => iterator.next());
    expect(error.code).toBe('LOADER_FAILED');
    expect(error.message).toMatch(message);
    expect((await iterator.next()).done).toBe(true);
  });

  it('is no end of the loader where the thread lives: another pass comes to the same place', async () => {
    const data = await load('sample throws');
    for (let i = 0; i < 2; i += 1) expect((await errorOf(() => readEpoch(data, 0))).message).toMatch(/not a picture/);
    expect(await readEpoch(data, 0, 3)).toHaveLength(1);
  });

  it('is the end where a thread is dead, with several as well', async () => {
    const data = await load('exits', 2);
    expect((await errorOf(() => readEpoch(data, 0))).message).toMatch(/exit code 3/);
    expect((await errorOf(() => readEpoch(data, 0, 3))).message).toMatch(/exit code 3/);
  });
});

describe('a fit', () => {
  const fit = async (way: Way): Promise<DataError> => {
    const data = await load(way);
    const trainer = new Trainer({ model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }), loss: 'meanSquaredError', backend: 'cpu' });
    try {
      return await errorOf(() => trainer.fit(data, { epochs: 2 }));
    } finally {
      await trainer.dispose();
    }
  };

  it.each<[Way, string, RegExp]>([
    ['sample throws', 'LOADER_FAILED', /sample 5, in batch 2 of epoch 0/],
    ['exits', 'LOADER_FAILED', /exit code 3 while it made batch 2 of epoch 0/],
    ['batch throws', 'LOADER_FAILED', /batch 0 of epoch 0 could not be made by .*not a picture/],
    ['batch is nothing', 'LOADER_FAILED', /batch 0 of epoch 0 of .* is undefined/],
    ['batch of too many samples', 'LOADER_FAILED', /batch 0 of epoch 0 of .* has 3 samples; batch\(indices\) was asked for 2/],
    ['batch of a wrong shape', 'DATA_SHAPE', /batch 0.*input.* has 3 values for the shape \[2, 1\]/],
  ])('%s: is rejected with it', async (way, code, message) => {
    const error = await fit(way);
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });
});
