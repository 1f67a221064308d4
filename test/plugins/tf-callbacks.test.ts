import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Callback, callbacks as tfCallbacksOf, CustomCallback, layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Trainer, type FitOptions, type FitResult, type TrainerOptions } from 'trainscope';
import { checkpoint, tfCallbacks, type TfCallback } from 'trainscope/plugins';
import { tensorsLeftBy } from 'trainscope/testing';
import { useBackend } from '../support/backends.js';
import { countReads } from '../support/counting-reads.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeEach(() => useBackend('cpu'));

/** 20 samples in batches of 8: 3 steps an epoch, of 8, 8 and 4. */
const data = clouds(20);

async function run(callbacks: unknown, fit: FitOptions = {}, more: Partial<TrainerOptions> = {}): Promise<FitResult> {
  const trainer = new Trainer({
    model: smallClassifier,
    loss: 'sparseCategoricalCrossentropy',
    metrics: ['accuracy'],
    seed: 1,
    progress: false,
    ...more,
    plugins: [tfCallbacks({ callbacks: callbacks as TfCallback[] })],
  });
  try {
    return await trainer.fit(data, { batchSize: 8, ...fit });
  } finally {
    await trainer.dispose();
  }
}

/** A callback that notes its calls, in either of the forms that model.fit takes. */
const named = ['onTrainBegin', 'onTrainEnd', 'onEpochBegin', 'onEpochEnd', 'onBatchBegin', 'onBatchEnd'] as const;
function noting(calls: string[], name = ''): Record<(typeof named)[number], (...given: unknown[]) => void> {
  return Object.fromEntries(named.map((hook) => [hook, (...given: unknown[]) => calls.push(`${name}${hook}${typeof given[0] === 'number' ? ` ${String(given[0])}` : ''}`)])) as never;
}

describe('order', () => {
  test('a plain object hears what model.fit would call, epochs and batches from 0', async () => {
    const calls: string[] = [];
    await run([noting(calls)], { epochs: 2 });
    const epoch = (at: number): string[] => [`onEpochBegin ${String(at)}`, ...[0, 1, 2].flatMap((batch) => [`onBatchBegin ${String(batch)}`, `onBatchEnd ${String(batch)}`]), `onEpochEnd ${String(at)}`];
    expect(calls).toEqual(['onTrainBegin', ...epoch(0), ...epoch(1), 'onTrainEnd']);
  });

  test('the same calls as model.fit itself makes, of the same callback', async () => {
    const ours: string[] = [];
    await run([noting(ours)], { epochs: 2 });
    const theirs: string[] = [];
    const model = smallClassifier();
    model.compile({ loss: 'sparseCategoricalCrossentropy', optimizer: 'adam' });
    const x = tf.tensor(data.inputs.values, data.inputs.shape);
    const y = tf.tensor2d(data.labels, [20, 1], 'float32');
    await model.fit(x, y, { epochs: 2, batchSize: 8, callbacks: noting(theirs) });
    expect(ours).toEqual(theirs);
    tf.dispose([x, y]);
    model.dispose();
  });

  test('several are called one after the other at each place, and wait for each other', async () => {
    const calls: string[] = [];
    const slow = { onEpochEnd: async () => new Promise<void>((done) => setTimeout(() => {
    calls.push('slow');
    done();
  }, 5)) };
    await run([slow, { onEpochEnd: () => calls.push('quick') }]);
    expect(calls).toEqual(['slow', 'quick']);
  });

  test('a second fit counts its epochs from 0 again', async () => {
    const epochs: number[] = [];
    const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', progress: false, plugins: [tfCallbacks({ callbacks: { onEpochEnd: (epoch: number) => void epochs.push(epoch) } })] });
    await trainer.fit(data, { epochs: 2 });
    await trainer.fit(data, { epochs: 1 });
    await trainer.dispose();
    expect(epochs).toEqual([0, 1, 0]);
  });
});

