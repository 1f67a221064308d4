import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { lrScheduler } from '../../plugins/lr-scheduler.js';
import { PluginHarness } from '../../src/testing/index.js';
import { Trainer } from '../../src/trainer/trainer.js';
import { useBackend } from '../support/backends.js';
import { epoch, epochs, fitEnd, fitStart, saved, startEpoch, step, steps } from './lr-scheduler/drive.js';

const near = (values: readonly number[]): unknown[] => values.map((value): unknown => expect.closeTo(value, 12));

/** A straight way down from 0.1 to 0 in 4. */
const down = { kind: 'linear', learningRate: 0.1, startFactor: 1, endFactor: 0, totalIters: 4 } as const;

async function started(plugin: ReturnType<typeof lrScheduler>, fields: { step?: number; epoch?: number; learningRate?: number } = {}, state?: unknown): Promise<PluginHarness> {
  const harness = new PluginHarness(plugin, fields);
  if (state !== undefined) harness.context.state = plugin.bind().parseState(state);
  await harness.call('fitStart', fitStart());
  return harness;
}

describe('a schedule by steps', () => {
  test('the first step has the value at 0, the fifth that at 4', async () => {
    const harness = await started(lrScheduler({ schedule: down, per: 'step' }));
    expect(await steps(harness, 6)).toEqual(near([0.1, 0.075, 0.05, 0.025, 0, 0]));
  });

  test('oneCycle goes by steps without being told: 0.1 / 25 at first, the top at the third step, 4e-7 at the tenth', async () => {
    const harness = await started(lrScheduler({ schedule: { kind: 'oneCycle', maxLr: 0.1, totalSteps: 10, annealStrategy: 'linear' } }));
    const rates = await steps(harness, 10);
    // On the way down the fourth step is one part in seven towards the end: 0.6 / 7 + 4e-7 / 7.
    expect(rates.slice(0, 4)).toEqual(near([0.004, 0.052, 0.1, 0.0857143428571]));
    expect(rates[9]).toBeCloseTo(4e-7, 12);
  });

  test('a function of the count goes by steps', async () => {
    const harness = await started(lrScheduler({ schedule: (count) => 1 / (1 + count) }));
    expect(await steps(harness, 4)).toEqual([1, 1 / 2, 1 / 3, 1 / 4]);
  });

  test('a rate left out, two levels down, is the optimizer\'s: a warm-up of 2 to half a cosine of 4 from 0.1', async () => {
    const harness = await started(lrScheduler({ schedule: { kind: 'warmup', steps: 2, schedule: { kind: 'cosine', tMax: 4 } } }), { learningRate: 0.1 });
    // 0.1 * (1 + cos 45°) / 2 = 0.0853553390593, and its counterpart 0.0146446609407
    expect(await steps(harness, 7)).toEqual(near([0, 0.05, 0.1, 0.0853553390593, 0.05, 0.0146446609407, 0]));
  });

  test('a rate left out among the factors of a chain is 1', async () => {
    const plugin = lrScheduler({ schedule: { kind: 'chained', schedule: { kind: 'exponential', gamma: 0.5 }, factors: [{ kind: 'constantFactor', factor: 0.1, totalIters: 2 }] }, per: 'step' });
    const harness = await started(plugin, { learningRate: 0.8 });
    expect(await steps(harness, 4)).toEqual(near([0.08, 0.04, 0.2, 0.1]));
  });

  test('the schedule wins over another plugin after one step, though it stands still itself', async () => {
    const harness = await started(lrScheduler({ schedule: { kind: 'constant', learningRate: 0.2 }, per: 'step' }));
    await step(harness);
    harness.fields.learningRate = 7;
    expect(await steps(harness, 2)).toEqual([7, 0.2]);
  });
});

