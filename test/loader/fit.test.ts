import * as tf from '@tensorflow/tfjs-core';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkpoint, seed } from '../../plugins/index.js';
import { openData, type DataSource } from '../../src/data/index.js';
import { Trainer, type FitOptions } from '../../src/index.js';
import { loadInWorkers, type LoadInWorkersOptions, type WorkerLoader } from '../../src/loader/index.js';
import { tensorsLeftBy } from '../../src/testing/index.js';
import { temporaryFolder } from '../config/temporary-folder.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';
import { moduleOf } from './loaders.js';
import type slowClouds from './modules/slow-clouds.js';

beforeAll(() => useBackend('cpu'));

const open: WorkerLoader[] = [];
const load = async (options: Partial<LoadInWorkersOptions<typeof slowClouds>> = {}): Promise<WorkerLoader> => {
  const data = await loadInWorkers<typeof slowClouds>({ module: moduleOf('slow-clouds.ts'), options: { samples: 64, busyMs: 0 }, batchSize: 8, seed: 5, ...options });
  open.push(data);
  return data;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((data) => data.close()));
});

it('predict takes a loader that keeps the order of the samples, and refuses one that does not', async () => {
  const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', progress: false });
  const [shuffled, inOrder] = [await load(), await load({ shuffle: false })];
  expect([shuffled.shuffled, inOrder.shuffled, (await load({ order: () => [0] })).shuffled]).toEqual([true, false, false]);
  await expect(trainer.predict(shuffled)).rejects.toMatchObject({ code: 'OPTIONS_INVALID', message: expect.stringMatching(/is shuffled; .*Make a loader for it with shuffle: false/) as string });
  const predictions = await trainer.predict(inOrder);
  expect(predictions[0]?.shape[0]).toBe(64);
  tf.dispose([...predictions]);
  await trainer.dispose();
});

interface Run {
  readonly dispose: () => Promise<void>;
  readonly losses: readonly number[];
  readonly weights: readonly number[][];
}

/** A fit from the same weights each time. */
async function fit(data: DataSource, options: FitOptions = {}, more: { readonly folder?: string; readonly stopAt?: number; readonly resume?: boolean } = {}): Promise<Run> {
  const losses: number[] = [];
  const { folder, stopAt, resume = false } = more;
  const controller = new AbortController();
  const trainer = new Trainer({
    model: smallClassifier,
    loss: 'sparseCategoricalCrossentropy',
    backend: 'cpu',
    logEvery: 1,
    plugins: [seed({ seed: 1 }), ...(folder === undefined ? [] : [checkpoint({ folder, every: { steps: 1 } })])],
  });
  trainer.on('step', ({ step, data: { loss } }) => {
    losses.push(loss);
    if (step === stopAt) controller.abort();
  });
  if (resume && folder !== undefined) await trainer.resume(folder);
  await trainer.fit(data, { epochs: 3, signal: controller.signal, ...options });
  const weights = await Promise.all((trainer.model as ReturnType<typeof smallClassifier>).getWeights().map(async (each) => [...(await each.data())]));
  return { dispose: () => trainer.dispose(), losses, weights };
}

describe('a fit from a loader', () => {
  it('comes to the same weights with 1, 2 and 3 threads, and learns', async () => {
    const runs = [await fit(await load()), await fit(await load({ workers: 2 })), await fit(await load({ workers: 3, prefetch: 1 }))];
    for (const { weights, losses, dispose } of runs) {
      expect(weights).toEqual(runs[0]?.weights);
      // 3 epochs of 8 batches.
      expect(losses).toHaveLength(24);
      expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
      await dispose();
    }
  });

  it('that was stopped in the midst of an epoch goes on with what an uninterrupted one would have got, without reading again', async () => {
    const folder = join(temporaryFolder({}), 'run');
    const whole = await fit(await load());
    const begun = await fit(await load(), {}, { folder, stopAt: 13 });
    const resumed = await fit(await load({ workers: 2 }), { resumeData: 'refuse' }, { folder, resume: true });
    expect([begun.losses.length, resumed.losses.length]).toEqual([13, 11]);
    expect([...begun.losses, ...resumed.losses]).toEqual(whole.losses);
    expect(resumed.weights).toEqual(whole.weights);
    await Promise.all([whole, begun, resumed].map(({ dispose }) => dispose()));
  });

  it('leaves no tensors, over all epochs and where it is stopped', async () => {
    const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', backend: 'cpu' });
    const data = await load();
    await trainer.fit(data, { epochs: 1 });
    expect(await tensorsLeftBy(() => trainer.fit(data, { epochs: 2, validation: data }))).toBe(0);
    trainer.on('step', () => trainer.stop('enough'), { once: 3 });
    expect(await tensorsLeftBy(() => trainer.fit(data, { epochs: 2 }))).toBe(0);
    await trainer.dispose();
  });

  it('with validation from another loader, twice, and evaluate() from it', async () => {
    const [data, validation] = [await load(), await load({ options: { samples: 32, busyMs: 0 }, shuffle: false })];
    const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], backend: 'cpu' });
    const [one, two] = [await trainer.fit(data, { epochs: 2, validation }), await trainer.fit(data, { epochs: 1, validation })];
    expect([one.steps, two.history.length]).toEqual([16, 1]);
    const { loss } = await trainer.evaluate(validation);
    // Noise at random is that of the epoch: that of the evaluation is the first.
    expect(Number.isFinite(loss)).toBe(true);
    await trainer.dispose();
  });

  it('finds its batches ready, though steps on cpu never let the event loop turn: the source is hidden behind them', async () => {
    const data = await load({ options: { samples: 512, busyMs: 1 } });
    const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', backend: 'cpu' });
    // A step that takes 10 ms where a batch takes 1 ms.
    trainer.hook('stepEnd', () => {
      const until = performance.now() + 10;
      while (performance.now() < until);
    });
    const before = data.stats;
    await trainer.fit(data, { epochs: 1 });
    const { taken, waited } = data.stats;
    await trainer.dispose();
    // 64 batches, and the one that was looked at before. A machine that has other things to do may be late for some.
    expect(taken - before.taken).toBe(65);
    expect(waited).toBeLessThan(32);
  });
});

describe('what a trainer knows of it', () => {
  it('is how many batches an epoch has, unless fit ends epochs or drops the last batch by itself', async () => {
    const data = await load({ options: { samples: 60, busyMs: 0 } });
    expect(openData(data).batchesPerEpoch).toBe(8);
    expect(openData(data, {}, { batchesPerEpoch: 3 }).batchesPerEpoch).toBe(3);
    expect(openData(data, {}, { dropLast: true }).batchesPerEpoch).toBeUndefined();
    expect(openData(() => clouds(4)).batchesPerEpoch).toBeUndefined();
    expect(openData(Object.assign(() => clouds(4), { batchesPerEpoch: 'many' as never })).batchesPerEpoch).toBeUndefined();
    expect(tf.getBackend()).toBe('cpu');
  });
});