describe('logs', () => {
  test('those of an epoch are the numbers of the history, accuracy under the name acc too, val_ in front for the validation', async () => {
    const seen: Record<string, number>[] = [];
    const { history } = await run([{ onEpochEnd: (_epoch: number, logs: Record<string, number>) => seen.push({ ...logs }) }], { epochs: 2, validation: clouds(8, 5) });
    expect(seen).toEqual(
      history.map(({ metrics, validation }) => ({
        loss: metrics['loss'],
        accuracy: metrics['accuracy'],
        acc: metrics['accuracy'],
        val_loss: validation?.['loss'],
        val_accuracy: validation?.['accuracy'],
        val_acc: validation?.['accuracy'],
      })),
    );
  });

  test('those of a batch hold its place, its size and its own loss, and nothing of the validation', async () => {
    const seen: Record<string, number>[] = [];
    const { history } = await run([{ onBatchEnd: (_batch: number, logs: Record<string, number>) => seen.push({ ...logs }) }], { validation: clouds(8, 5) });
    expect(seen.map(({ batch, size }) => [batch, size])).toEqual([[0, 8], [1, 8], [2, 4]]);
    expect(seen.every((logs) => Object.keys(logs).sort().join() === 'acc,accuracy,batch,loss,size')).toBe(true);
    // The mean over an epoch is that of its batches, each with its samples.
    const mean = seen.reduce((sum, { loss = NaN, size = NaN }) => sum + loss * size, 0) / 20;
    expect(mean).toBeCloseTo(history[0]?.metrics['loss'] ?? NaN, 6);
  });

  test('all callbacks of one call share the logs, and those of the next call are new', async () => {
    const seen: Record<string, number>[] = [];
    const add = { onEpochEnd: (_: number, logs: Record<string, number>) => void (logs['mine'] = 7) };
    await run([add, { onEpochEnd: (_: number, logs: Record<string, number>) => void seen.push(logs) }], { epochs: 2 });
    expect(seen.map((logs) => logs['mine'])).toEqual([7, 7]);
    expect(seen[0]).not.toBe(seen[1]);
  });

  test('steps are read for callbacks of batches alone', async () => {
    const readsWith = async (callbacks: unknown): Promise<number> => {
      const reads = countReads();
      try {
        await run(callbacks, { epochs: 2 }, { logEvery: 1000 });
        return reads.reads();
      } finally {
        reads.stop();
      }
    };
    const without = await readsWith([{ onEpochEnd: () => undefined }]);
    const empty = await readsWith([new (class extends Callback {})()]);
    const withBatches = await readsWith([{ onBatchEnd: () => undefined }]);
    expect(empty).toBe(without);
    // Losses lie in the host's memory, and are had in each step; being due is one measurement more in each of the 6.
    expect(withBatches - without).toBe(6);
  });
});