describe('a schedule by epochs', () => {
  test('a staircase from the optimizer\'s 0.8, halved every 2 epochs, is the same for both steps of an epoch', async () => {
    const harness = await started(lrScheduler({ schedule: { kind: 'step', stepSize: 2, gamma: 0.5 } }), { learningRate: 0.8 });
    expect(await epochs(harness, 5)).toEqual([[0.8, 0.8], [0.8, 0.8], [0.4, 0.4], [0.4, 0.4], [0.2, 0.2]]);
  });

  test('an epoch cut short counts: epoch 3 has the value at 2, whatever became of epoch 2', async () => {
    const harness = await started(lrScheduler({ schedule: down, per: 'epoch' }));
    await epoch(harness);
    await startEpoch(harness);
    await step(harness);
    await harness.call('fitEnd', fitEnd('stopped'));
    await harness.call('fitStart', fitStart());
    expect(await epoch(harness)).toEqual(near([0.05, 0.05]));
  });

  test('a fit that failed in epoch 2: the next starts with the value at 2', async () => {
    const harness = await started(lrScheduler({ schedule: down, per: 'epoch' }));
    await epoch(harness);
    await startEpoch(harness);
    await harness.call('error', { error: new Error('no more data') });
    await harness.call('fitStart', fitStart());
    expect(harness.dataOf('learning-rate').at(-1)).toMatchObject({ reason: 'start', count: 2 });
    expect(await epoch(harness)).toEqual(near([0.05, 0.05]));
  });

  test('a second fit goes on where the first ended', async () => {
    const harness = await started(lrScheduler({ schedule: down, per: 'epoch' }));
    await epochs(harness, 2);
    await harness.call('fitEnd', fitEnd());
    await harness.call('fitStart', fitStart());
    expect((await epochs(harness, 2)).flat()).toEqual(near([0.05, 0.05, 0.025, 0.025]));
  });
});

describe('what it counts when nobody says', () => {
  const cosine = { kind: 'cosine', tMax: 9 } as const;
  const warm = { kind: 'warmup', steps: 3, schedule: cosine } as const;
  test.each([
    ['cosine', cosine, 'epoch'],
    ['exponential', { kind: 'exponential', gamma: 0.9 } as const, 'epoch'],
    ['cosineWithWarmRestarts', { kind: 'cosineWithWarmRestarts', t0: 3 } as const, 'epoch'],
    ['reduceOnPlateau', { kind: 'reduceOnPlateau' } as const, 'epoch'],
    ['cyclic', { kind: 'cyclic', baseLr: 0, maxLr: 1, stepSizeUp: 3 } as const, 'step'],
    ['inverseSquareRoot', { kind: 'inverseSquareRoot', warmupSteps: 3 } as const, 'step'],
    ['warmup', warm, 'step'],
    ['a sequence without one by steps', { kind: 'sequential' as const, schedules: [cosine, cosine], milestones: [3] }, 'epoch'],
    ['a sequence with one by steps', { kind: 'sequential' as const, schedules: [cosine, warm], milestones: [3] }, 'step'],
    ['a chain with one by steps', { kind: 'chained' as const, schedule: cosine, factors: [{ kind: 'warmup' as const, steps: 2, schedule: cosine }] }, 'step'],
  ])('%s', async (_, schedule, per) => {
    const harness = await started(lrScheduler({ schedule }));
    expect(harness.dataOf('learning-rate')[0]).toMatchObject({ per, count: 0, reason: 'start' });
  });
});

