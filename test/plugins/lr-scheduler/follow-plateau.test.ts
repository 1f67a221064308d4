import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { lrScheduler, type PlateauSpec } from '../../../plugins/lr-scheduler.js';
import { PluginHarness } from '../../../src/testing/index.js';
import { Trainer } from '../../../src/trainer/trainer.js';
import { useBackend } from '../../support/backends.js';
import { epoch, fitEnd, fitStart, saved, startEpoch, step } from './drive.js';

type Options = Omit<PlateauSpec, 'kind'>;
const plateau = (options: Options = {}, per?: 'step' | 'epoch') => lrScheduler({ schedule: { kind: 'reduceOnPlateau', ...options }, per });

async function started(plugin: ReturnType<typeof plateau>, fields: { step?: number; epoch?: number; learningRate?: number } = {}, state?: unknown): Promise<PluginHarness> {
  const harness = new PluginHarness(plugin, { learningRate: 1, ...fields });
  if (state !== undefined) harness.context.state = plugin.bind().parseState(state);
  await harness.call('fitStart', fitStart());
  return harness;
}

/** The learning rate of each epoch, for a validation loss at the end of each; null for none. */
async function rates(harness: PluginHarness, losses: readonly (number | null)[]): Promise<(number | undefined)[]> {
  const found: (number | undefined)[] = [];
  for (const loss of losses) found.push((await epoch(harness, {}, loss === null ? null : { loss }))[0]);
  return found;
}

describe('by epochs', () => {
  test('a patience of 1 bears one bad loss, and halves the rate at the second for the epoch after it', async () => {
    const harness = await started(plateau({ factor: 0.5, patience: 1 }));
    expect(await rates(harness, [3, 3, 3, 2, 2, 2, 2])).toEqual([1, 1, 1, 0.5, 0.5, 0.5, 0.25]);
  });

  test('a cooldown of 2 leaves the two losses after a reduction out of account', async () => {
    const harness = await started(plateau({ factor: 0.5, patience: 0, cooldown: 2 }));
    expect(await rates(harness, [3, 3, 3, 3, 3, 3])).toEqual([1, 1, 0.5, 0.5, 0.5, 0.25]);
  });

  test('epochs without validation are not counted', async () => {
    const harness = await started(plateau({ factor: 0.5, patience: 1 }));
    expect(await rates(harness, [3, null, 3, null, 3, null])).toEqual([1, 1, 1, 1, 1, 0.5]);
  });

  test('an accuracy is to rise without a mode being given: 0.1 for the first drop, nothing for the rise before it', async () => {
    const harness = await started(plateau({ monitor: 'accuracy', patience: 0 }));
    const found: (number | undefined)[] = [];
    for (const accuracy of [0.5, 0.6, 0.55, 0.7]) found.push((await epoch(harness, { accuracy }))[0]);
    expect(found).toEqual([1, 1, 1, 0.1]);
  });

  test('a learning rate of its own is set before the first step, and minLr ends the reductions', async () => {
    const harness = await started(plateau({ learningRate: 0.4, factor: 0.5, patience: 0, minLr: 0.15 }));
    expect(await rates(harness, [3, 3, 3, 3])).toEqual([0.4, 0.4, 0.2, 0.15]);
  });

  test('it reduces from the rate that another plugin has set', async () => {
    const harness = await started(plateau({ factor: 0.5, patience: 0 }));
    await rates(harness, [3]);
    harness.fields.learningRate = 0.6;
    expect(await rates(harness, [3, 3])).toEqual([0.6, 0.3]);
  });

  test('the event names metric, value and count', async () => {
    const harness = await started(plateau({ factor: 0.5, patience: 0 }));
    await rates(harness, [3, 4]);
    expect(harness.dataOf('learning-rate')).toEqual([
      { learningRate: 1, previous: 1, count: 0, per: 'epoch', reason: 'start' },
      { learningRate: 0.5, previous: 1, count: 2, per: 'epoch', reason: 'plateau', monitor: 'val_loss', value: 4 },
    ]);
  });
});

describe('resuming', () => {
  test('a bad loss before and one after together use up a patience of 1; the rate is the reduced one', async () => {
    const options = { factor: 0.5, patience: 1 };
    const first = await started(plateau(options));
    await rates(first, [3, 3, 3, 3]);
    const second = await started(plateau(options), { epoch: 4, step: 8, learningRate: 0.123 }, saved(first));
    expect(await rates(second, [3, 3])).toEqual([0.5, 0.25]);
  });

  test('a rate that another plugin set in the middle of an epoch is there again', async () => {
    const first = await started(plateau({ factor: 0.5, patience: 1 }));
    await startEpoch(first);
    first.fields.learningRate = 0.3;
    await step(first);
    const second = await started(plateau({ factor: 0.5, patience: 1 }), { epoch: 1, step: 1 }, saved(first));
    expect(second.fields.learningRate).toBe(0.3);
  });
});