describe('instances', () => {
  test('tf.callbacks.earlyStopping stops where Keras would: patience 2 after the best epoch', async () => {
    // A rate of 0: the loss never improves after the first epoch.
    const result = await run([tfCallbacksOf.earlyStopping({ monitor: 'loss', patience: 2, minDelta: 1e-3 })], { epochs: 10 }, { optimizer: { name: 'sgd', learningRate: 0 } });
    expect([result.reason, result.stoppedBy, result.message, result.history.length]).toEqual(['stopped', 'tfCallbacks', 'callbacks[0] (EarlyStopping) set model.stopTraining', 3]);
  });

  test('earlyStopping finds val_acc under the name that tfjs-layers gives it', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const result = await run([tfCallbacksOf.earlyStopping({ monitor: 'val_acc', patience: 1 })], { epochs: 10, validation: data }, { optimizer: { name: 'sgd', learningRate: 0 } });
    expect([result.history.length, warn.mock.calls.length]).toEqual([2, 0]);
    warn.mockRestore();
  });

  test('a subclass of tf.Callback gets the model and the parameters', async () => {
    let seen: unknown;
    class Mine extends Callback {
      override async onTrainBegin(): Promise<void> {
        const { model, params } = this as unknown as { model: LayersModel; params: unknown };
        seen = { layers: model.layers.length, params };
      }
    }
    await run([new Mine()], { epochs: 3, validation: data });
    expect(seen).toEqual({
      layers: 2,
      params: { epochs: 3, initialEpoch: 0, samples: null, steps: 3, batchSize: null, verbose: 0, doValidation: true, metrics: ['loss', 'accuracy', 'acc', 'val_loss', 'val_accuracy', 'val_acc'] },
    });
  });

  test('plain objects stand beside instances in any order, which model.fit refuses', async () => {
    const calls: string[] = [];
    await run([tfCallbacksOf.earlyStopping({ monitor: 'loss' }), { onTrainEnd: () => calls.push('plain') }, new CustomCallback({ onTrainEnd: () => void calls.push('custom') }, 'never')]);
    expect(calls).toEqual(['plain', 'custom']);
  });

  test('one alone needs no array', async () => {
    const ends = vi.fn();
    await run({ onEpochEnd: ends });
    expect(ends).toHaveBeenCalledTimes(1);
  });

  test('what tfvis.show.fitCallbacks gives is such an object: it draws the history of epochs and batches', async () => {
    // The package needs a document to draw in. Its object has these two functions (tfjs-vis 1.5, show/history).
    const drawn: Record<string, number[]> = { onEpochEnd: [], onBatchEnd: [] };
    const fitCallbacks = (metrics: readonly string[]): Record<string, (at: number, logs: Record<string, number>) => Promise<void>> =>
      Object.fromEntries(['onEpochEnd', 'onBatchEnd'].map((hook) => [hook, async (_at: number, logs: Record<string, number>) => metrics.forEach((name) => drawn[hook]?.push(logs[name] ?? NaN))]));
    await run(fitCallbacks(['loss', 'acc']), { epochs: 2 });
    expect([drawn['onEpochEnd']?.length, drawn['onBatchEnd']?.length]).toEqual([4, 12]);
    expect(Object.values(drawn).flat().every(Number.isFinite)).toBe(true);
  });

  test('onYield is called of a plain object, with epoch, batch and logs', async () => {
    const yields: unknown[] = [];
    let now = 0;
    const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', progress: false, plugins: [tfCallbacks({ callbacks: { onYield: (...given: unknown[]) => void yields.push(given.slice(0, 2)), nowFunc: () => (now += 1000) } as never, yieldEvery: 500 })] });
    await trainer.fit(data, { batchSize: 8 });
    await trainer.dispose();
    expect(yields).toEqual([[0, 0], [0, 1], [0, 2]]);
  });
});

test('a resumed fit goes on with the epochs of its fit and knows its metrics, and calls the callbacks anew', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trainscope-tf-callbacks-'));
  const seen: unknown[] = [];
  const noteParams = class extends Callback {
    override async onTrainBegin(): Promise<void> {
      const { params } = this as unknown as { params: { initialEpoch: number; metrics: string[] } };
      seen.push([params.initialEpoch, params.metrics]);
    }
    override async onEpochBegin(epoch: number): Promise<void> {
      seen.push(epoch);
    }
  };
  const trainer = (): Trainer =>
    new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], seed: 1, progress: false, plugins: [tfCallbacks({ callbacks: new noteParams() }), checkpoint({ folder })] }) as unknown as Trainer;
  const first = trainer();
  const stop = new AbortController();
  first.on('epoch-end', () => stop.abort());
  await first.fit(data, { epochs: 3, signal: stop.signal });
  await first.dispose();
  const second = trainer();
  await second.resume(folder);
  await second.fit(data, { epochs: 3 });
  await second.dispose();
  rmSync(folder, { recursive: true });
  const metrics = ['loss', 'accuracy', 'acc'];
  expect(seen).toEqual([[0, metrics], 0, [1, metrics], 1, 2]);
});