describe('resuming', () => {
  const halving = { kind: 'exponential', gamma: 0.5 } as const;

  test('by steps it goes on with the count and the first rate, though the optimizer has another by now', async () => {
    const first = await started(lrScheduler({ schedule: halving, per: 'step' }), { learningRate: 0.8 });
    expect(await steps(first, 3)).toEqual([0.8, 0.4, 0.2]);
    const second = await started(lrScheduler({ schedule: halving, per: 'step' }), { step: 3, learningRate: 0.123 }, saved(first));
    expect(await steps(second, 2)).toEqual([0.1, 0.05]);
  });

  test('by epochs, from the middle of epoch 2, it finishes the epoch with its rate', async () => {
    const first = await started(lrScheduler({ schedule: halving }), { learningRate: 0.8 });
    await epoch(first);
    await startEpoch(first);
    await step(first);
    const second = await started(lrScheduler({ schedule: halving }), { step: 3, epoch: 2, learningRate: 0.123 }, saved(first));
    expect(await step(second)).toBe(0.4);
    await second.call('epochEnd', { metrics: { loss: 1 }, validation: null, steps: 2, samples: 2, milliseconds: 1 });
    expect(await epoch(second)).toEqual([0.2, 0.2]);
  });

  test('by epochs, saved by a plugin that hears of the end of epoch 2 before it, it has the rate of epoch 3', async () => {
    const first = await started(lrScheduler({ schedule: halving }), { learningRate: 0.8 });
    await epoch(first);
    await startEpoch(first);
    await steps(first, 2);
    const second = await started(lrScheduler({ schedule: halving }), { step: 4, epoch: 2, learningRate: 0.4 }, saved(first));
    expect(await epoch(second)).toEqual([0.2, 0.2]);
  });

  test('without a saved state, as in a run that had no such plugin, the count is the trainer\'s', async () => {
    const bySteps = await started(lrScheduler({ schedule: halving, per: 'step' }), { step: 2, learningRate: 0.8 });
    expect(await steps(bySteps, 2)).toEqual([0.2, 0.1]);
    const byEpochs = await started(lrScheduler({ schedule: halving }), { epoch: 1, step: 2, learningRate: 0.8 });
    expect(await epoch(byEpochs)).toEqual([0.4, 0.4]);
  });
});

describe('the event learning-rate', () => {
  const told = (harness: PluginHarness): unknown[] => harness.events.map(({ data, options }) => [data['reason'], data['count'], data['learningRate'], data['previous'], options?.level ?? 'info']);
  const countdown = (count: number): number => 100 - count;

  test('by steps: the start, one in logEvery of 3, and the last', async () => {
    const harness = await started(lrScheduler({ schedule: countdown, logEvery: 3 }), { learningRate: 5 });
    await steps(harness, 7);
    await harness.call('fitEnd', fitEnd());
    expect(told(harness)).toEqual([
      ['start', 0, 100, 5, 'info'],
      ['schedule', 3, 97, 100, 'debug'],
      ['schedule', 6, 94, 97, 'debug'],
      ['schedule', 7, 93, 94, 'debug'],
    ]);
  });

  test('a staircase by steps is told where it falls, and nothing where it stands', async () => {
    const harness = await started(lrScheduler({ schedule: { kind: 'step', learningRate: 1, stepSize: 13, gamma: 0.5 }, per: 'step' }), { learningRate: 1 });
    await steps(harness, 30);
    await harness.call('fitEnd', fitEnd());
    expect(told(harness)).toEqual([
      ['start', 0, 1, 1, 'info'],
      ['schedule', 13, 0.5, 1, 'debug'],
      ['schedule', 26, 0.25, 0.5, 'debug'],
    ]);
  });

  test('by epochs every change is told', async () => {
    const harness = await started(lrScheduler({ schedule: { kind: 'multiStep', learningRate: 1, milestones: [1, 2], gamma: 0.5 } }), { learningRate: 1 });
    await epochs(harness, 4);
    await harness.call('fitEnd', fitEnd());
    expect(told(harness)).toEqual([
      ['start', 0, 1, 1, 'info'],
      ['schedule', 1, 0.5, 1, 'info'],
      ['schedule', 2, 0.25, 0.5, 'info'],
    ]);
  });

  test('a fit that is resumed from a checkpoint leaves the rate, tells no start, and goes on with the count of what was told', async () => {
    const plugin = lrScheduler({ schedule: countdown, logEvery: 3 });
    const first = await started(plugin, { learningRate: 5 });
    await steps(first, 4);
    const second = new PluginHarness(plugin, { step: 4, learningRate: 7 });
    second.context.state = plugin.bind().parseState(saved(first));
    await second.call('fitStart', { ...fitStart(), resumed: true });
    expect(await steps(second, 3)).toEqual([7, 95, 94]);
    expect(told(second)).toEqual([['schedule', 6, 94, 97, 'debug']]);
  });

  test('with a state of another trainer it tells at the same counts as one that was not interrupted', async () => {
    const plugin = lrScheduler({ schedule: countdown, logEvery: 3 });
    const first = await started(plugin, { learningRate: 5 });
    await steps(first, 4);
    const second = await started(plugin, { step: 4, learningRate: 96 }, saved(first));
    await steps(second, 5);
    expect(told(second)).toEqual([
      ['start', 4, 96, 96, 'info'],
      ['schedule', 6, 94, 96, 'debug'],
      ['schedule', 9, 91, 94, 'debug'],
    ]);
  });
});

