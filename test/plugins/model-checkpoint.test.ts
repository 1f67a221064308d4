import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel, type LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Trainer, type DataSource, type FitOptions, type TrainerOptions } from 'trainscope';
import { modelHandler } from 'trainscope/checkpoint';
import { modelCheckpoint, weightAverage } from 'trainscope/plugins';
import { PluginHarness, tensorsLeftBy } from 'trainscope/testing';
import type { EpochInfo } from '../../src/plugin/hooks.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

let folder: string;
beforeEach(async () => {
  await useBackend('cpu');
  folder = mkdtempSync(join(tmpdir(), 'trainscope-models-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** 40 samples in batches of 8: 5 steps an epoch. */
const data = clouds(40);
type Options = Parameters<typeof modelCheckpoint>[0];

/** Options of a fit; validation null: none. */
type FitSettings = Omit<FitOptions, 'validation'> & { readonly validation?: DataSource | null };

async function run(options: Partial<NonNullable<Options>>, { validation = data, ...fit }: FitSettings = {}, more: Partial<TrainerOptions> = {}, before: (trainer: Trainer) => void = () => undefined) {
  const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', seed: 3, progress: false, ...more, plugins: [...(more.plugins ?? []), modelCheckpoint({ filepath: join(folder, 'm'), ...options })] }) as unknown as Trainer;
  const events: { readonly event: string; readonly step: number; readonly data: Record<string, unknown> }[] = [];
  trainer.onAny(({ event, step, data: facts }) => events.push({ event, step, data: { ...facts } }));
  before(trainer);
  const result = await trainer.fit(data, { batchSize: 8, epochs: 3, ...(validation === null ? {} : { validation }), ...fit });
  return { trainer, events, result, saved: events.filter(({ event }) => event === 'model-checkpoint') };
}

const valuesOf = (model: unknown): number[][] => (model as LayersModel).getWeights().map((weight) => [...weight.dataSync()]);

describe('what is saved', () => {
  test('at each epoch a folder that says which, of model.json and weights.bin alone', async () => {
    const { trainer, saved } = await run({ filepath: join(folder, 'at-{epoch:02d}') });
    expect(readdirSync(folder).toSorted()).toEqual(['at-01', 'at-02', 'at-03']);
    expect(readdirSync(join(folder, 'at-02')).toSorted()).toEqual(['model.json', 'weights.bin']);
    expect(saved.map(({ step, data: { path, saved: is } }) => [step, path, is])).toEqual([1, 2, 3].map((epoch) => [epoch * 5, join(folder, `at-0${String(epoch)}`), true]));
    // 4 * 8 + 8 + 8 * 2 + 2 floats.
    expect(readFileSync(join(folder, 'at-02', 'weights.bin'))).toHaveLength(58 * 4);
    expect(saved[0]?.data['bytes']).toBe(readFileSync(join(folder, 'at-01', 'weights.bin')).length + readFileSync(join(folder, 'at-01', 'model.json')).length);
    await trainer.dispose();
  });

  test('is read by tf.loadLayersModel, with the weights of the trained model to the bit', async () => {
    const { trainer } = await run({});
    const loaded = await loadLayersModel(modelHandler(join(folder, 'm')));
    expect(valuesOf(loaded)).toEqual(valuesOf(trainer.model));
    loaded.dispose();
    await trainer.dispose();
  });

  test('is in the format that TensorFlow.js reads files of: topology, and a manifest of weights.bin', async () => {
    const { trainer } = await run({});
    const json = JSON.parse(readFileSync(join(folder, 'm', 'model.json'), 'utf8')) as { modelTopology: object; weightsManifest: tf.io.WeightsManifestConfig };
    const bytes = readFileSync(join(folder, 'm', 'weights.bin'));
    expect(json.weightsManifest.map(({ paths }) => paths)).toEqual([['weights.bin']]);
    const loaded = await loadLayersModel(
      tf.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs: json.weightsManifest.flatMap(({ weights }) => weights), weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) }),
    );
    expect(valuesOf(loaded)).toEqual(valuesOf(trainer.model));
    loaded.dispose();
    await trainer.dispose();
  });

  test('with saveWeightsOnly has no topology; the weights go into a model of the same code', async () => {
    const { trainer } = await run({ saveWeightsOnly: true });
    expect(JSON.parse(readFileSync(join(folder, 'm', 'model.json'), 'utf8'))).toMatchObject({ modelTopology: null });
    const fresh = smallClassifier();
    const { weightData, weightSpecs } = await modelHandler(join(folder, 'm')).load();
    const weights = tf.io.decodeWeights(weightData, weightSpecs);
    // The names that TensorFlow.js makes up count the layers of the process.
    const own = fresh.weights.map(({ name }) => name);
    fresh.loadWeights(Object.fromEntries(Object.values(weights).map((tensor, i) => [own[i] ?? '', tensor])));
    expect(valuesOf(fresh)).toEqual(valuesOf(trainer.model));
    tf.dispose(weights);
    fresh.dispose();
    await trainer.dispose();
  });

  test('every 4 steps of 15: at 4, 8 and 12', async () => {
    const { trainer, saved } = await run({ saveFreq: 4, filepath: join(folder, 's-{step}') }, { validation: null });
    expect(saved.map(({ step }) => step)).toEqual([4, 8, 12]);
    expect(readdirSync(folder).toSorted()).toEqual(['s-12', 's-4', 's-8']);
    await trainer.dispose();
  });

  test('with weightAverage are the averages that were validated', async () => {
    const seen: number[][][] = [];
    const { trainer } = await run({ filepath: join(folder, 'm') }, { epochs: 2 }, { plugins: [weightAverage({ useFor: 'validation' })] }, (made) => {
      made.hook('validationEnd', () => void seen.push(valuesOf(made.model)));
    });
    const loaded = await loadLayersModel(modelHandler(join(folder, 'm')));
    expect(valuesOf(loaded)).toEqual(seen.at(-1));
    expect(valuesOf(loaded)).not.toEqual(valuesOf(trainer.model));
    loaded.dispose();
    await trainer.dispose();
  });
});

describe('saveBestOnly', () => {
  const epochInfo = (loss: number | null): EpochInfo => ({ metrics: { loss: 1 }, validation: loss === null ? null : { loss }, steps: 1, samples: 1, milliseconds: 1 });
  async function feed(options: Partial<NonNullable<Options>>, losses: readonly (number | null)[]) {
    const harness = new PluginHarness(modelCheckpoint({ filepath: 'm', saveBestOnly: true, ...options }));
    for (const loss of losses) {
      harness.fields.epoch += 1;
      await harness.call('epochEnd', epochInfo(loss));
    }
    return harness;
  }
  const savedAt = (harness: PluginHarness): boolean[] => harness.dataOf('model-checkpoint').map(({ saved }) => saved === true);

  test('saves where the loss is below all before, which an equal one is not', async () => {
    const harness = await feed({}, [5, 4, 4, 6, 3]);
    expect(savedAt(harness)).toEqual([true, true, false, false, true]);
    expect(harness.modelCalls).toEqual(['save m', 'save m', 'save m']);
    expect(harness.dataOf('model-checkpoint').map(({ best, bestEpoch }) => [best, bestEpoch])).toEqual([[5, 1], [4, 2], [4, 2], [4, 2], [3, 5]]);
    expect(harness.context.state).toEqual({ best: { value: 3, epoch: 5, step: 0 } });
  });

  test('in mode max saves where it is above', async () => {
    expect(savedAt(await feed({ mode: 'max' }, [1, 2, 1, 3]))).toEqual([true, true, false, true]);
  });

  test('saves nothing that does not beat the initial threshold', async () => {
    expect(savedAt(await feed({ initialValueThreshold: 2 }, [3, 2, 1.9, 1.95]))).toEqual([false, false, true, false]);
  });

  test('takes NaN for no improvement, the first one neither', async () => {
    expect(savedAt(await feed({}, [Number.NaN, 2, Number.NaN, 1]))).toEqual([false, true, false, true]);
  });

  test('lets an epoch without validation pass', async () => {
    expect(savedAt(await feed({}, [2, null, null, 1]))).toEqual([true, true]);
  });

  test('what could not be written is not the best: a worse one that beats the one before is saved', async () => {
    const harness = new PluginHarness(modelCheckpoint({ filepath: 'm', saveBestOnly: true }));
    const save = (fails: boolean) => ((harness.context['models'] as { save: unknown }).save = () => Promise.resolve({ bytes: 1, written: fails ? Promise.reject(Object.assign(new Error('no room'), { code: 'CHECKPOINT_UNWRITABLE' })) : Promise.resolve() }));
    for (const [loss, fails] of [[5, false], [3, true], [4, false]] as const) {
      save(fails);
      harness.fields.epoch += 1;
      await harness.call('epochEnd', epochInfo(loss));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(savedAt(harness)).toEqual([true, true, true]);
    expect(harness.dataOf('model-checkpoint-failed')).toEqual([{ path: 'm', message: 'no room', code: 'CHECKPOINT_UNWRITABLE' }]);
    expect(harness.context.state).toEqual({ best: { value: 4, epoch: 3, step: 0 } });
  });

  test('in a training leaves the model of the epoch with the lowest val_loss', async () => {
    const weights: number[][][] = [];
    const losses: number[] = [];
    const { trainer } = await run({ saveBestOnly: true }, { epochs: 6 }, { optimizer: { name: 'sgd', learningRate: 30 } }, (made) => {
      made.hook('epochEnd', ({ validation }) => {
        weights.push(valuesOf(made.model));
        losses.push(validation?.loss ?? Number.NaN);
      });
    });
    const loaded = await loadLayersModel(modelHandler(join(folder, 'm')));
    const best = losses.indexOf(Math.min(...losses));
    expect(valuesOf(loaded)).toEqual(weights[best]);
    loaded.dispose();
    await trainer.dispose();
  });
});

describe('what goes wrong', () => {
  test('a folder that holds anything else is refused before the first step, and is as it was', async () => {
    mkdirSync(join(folder, 'm'));
    writeFileSync(join(folder, 'm', 'thesis.tex'), 'mine');
    await expect(run({})).rejects.toMatchObject({ code: 'CHECKPOINT_FOLDER_TAKEN' });
    expect(readFileSync(join(folder, 'm', 'thesis.tex'), 'utf8')).toBe('mine');
  });

  test('a file in its place is refused, and is as it was', async () => {
    writeFileSync(join(folder, 'm'), 'mine');
    await expect(run({})).rejects.toMatchObject({ code: 'CHECKPOINT_FOLDER_TAKEN' });
    expect(readFileSync(join(folder, 'm'), 'utf8')).toBe('mine');
  });

  test('a path through a file is told before the first step', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(run({ filepath: join(folder, 'file', 'inner', 'm') })).rejects.toMatchObject({ code: 'CHECKPOINT_UNWRITABLE' });
  });

  test('a folder that is taken away in the midst is told, and the training goes on', async () => {
    const { result, events, trainer } = await run({ filepath: join(folder, 'models', 'at-{epoch}') }, {}, {}, (made) => {
      made.hook('stepEnd', (_info, { step }) => {
        if (step !== 7) return;
        rmSync(join(folder, 'models'), { recursive: true });
        writeFileSync(join(folder, 'models'), 'a file in its place');
      });
    });
    expect(result).toMatchObject({ reason: 'completed', steps: 15 });
    // The one of the first epoch may be on its way still.
    const failed = events.filter(({ event }) => event === 'model-checkpoint-failed').map(({ data: { path, code } }) => [path, code]);
    expect(failed.slice(-2)).toEqual([2, 3].map((epoch) => [join(folder, 'models', `at-${String(epoch)}`), 'CHECKPOINT_UNWRITABLE']));
    await trainer.dispose();
  });

  test('what a process that died left half done is cleared away, and what it was about to replace comes back', async () => {
    const { trainer } = await run({ filepath: join(folder, 'my model 1.5') }, { epochs: 1 });
    await trainer.dispose();
    const other = 2 ** 22 + 1; // above the largest process id of Linux: no process
    mkdirSync(join(folder, `.tmp-${String(other)}-00000000-my model 1.5`));
    mkdirSync(join(folder, `.old-${String(other)}-00000000-the one before`));
    const again = await run({ filepath: join(folder, 'my model 1.5') }, { epochs: 1 });
    await again.trainer.dispose();
    expect(readdirSync(folder).toSorted()).toEqual(['my model 1.5', 'the one before']);
  });

  test.each([
    [{ filepath: 'm-{val_loss:04d}' }, 'writes a metric as a whole number'],
    [{ filepath: 'm', saveBestOnly: true, monitor: 'mystery' }, 'does not tell whether it is to fall or to rise'],
    [{ filepath: 'm', initialValueThreshold: 1 }, 'set saveBestOnly to true'],
    [{}, 'filepath'],
    [{ filepath: 'm', saveFreq: 0 }, 'saveFreq'],
  ])('%j is refused: %s', (options, why) => {
    expect(() => modelCheckpoint(options as never)).toThrow(why);
  });

  test('a metric of the path that is not measured, and a missing validation, are told before the first step', async () => {
    await expect(run({ filepath: join(folder, 'm-{accuracy:.2f}') })).rejects.toMatchObject({ code: 'PLUGIN_REQUIRES' });
    await expect(run({ saveBestOnly: true }, { validation: null })).rejects.toMatchObject({ code: 'PLUGIN_REQUIRES' });
    expect(existsSync(join(folder, 'm'))).toBe(false);
  });

  test('modelHandler tells a missing and a cut file by name', async () => {
    const { trainer } = await run({});
    await trainer.dispose();
    writeFileSync(join(folder, 'm', 'weights.bin'), 'torn');
    await expect(modelHandler(join(folder, 'm')).load()).rejects.toMatchObject({ code: 'CHECKPOINT_TORN', message: expect.stringContaining('weights.bin') as unknown });
    rmSync(join(folder, 'm', 'model.json'));
    await expect(modelHandler(join(folder, 'm')).load()).rejects.toMatchObject({ code: 'CHECKPOINT_TORN', message: expect.stringContaining('model.json') as unknown });
  });

  test('no tensors are left', async () => {
    const once = async (): Promise<void> => {
      const { trainer } = await run({ saveFreq: 2 });
      await trainer.dispose();
      (trainer.model as LayersModel).dispose();
    };
    await once();
    expect(await tensorsLeftBy(once)).toBe(0);
  });
});