describe('ending', () => {
  test('model.stopTraining set at the end of a batch ends the fit after that step, and the epoch has no end', async () => {
    const calls: string[] = [];
    class Stop extends Callback {
      override async onBatchEnd(batch: number): Promise<void> {
        if (batch === 1) (this as unknown as { model: LayersModel }).model.stopTraining = true;
      }
    }
    const result = await run([new Stop(), noting(calls)], { epochs: 5 });
    expect([result.reason, result.steps, result.history.length]).toEqual(['stopped', 2, 0]);
    expect(calls.at(-1)).toBe('onTrainEnd');
    expect(calls).not.toContain('onEpochEnd 0');
  });

  test('the flag of an earlier fit does not end the next one', async () => {
    const model = smallClassifier();
    const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', progress: false, plugins: [tfCallbacks({ callbacks: { onEpochEnd: (epoch: number) => void (model.stopTraining = epoch === 0 && stop) } })] });
    let stop = true;
    expect((await trainer.fit(data, { epochs: 3 })).history).toHaveLength(1);
    stop = false;
    expect((await trainer.fit(data, { epochs: 3 })).history).toHaveLength(3);
    await trainer.dispose();
    model.dispose();
  });

  test('a callback that throws fails the run, with its place; with onError disable the training goes on', async () => {
    const bad = { onEpochEnd: () => Promise.reject(new Error('no disk')) };
    await expect(run([bad])).rejects.toMatchObject({ code: 'PLUGIN_FAILED', plugin: 'tfCallbacks', hook: 'epochEnd' });
    const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', progress: false, plugins: [tfCallbacks({ callbacks: bad }, { onError: 'disable' })] });
    expect((await trainer.fit(data, { epochs: 2 })).history).toHaveLength(2);
    await trainer.dispose();
  });

  test('onTrainEnd is called once, also when the training fails', async () => {
    for (const failing of [false, true]) {
      const ends = vi.fn();
      const attempt = run([{ onTrainEnd: ends, ...(failing ? { onEpochEnd: () => Promise.reject(new Error('x')) } : {}) }]);
      await (failing ? expect(attempt).rejects.toThrow() : attempt);
      expect(ends).toHaveBeenCalledTimes(1);
    }
  });
});

test('a model written by hand is stood in for by an object with stopTraining alone', async () => {
  const w = tf.variable(tf.zeros([4, 2]));
  const trainer = new Trainer({
    model: { forward: (x: tf.Tensor) => tf.softmax(tf.matMul(x as tf.Tensor2D, w as unknown as tf.Tensor2D)), trainableWeights: { w } },
    loss: 'sparseCategoricalCrossentropy',
    optimizer: { name: 'sgd', learningRate: 0 },
    progress: false,
    plugins: [tfCallbacks({ callbacks: tfCallbacksOf.earlyStopping({ monitor: 'loss', patience: 1, minDelta: 1e-3 }) })],
  });
  expect((await trainer.fit(data, { epochs: 9 })).history).toHaveLength(2);
  await trainer.dispose();
  w.dispose();
});

test('no tensor is left', async () => {
  const model = sequential({ layers: [layers.dense({ units: 2, activation: 'softmax', inputShape: [4] })] });
  const fit = async (): Promise<void> => {
    const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', progress: false, plugins: [tfCallbacks({ callbacks: [noting([]), tfCallbacksOf.earlyStopping({ monitor: 'loss' })] })] });
    await trainer.fit(data, { epochs: 2, batchSize: 8 });
    await trainer.dispose();
  };
  expect(await tensorsLeftBy(fit)).toBe(0);
  model.dispose();
});

describe('refused before the training', () => {
  const refusal = (callbacks: unknown): string => {
    try {
      tfCallbacks({ callbacks: callbacks as TfCallback[] });
    } catch (error) {
      expect(error).toMatchObject({ code: 'OPTIONS_INVALID' });
      return (error as Error).message;
    }
    throw new Error('was not refused');
  };
  test('a function that TensorFlow.js never calls is told with those that it calls', () => {
    expect(refusal([{ onEpochEnds: () => undefined }])).toMatch(/"onEpochEnds" is nothing that TensorFlow\.js calls; it calls onTrainBegin, /);
  });
  test('a callback within an object, which model.fit passes over in silence', () => {
    expect(refusal([{ earlyStopping: tfCallbacksOf.earlyStopping() }])).toMatch(/"earlyStopping" is nothing that TensorFlow\.js calls/);
  });
  test.each([[[]], [[null]], [['onEpochEnd']], [[{}]], [undefined], [[() => undefined]]])('%j', (callbacks) => {
    expect(refusal(callbacks).length).toBeGreaterThan(20);
  });
});
