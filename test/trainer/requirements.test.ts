import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { Trainer, type TrainerOptions } from 'trainscope';
import { definePlugin } from 'trainscope/plugin';
import { checkpoint, confusionMatrix, csvLogger, histograms, modelCheckpoint, predictionDynamics, timer, throughput, weightAverage } from 'trainscope/plugins';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

const data = clouds(16);
const fit = async (plugins: TrainerOptions['plugins'], more: Partial<TrainerOptions> = {}): Promise<{ readonly steps: number; readonly error: unknown }> => {
  const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', progress: false, ...more, ...(plugins === undefined ? {} : { plugins }) });
  let steps = 0;
  trainer.on('step', () => void (steps += 1));
  const error: unknown = await trainer.fit(data, { epochs: 2, batchSize: 8, validation: data }).then(() => undefined, (thrown: unknown) => thrown);
  await trainer.dispose();
  return { steps, error };
};

beforeEach(() => useBackend('cpu'));

describe('before the first step', () => {
  test.each<[string, () => TrainerOptions['plugins'], object]>([
    ['two averages', () => [weightAverage({ useFor: 'end' }), weightAverage({ useFor: 'end' }, { name: 'second' })], { code: 'PLUGIN_DUPLICATE', plugin: 'second' }],
    ['two plugins that write to one folder', () => [checkpoint({ folder: join(tmpdir(), 'trainscope-same') }), modelCheckpoint({ filepath: join(tmpdir(), 'x', '..', 'trainscope-same') })], { code: 'PLUGIN_DUPLICATE' }],
    ['an output that is not there', () => [confusionMatrix({ outputs: ['zz'] })], { code: 'OPTIONS_INVALID' }],
    ['names for another number of classes', () => [confusionMatrix({ classes: ['a', 'b', 'c', 'd', 'e'] })], { code: 'OPTIONS_INVALID' }],
    ['yes or no of an output of classes', () => [confusionMatrix({ task: 'binary' })], { code: 'OPTIONS_INVALID' }],
    ['a layer that is not there', () => [histograms({ layers: ['nope'] })], { code: 'OPTIONS_INVALID' }],
    ['a task for an output that is not there', () => [predictionDynamics({ task: { zz: 'binary' } })], { code: 'OPTIONS_INVALID' }],
    ['a table of somebody else', () => [csvLogger({ filename: 'package.json', append: true })], { code: 'OPTIONS_INVALID' }],
  ])('%s: refused, though the plugin only observes', async (_, plugins, expected) => {
    const { steps, error } = await fit(plugins());
    expect(error).toMatchObject(expected);
    expect(steps).toBe(0);
  });
});

describe('after a fit that failed', () => {
  test('timer and throughput begin anew', async () => {
    let broken = true;
    const breaking = definePlugin({
      name: 'breaking',
      summary: 'Throws.',
      role: 'steer',
      hooks: () => ({
        stepEnd(_info, { step }) {
          if (broken && step === 3) throw new Error('broken');
        },
      }),
    });
    const trainer = new Trainer({
      model: smallClassifier,
      loss: 'sparseCategoricalCrossentropy',
      progress: false,
      plugins: [timer(), throughput(), breaking()],
    });
    await expect(trainer.fit(data, { epochs: 4, batchSize: 8 })).rejects.toThrow();
    broken = false;
    const told: Record<string, unknown> = {};
    trainer.onAny(({ event, data: facts }) => (told[event] = facts));
    await trainer.fit(data, { epochs: 1, batchSize: 8 });
    expect(told['timer']).toMatchObject({ steps: 2, processes: 1 });
    expect(told['throughput']).toMatchObject({ overall: { steps: 2 } });
    await trainer.dispose();
  });
});