describe('by steps', () => {
  test('a training metric is looked at after every step, for which the trainer is asked to read it', async () => {
    const plugin = plateau({ monitor: 'loss', factor: 0.5, patience: 1 }, 'step');
    expect(plugin.needs).toMatchObject({ every: 1 });
    const harness = await started(plugin);
    const found: number[] = [];
    for (const loss of [3, 3, 3, 2, 2]) {
      found.push(await step(harness));
      harness.fields.metrics = { loss };
      await harness.call('measured', {});
    }
    expect([...found, harness.fields.learningRate]).toEqual([1, 1, 1, 0.5, 0.5, 0.5]);
    expect(harness.dataOf('learning-rate').at(-1)).toMatchObject({ count: 3, per: 'step', monitor: 'loss', value: 3 });
  });

  test('a metric of the validation is looked at after every validation, and nothing is read at the steps', async () => {
    const plugin = plateau({ factor: 0.5, patience: 0 }, 'step');
    expect(plugin.needs).toBeUndefined();
    const harness = await started(plugin);
    const validate = (loss: number) => harness.call('validationEnd', { metrics: { loss }, samples: 1, milliseconds: 1, atEpochEnd: false });
    await validate(3);
    expect(harness.fields.learningRate).toBe(1);
    await validate(3);
    expect(harness.fields.learningRate).toBe(0.5);
  });
});

describe('a metric that is not there', () => {
  test('the message names it and what is known', async () => {
    const harness = await started(plateau({ monitor: 'val_acuracy' }));
    await expect(epoch(harness, { accuracy: 0.5 }, { loss: 1, accuracy: 0.4 })).rejects.toThrow(
      'lrScheduler monitors "val_acuracy", which is not measured; known are loss, accuracy, val_loss, val_accuracy.',
    );
  });

  test('a metric of the validation needs one, a training metric does not', () => {
    expect(plateau().requires).toEqual(['validation', 'metric:val_loss']);
    expect(plateau({ monitor: 'loss' }).requires).toEqual(['metric:loss']);
    expect(lrScheduler({ schedule: { kind: 'cosine', tMax: 3 } }).requires).toEqual([]);
  });

  test('a fit whose epochs all ended without validation is told, and one with a single validation is not', async () => {
    const without = await started(plateau());
    await rates(without, [null, null]);
    await without.call('fitEnd', fitEnd());
    expect(without.findings).toMatchObject([{ rule: 'plateau-never-looked-at', severity: 'warning', evidence: { monitor: 'val_loss', epochs: 2 } }]);
    const withOne = await started(plateau());
    await rates(withOne, [null, 3]);
    await withOne.call('fitEnd', fitEnd());
    expect(withOne.findings).toEqual([]);
  });

  test('a minLr above the optimizer\'s learning rate shows when the fit starts', async () => {
    await expect(started(plateau({ minLr: 2 }))).rejects.toThrow('from the optimizer, 1: the options of reduceOnPlateau are invalid: minLr 2 is above the learningRate 1');
  });
});

test('in a trainer whose loss is 0 from the start, a patience of 1 halves the rate after steps 3 and 5, and no tensor is left', async () => {
  await useBackend('cpu');
  const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [2], kernelInitializer: 'zeros' })] });
  const trainer = new Trainer({
    model,
    loss: 'meanSquaredError',
    optimizer: { name: 'sgd', learningRate: 0.8 },
    plugins: [plateau({ monitor: 'loss', factor: 0.5, patience: 1 }, 'step')],
    logEvery: 1,
    progress: false,
  });
  const heard: number[] = [];
  trainer.on('step', ({ data }) => heard.push(data.learningRate));
  const [inputs, labels] = [tf.ones([12, 2]), tf.zeros([12, 1])];
  const before = tf.memory().numTensors;
  await trainer.fit({ inputs, labels }, { epochs: 1, batchSize: 2 });
  expect(tf.memory().numTensors).toBe(before);
  // The first loss is the best, the second is borne, the third reduces.
  expect(heard).toEqual([0.8, 0.8, 0.8, 0.4, 0.4, 0.2]);
  tf.dispose([inputs, labels]);
  await trainer.dispose();
});
