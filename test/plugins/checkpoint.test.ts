import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Trainer, type FitOptions, type TrainerOptions } from 'trainscope';
import { checkpointHandler } from 'trainscope/checkpoint';
import { checkpoint, earlyStopping } from 'trainscope/plugins';
import { tensorsLeftBy } from 'trainscope/testing';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

let folder: string;
beforeEach(async () => {
  await useBackend('cpu');
  folder = mkdtempSync(join(tmpdir(), 'trainscope-checkpoint-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** 40 samples in batches of 8: 5 steps an epoch. */
const data = clouds(40);
const names = (): readonly string[] => readdirSync(folder).toSorted();

interface Run {
  readonly trainer: Trainer;
  readonly events: { readonly event: string; readonly step: number; readonly data: Record<string, unknown> }[];
}

function trainerWith(options: Parameters<typeof checkpoint>[0], more: Partial<TrainerOptions> = {}): Run {
  const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', seed: 3, progress: false, ...more, plugins: [...(more.plugins ?? []), checkpoint({ folder, ...options })] });
  const events: Run['events'] = [];
  trainer.onAny(({ event, step, data: facts }) => events.push({ event, step, data: { ...facts } }));
  return { trainer: trainer as unknown as Trainer, events };
}

async function run(options: Parameters<typeof checkpoint>[0], fit: FitOptions, more: Partial<TrainerOptions> = {}): Promise<Run> {
  const made = trainerWith(options, more);
  await made.trainer.fit(data, { batchSize: 8, ...fit });
  await made.trainer.dispose();
  return made;
}

describe('when checkpoints are taken', () => {
  test('every 4 steps of 10: after 4 and 8, and one at the end', async () => {
    const { events } = await run({ every: { steps: 4 } }, { epochs: 2 });
    expect(events.filter(({ event }) => event === 'checkpoint').map(({ step, data: { name } }) => [step, name])).toEqual([
      [4, 'epoch-0001-step-00000004'],
      [8, 'epoch-0002-step-00000008'],
      [10, 'epoch-0002-end'],
    ]);
    expect(names()).toEqual(['epoch-0001-step-00000004', 'epoch-0002-end', 'epoch-0002-step-00000008']);
  });

  test('every 2 epochs of 5, and at the end, of which the last 2 are kept', async () => {
    const { events } = await run({ every: { epochs: 2 }, keepLast: 2 }, { epochs: 5 });
    expect(events.filter(({ event }) => event === 'checkpoint').map(({ data: { name } }) => name)).toEqual(['epoch-0002-end', 'epoch-0004-end', 'epoch-0005-end']);
    expect(names()).toEqual(['epoch-0004-end', 'epoch-0005-end']);
  });

  test('once for a place, though two cadences and the end of the fit fall on it', async () => {
    const { events } = await run({ every: { steps: 5, epochs: 1 }, atEnd: true }, { epochs: 1 });
    // After step 5, before the end of the epoch; and after it.
    expect(events.filter(({ event }) => event === 'checkpoint').map(({ data: { name } }) => name)).toEqual(['epoch-0001-step-00000005', 'epoch-0001-end']);
  });

  test('after so many minutes', async () => {
    // Any step takes longer than 60 microseconds.
    const { events } = await run({ every: { minutes: 1e-6 }, keepLast: 'all', atEnd: false }, { epochs: 1 });
    expect(events.filter(({ event }) => event === 'checkpoint').map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);
  });

  test('when a signal ends the fit: where it stood, with a record that a resumed run drops', async () => {
    const { trainer, events } = trainerWith({ every: {} });
    const control = new AbortController();
    trainer.hook('stepEnd', (_info, { step }) => {
      if (step === 7) control.abort();
    });
    const { reason } = await trainer.fit(data, { epochs: 3, batchSize: 8, signal: control.signal });
    await trainer.dispose();
    expect(reason).toBe('aborted');
    expect(names()).toEqual(['epoch-0002-step-00000007']);
    expect(events.map(({ event }) => event).slice(-2)).toEqual(['checkpoint', 'run-end']);
  });
});

describe('which checkpoints are kept', () => {
  test('the best 2 by the metric, the last 1, and every 3rd for good', async () => {
    const { events } = await run({ every: { epochs: 1 }, keepLast: 1, keepBest: 2, keepEvery: 3, monitor: 'val_loss' }, { epochs: 7, validation: data });
    const losses = events.filter(({ event }) => event === 'checkpoint').map(({ data: { metric, name } }) => ({ name: String(name), value: (metric as { value: number }).value }));
    expect(losses).toHaveLength(7);
    const best = losses.toSorted((a, b) => a.value - b.value).slice(0, 2).map(({ name }) => name);
    expect(names()).toEqual([...new Set([...best, 'epoch-0003-end', 'epoch-0006-end', 'epoch-0007-end'])].toSorted());
  });
});

describe('a checkpoint', () => {
  test('is read by tf.loadLayersModel, which predicts the same to the bit', async () => {
    const { trainer } = trainerWith({ every: { epochs: 1 } });
    await trainer.fit(data, { epochs: 1, batchSize: 8 });
    const inputs = tf.tensor(data.inputs.values, [40, 4]);
    const own = (trainer.model as LayersModel).predict(inputs) as tf.Tensor;
    const loaded = await loadLayersModel(checkpointHandler(join(folder, 'epoch-0001-end')));
    const theirs = loaded.predict(inputs) as tf.Tensor;
    expect([...theirs.dataSync()]).toEqual([...own.dataSync()]);
    tf.dispose([inputs, own, theirs]);
    loaded.dispose();
    await trainer.dispose();
  });

  test('leaves no tensors behind, taken or resumed', async () => {
    const once = async (): Promise<void> => {
      const { trainer } = trainerWith({ every: { steps: 2 } });
      await trainer.resume(folder, { missing: 'start' });
      const { epoch } = trainer.getState();
      await trainer.fit(data, { epochs: epoch + 2, batchSize: 8 });
      await trainer.dispose();
      (trainer.model as LayersModel).dispose();
    };
    await once();
    expect(await tensorsLeftBy(once)).toBe(0);
  });

  test('that is damaged is refused by name, and the one before it is used', async () => {
    await run({ every: { steps: 4 } }, { epochs: 2 });
    writeFileSync(join(folder, 'epoch-0002-end', 'weights.bin'), 'torn');
    const { trainer, events } = trainerWith({ every: { steps: 4 } });
    const resumed = await trainer.resume(folder);
    expect(resumed).toMatchObject({ name: 'epoch-0002-step-00000008', step: 8, attempt: 2, refused: [{ name: 'epoch-0002-end' }] });
    await trainer.fit(data, { epochs: 2, batchSize: 8 });
    await trainer.dispose();
    expect(events.filter(({ event }) => event === 'resume').map(({ data: { refused } }) => refused)).toEqual([resumed?.refused]);
  });
});

describe('going on', () => {
  test('after the end trains nothing more; with more epochs it goes on from there', async () => {
    await run({ every: { epochs: 1 } }, { epochs: 2 });
    const same = trainerWith({ every: { epochs: 1 } });
    await same.trainer.resume(folder);
    const nothing = await same.trainer.fit(data, { epochs: 2, batchSize: 8 });
    expect([nothing.reason, nothing.steps, nothing.history.length]).toEqual(['completed', 10, 2]);
    await same.trainer.dispose();

    const more = trainerWith({ every: { epochs: 1 } });
    await more.trainer.resume(folder);
    const further = await more.trainer.fit(data, { epochs: 3, batchSize: 8 });
    expect([further.reason, further.steps, further.history.length]).toEqual(['completed', 15, 3]);
    expect(more.events.filter(({ event }) => event === 'epoch-start').map(({ step }) => step)).toEqual([10]);
    await more.trainer.dispose();
  });

  test('a run that a plugin had stopped stays stopped, unless its options were changed', async () => {
    const stopping = (patience: number): Partial<TrainerOptions> => ({ plugins: [earlyStopping({ monitor: 'loss', mode: 'max', patience })] });
    const first = await run({}, { epochs: 9 }, stopping(2));
    const stoppedAt = first.events.filter(({ event }) => event === 'epoch-end').length;
    expect(stoppedAt).toBeLessThan(9);

    const again = trainerWith({}, stopping(2));
    await again.trainer.resume(folder);
    expect(await again.trainer.fit(data, { epochs: 9, batchSize: 8 })).toMatchObject({ reason: 'stopped', stoppedBy: 'earlyStopping', steps: stoppedAt * 5 });
    await again.trainer.dispose();

    const patient = trainerWith({}, stopping(4));
    await patient.trainer.resume(folder);
    expect(await patient.trainer.fit(data, { epochs: 9, batchSize: 8 })).toMatchObject({ steps: (stoppedAt + 2) * 5 });
    await patient.trainer.dispose();
  });

  test('without a checkpoint is an error, or a new run where one is asked for', async () => {
    const { trainer } = trainerWith({});
    await expect(trainer.resume(folder)).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
    expect(await trainer.resume(folder, { missing: 'start' })).toBeUndefined();
    expect(await trainer.fit(data, { batchSize: 8 })).toMatchObject({ reason: 'completed' });
    await expect(trainer.resume(folder)).rejects.toMatchObject({ code: 'STATE_INVALID' });
    await trainer.dispose();
  });

  const changes: Readonly<Record<string, [Partial<TrainerOptions>, string]>> = {
    'another seed': [{ seed: 4 }, 'CHECKPOINT_MISMATCH'],
    'another optimizer': [{ optimizer: 'sgd' }, 'WEIGHTS_MISMATCH'],
    'other metrics': [{ metrics: ['accuracy'] }, 'CHECKPOINT_MISMATCH'],
    'micro-batches': [{ accumulateSteps: 2 }, 'CHECKPOINT_MISMATCH'],
  };
  test.each(Object.entries(changes))('with %s is refused before the first step', async (_what, [more, code]) => {
    await run({ every: { steps: 3 }, atEnd: false }, { epochs: 1 });
    const { trainer, events } = trainerWith({}, more);
    await trainer.resume(folder);
    await expect(trainer.fit(data, { epochs: 1, batchSize: 8 })).rejects.toMatchObject({ code });
    expect(events.filter(({ event }) => event === 'step')).toEqual([]);
    await trainer.dispose();
  });

  test('in the midst of data that is cut into other batches is refused', async () => {
    await run({ every: { steps: 3 }, atEnd: false }, { epochs: 1 });
    const { trainer } = trainerWith({});
    await trainer.resume(folder);
    await expect(trainer.fit(data, { epochs: 1, batchSize: 4 })).rejects.toThrow('is from the middle of the data, with batches a pass: 5; now it is 10');
    await trainer.dispose();
  });
});

describe('what goes wrong with the folder', () => {
  test('that holds another run is told before the first step', async () => {
    await run({}, { epochs: 1 });
    const { trainer, events } = trainerWith({});
    await expect(trainer.fit(data, { batchSize: 8 })).rejects.toMatchObject({ code: 'CHECKPOINT_FOLDER_TAKEN' });
    expect(events.filter(({ event }) => event === 'step')).toEqual([]);
    await trainer.dispose();
  });

  test('whose path goes through a file is told before the first step', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { trainer } = trainerWith({ folder: join(folder, 'file', 'inner') });
    await expect(trainer.fit(data, { batchSize: 8 })).rejects.toMatchObject({ code: 'CHECKPOINT_UNWRITABLE' });
    await trainer.dispose();
  });

  test('that is taken away in the midst of the training is told, and the training goes on', async () => {
    const { trainer, events } = trainerWith({ every: { steps: 2 } });
    trainer.hook('stepEnd', (_info, { step }) => {
      if (step !== 3) return;
      rmSync(folder, { recursive: true, force: true });
      writeFileSync(folder, 'a file in its place');
    });
    expect(await trainer.fit(data, { epochs: 1, batchSize: 8 })).toMatchObject({ reason: 'completed', steps: 5 });
    await trainer.dispose();
    expect(events.filter(({ event }) => event === 'checkpoint-failed').at(-1)).toMatchObject({ data: { code: 'CHECKPOINT_UNWRITABLE' } });
    expect(existsSync(join(folder, 'epoch-0001-end'))).toBe(false);
  });
});