describe('what shows only in the fit', () => {
  test('a bottom above the optimizer\'s learning rate', async () => {
    const fit = started(lrScheduler({ schedule: { kind: 'cosine', tMax: 5, etaMin: 0.5 } }), { learningRate: 0.1 });
    await expect(fit).rejects.toThrow('lrScheduler takes the learning rate that its schedule leaves out from the optimizer, 0.1: the options of a schedule are invalid: etaMin 0.5 is above the learningRate 0.1.');
  });

  test('a function that gives no rate at step count 2', async () => {
    const harness = await started(lrScheduler({ schedule: (count) => [0.1, 0.2][count] ?? Number.NaN }));
    await step(harness);
    await expect(step(harness)).rejects.toThrow('lrScheduler: the schedule gives NaN at step count 2');
  });
});

describe('in a trainer', () => {
  beforeAll(() => useBackend('cpu'));

  const model = () => sequential({ layers: [layers.dense({ units: 1, inputShape: [2], kernelInitializer: 'ones' })] });
  /** The learning rates of 4 steps an epoch, as the trainer's own events tell them. */
  async function rates(trainer: ReturnType<typeof trainerWith>, count: number): Promise<number[]> {
    const heard: number[] = [];
    const listening = trainer.on('step', ({ data }) => heard.push(data.learningRate));
    const [inputs, labels] = [tf.ones([8, 2]), tf.ones([8, 1])];
    try {
      await trainer.fit({ inputs, labels }, { epochs: count, batchSize: 2 });
    } finally {
      tf.dispose([inputs, labels]);
      listening.remove();
    }
    return heard;
  }
  const trainerWith = (options: Parameters<typeof lrScheduler>[0]) =>
    new Trainer({ model: model(), loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.8 }, plugins: [lrScheduler(options)], logEvery: 1, progress: false });

  test('the updates of two epochs of 4 steps use the values at 0 to 7, and one of a fit resumed in another trainer that at 8', async () => {
    const options = { schedule: { kind: 'exponential', gamma: 0.5 }, per: 'step' } as const;
    const first = trainerWith(options);
    expect(await rates(first, 2)).toEqual([0.8, 0.4, 0.2, 0.1, 0.05, 0.025, 0.0125, 0.00625]);
    const second = trainerWith(options);
    second.setState(structuredClone(first.getState()));
    expect((await rates(second, 1))[0]).toBe(0.003125);
    await first.dispose();
    await second.dispose();
  });

  test('by epochs, 4 steps each; the state goes on in another trainer', async () => {
    const options = { schedule: { kind: 'exponential', gamma: 0.5 } } as const;
    const first = trainerWith(options);
    expect(await rates(first, 2)).toEqual([0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.4]);
    const second = trainerWith(options);
    second.setState(structuredClone(first.getState()));
    expect(await rates(second, 1)).toEqual([0.2, 0.2, 0.2, 0.2]);
    await first.dispose();
    await second.dispose();
  });
});
