import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import type { EpochInfo, FitEndInfo, FitStartInfo } from '../../src/plugin/hooks.js';
import { PluginHarness } from '../../src/testing/index.js';
import { earlyStopping } from '../../plugins/early-stopping.js';

const epochInfo = (metrics: Record<string, number>, validation: Record<string, number> | null = null): EpochInfo => ({ metrics: { loss: 1, ...metrics }, validation, steps: 1, samples: 1, milliseconds: 1 });
const fitStart = (hasValidation = true): FitStartInfo => ({ fit: 1, resumed: false, epochs: 10, stepsPerEpoch: 1, hasValidation, weights: [] });
const fitEnd = (reason: FitEndInfo['reason'], by: string | null = null): FitEndInfo => ({ reason, by, message: '', metrics: { loss: 1 } });

/** Feeds one training metric an epoch, and gives the epoch in which the plugin stopped, or null. */
async function feed(harness: PluginHarness, name: string, values: readonly number[]): Promise<number | null> {
  for (const value of values) {
    harness.fields.step += 10;
    await harness.call('epochEnd', epochInfo({ [name]: value }));
    if (harness.stops.length > 0) return harness.fields.epoch;
    harness.fields.epoch += 1;
  }
  return null;
}

describe('earlyStopping', () => {
  test.each([
    [0, 3],
    [1, 3],
    [2, 4],
    [3, 5],
  ])('with patience %i, a loss that was best in epoch 2 stops the training in epoch %i', async (patience, stopped) => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'loss', patience }));
    expect(await feed(harness, 'loss', [10, 9, 8, 9, 8.9, 8.8, 8.7, 8.6, 8.5])).toBe(stopped);
  });

  test('the message names the value, the best, its epoch, the wait and the patience', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 2 }));
    await feed(harness, 'loss', [0.5, 0.4, 0.45, 0.41]);
    expect(harness.stops).toEqual(['loss 0.41 has not improved on 0.4 of epoch 1 in 2 checks (patience 2)']);
  });

  test('every check is an event, and the last one tells the stop and its reason', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 1 }));
    await feed(harness, 'loss', [2, 1, 1.5]);
    const common = { monitor: 'loss', patience: 1 };
    expect(harness.dataOf('early-stopping')).toEqual([
      { ...common, value: 2, best: 2, bestEpoch: 0, bestStep: 10, wait: 0, improved: true, counted: false, action: 'none', reason: null },
      { ...common, value: 1, best: 1, bestEpoch: 1, bestStep: 20, wait: 0, improved: true, counted: false, action: 'none', reason: null },
      { ...common, value: 1.5, best: 1, bestEpoch: 1, bestStep: 20, wait: 1, improved: false, counted: true, action: 'stop', reason: 'no-improvement' },
    ]);
  });

  test('an accuracy is to rise without a mode being given', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'accuracy' }));
    expect(await feed(harness, 'accuracy', [0.5, 0.6, 0.7, 0.65])).toBe(3);
  });

  test('with minDelta { relative: 0.1 }, 9.1 is no improvement on 10 and 8.9 is', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 9, minDelta: { relative: 0.1 } }));
    await feed(harness, 'loss', [10, 9.1, 8.9]);
    expect(harness.dataOf('early-stopping').map(({ improved }) => improved)).toEqual([true, false, true]);
  });

  test('a relative minDelta widens away from zero for a negative loss: -10.5 is no improvement on -10 by a tenth, -11.5 is', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 9, minDelta: { relative: 0.1 } }));
    await feed(harness, 'loss', [-10, -10.5, -11.5]);
    expect(harness.dataOf('early-stopping').map(({ improved }) => improved)).toEqual([true, false, true]);
  });

  test('a cooldown of 2 bears two bad checks after each improvement before the first counts', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 1, cooldown: 2 }));
    expect(await feed(harness, 'loss', [5, 6, 6, 4, 6, 6, 6])).toBe(6);
    expect(harness.dataOf('early-stopping').map(({ wait }) => wait)).toEqual([0, 0, 0, 0, 0, 0, 1]);
    expect(harness.dataOf('early-stopping').map(({ counted }) => counted)).toEqual([false, false, false, false, false, false, true]);
  });

  test('the cooldown holds at the start of a fit, where no value beats the baseline', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 1, cooldown: 3, baseline: 1 }));
    expect(await feed(harness, 'loss', [5, 5, 5, 5, 5])).toBe(3);
    expect(harness.dataOf('early-stopping').at(-1)).toMatchObject({ reason: 'baseline-not-met', wait: 1 });
    expect(harness.stops).toEqual(['loss 5, at best 5, has not beaten the baseline 1 in 1 checks (patience 1)']);
  });

  test.each([
    [NaN, 'not-finite', 'loss is NaN'],
    [Infinity, 'not-finite', 'loss is Infinity'],
    [-Infinity, 'not-finite', 'loss is -Infinity'],
    [101, 'diverged', 'loss 101 is worse than the divergence threshold 100'],
    [0.1, 'threshold-reached', 'loss 0.1 has reached the stopping threshold 0.1'],
    [0.05, 'threshold-reached', 'loss 0.05 has reached the stopping threshold 0.1'],
  ])('a loss of %d stops at once, even in the first epoch: %s', async (value, reason, message) => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 50, divergenceThreshold: 100, stoppingThreshold: 0.1 }));
    expect(await feed(harness, 'loss', [value])).toBe(0);
    expect(harness.dataOf('early-stopping').at(-1)).toMatchObject({ action: 'stop', reason });
    expect(harness.stops).toEqual([message]);
  });

  test('the divergence threshold itself is not worse, and in mode max worse is below', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 50, divergenceThreshold: 100 }));
    expect(await feed(harness, 'loss', [100, 100])).toBeNull();
    const rising = new PluginHarness(earlyStopping({ monitor: 'accuracy', patience: 50, divergenceThreshold: 0.2, stoppingThreshold: 1 }));
    expect(await feed(rising, 'accuracy', [0.5, 0.2, 0.19])).toBe(2);
  });

  test('an accuracy of exactly 1 reaches a stopping threshold of 1', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'accuracy', patience: 50, stoppingThreshold: 1 }));
    expect(await feed(harness, 'accuracy', [0.9, 1])).toBe(1);
  });

  test('the value that is good enough is the best, though by less than minDelta', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 50, minDelta: 0.5, stoppingThreshold: 0.1, restoreBestWeights: true }));
    await feed(harness, 'loss', [0.2, 0.1]);
    expect(harness.dataOf('early-stopping').at(-1)).toMatchObject({ best: 0.1, bestEpoch: 1 });
    expect(harness.snapshotCalls).toEqual(['save earlyStopping/best', 'save earlyStopping/best']);
  });

  test('an epoch without validation is no check: a patience of 2 bears any number of them', async () => {
    const harness = new PluginHarness(earlyStopping({ patience: 2 }));
    for (const loss of [1, null, null, 2, null, null, null, 2]) {
      await harness.call('epochEnd', epochInfo({}, loss === null ? null : { loss }));
      if (harness.stops.length > 0) break;
      harness.fields.epoch += 1;
    }
    expect(harness.fields.epoch).toBe(7);
    expect(harness.dataOf('early-stopping')).toHaveLength(3);
  });

  test('nothing is checked before startFromEpoch, and those values are no best either', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 1, startFromEpoch: 3 }));
    expect(await feed(harness, 'loss', [0.1, 0.2, NaN, 5, 6])).toBe(4);
    expect(harness.dataOf('early-stopping')[0]).toMatchObject({ value: 5, best: 5, bestEpoch: 3 });
  });
});

describe('earlyStopping within epochs', () => {
  test('a training metric is checked where the steps are read, every 5 steps, and bestStep says which', async () => {
    const plugin = earlyStopping({ monitor: 'loss', unit: 'steps', every: 5, patience: 2 });
    expect(plugin.needs).toMatchObject({ every: 5 });
    const harness = new PluginHarness(plugin);
    for (const loss of [3, 2, 2.5, 2.4]) {
      harness.fields.step += 5;
      harness.fields.metrics = { loss };
      await harness.call('measured', {});
    }
    await harness.call('epochEnd', epochInfo({ loss: 9 }));
    expect(harness.stops).toEqual(['loss 2.4 has not improved on 2 of epoch 0 in 2 checks (patience 2)']);
    expect(harness.dataOf('early-stopping').map(({ bestStep }) => bestStep)).toEqual([5, 10, 10, 10]);
    expect(harness.events.map(({ options }) => options?.level)).toEqual(['debug', 'debug', 'debug', 'info']);
  });

  test('every step is the default, and a plugin that looks at epochs asks for nothing', () => {
    expect(earlyStopping({ monitor: 'loss', unit: 'steps' }).needs).toMatchObject({ every: 1 });
    expect(earlyStopping({ monitor: 'loss' }).needs).toBeUndefined();
    expect(earlyStopping({ unit: 'steps' }).needs).toBeUndefined();
  });

  test('a validation metric is checked at every validation, in the middle of an epoch too, and once at its end', async () => {
    const harness = new PluginHarness(earlyStopping({ unit: 'steps', patience: 2 }));
    for (const [step, loss] of [[10, 1], [20, 1.2], [30, 1.1]] as const) {
      harness.fields.step = step;
      await harness.call('validationEnd', { metrics: { loss }, samples: 4, milliseconds: 1, atEpochEnd: step === 30 });
    }
    await harness.call('epochEnd', epochInfo({}, { loss: 1.1 }));
    expect(harness.dataOf('early-stopping')).toHaveLength(3);
    expect(harness.stops).toEqual(['val_loss 1.1 has not improved on 1 of epoch 0 in 2 checks (patience 2)']);
  });

  test('a stop is asked for once, though checks follow before the loop looks', async () => {
    const harness = new PluginHarness(earlyStopping({ unit: 'steps', patience: 1 }));
    for (const loss of [1, 2, 3, 4]) await harness.call('validationEnd', { metrics: { loss }, samples: 4, milliseconds: 1, atEpochEnd: false });
    expect(harness.stops).toHaveLength(1);
  });
});

describe('earlyStopping, when the metric is not there', () => {
  test('strict, the first check fails and names the metrics that are known', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'val_accuracy' }));
    await expect(harness.call('epochEnd', epochInfo({}, { loss: 1, mse: 2 }))).rejects.toThrow(
      `earlyStopping monitors "val_accuracy", which is not measured; known are val_loss, val_mse. Add it to the trainer's metrics, or monitor one of these.`,
    );
  });

  test('not strict, an event says so once', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'accuracy', strict: false }));
    await harness.call('epochEnd', epochInfo({ mse: 1 }));
    await harness.call('epochEnd', epochInfo({ mse: 1 }));
    expect(harness.events).toEqual([{ event: 'early-stopping-idle', data: { monitor: 'accuracy', reason: 'metric-unknown', known: ['loss', 'mse'] }, options: { level: 'warn' } }]);
  });

  test('a val_ metric requires validation when strict, and says that it is missing when not', async () => {
    expect(earlyStopping().requires).toEqual(['validation', 'metric:val_loss']);
    expect(earlyStopping({ monitor: 'loss' }).requires).toEqual(['metric:loss']);
    expect(earlyStopping({ strict: false }).requires).toEqual([]);
    await expect(new PluginHarness(earlyStopping()).call('fitStart', fitStart(false))).rejects.toThrow('no validation data');
    const harness = new PluginHarness(earlyStopping({ strict: false }));
    await harness.call('fitStart', fitStart(false));
    expect(harness.dataOf('early-stopping-idle')).toEqual([{ monitor: 'val_loss', reason: 'no-validation', known: ['loss'] }]);
  });

  test('a fit whose epochs never ended with a validation says at its end that nothing was checked', async () => {
    const harness = new PluginHarness(earlyStopping(), { metrics: { loss: 1 } });
    await harness.call('epochEnd', epochInfo({}));
    await harness.call('fitEnd', fitEnd('completed'));
    expect(harness.dataOf('early-stopping-idle')).toEqual([{ monitor: 'val_loss', reason: 'no-validation', known: ['loss'] }]);
  });
});

describe('earlyStopping with restoreBestWeights', () => {
  const plugin = () => earlyStopping({ monitor: 'loss', patience: 2, restoreBestWeights: true });

  test('puts back the weights of epoch 2, the best, and says so', async () => {
    const harness = new PluginHarness(plugin());
    await feed(harness, 'loss', [0.2, 0.15, 0.1, 0.11, 0.12]);
    await harness.call('fitEnd', fitEnd('stopped', 'earlyStopping'));
    expect(harness.snapshotCalls).toEqual([...Array<string>(3).fill('save earlyStopping/best'), 'restore earlyStopping/best', 'drop earlyStopping/best']);
    expect(harness.dataOf('early-stopping-restored')).toEqual([{ monitor: 'loss', restored: true, epoch: 2, step: 30, value: 0.1, reason: null, stoppedBy: 'earlyStopping' }]);
  });

  test.each([
    ['completed', null],
    ['stopped', 'someoneElse'],
    ['aborted', null],
  ] as const)('does so as well when the fit was %s by %s', async (reason, by) => {
    const harness = new PluginHarness(plugin());
    await feed(harness, 'loss', [0.1, 0.2]);
    await harness.call('fitEnd', fitEnd(reason, by));
    expect(harness.dataOf('early-stopping-restored')).toMatchObject([{ restored: true, epoch: 0, stoppedBy: by }]);
  });

  test('leaves the weights of a fit that failed, and those of a fit without a check', async () => {
    const failed = new PluginHarness(plugin());
    await feed(failed, 'loss', [0.1, 0.2]);
    await failed.call('fitEnd', fitEnd('failed'));
    expect(failed.snapshotCalls).not.toContain('restore earlyStopping/best');
    expect(failed.dataOf('early-stopping-restored')).toMatchObject([{ restored: false, epoch: null, reason: 'failed' }]);
    const idle = new PluginHarness(plugin());
    await idle.call('fitEnd', fitEnd('completed'));
    expect(idle.dataOf('early-stopping-restored')).toMatchObject([{ restored: false, reason: 'no-check' }]);
  });

  test('a first loss of NaN is not kept as the best', async () => {
    const harness = new PluginHarness(plugin());
    await feed(harness, 'loss', [NaN]);
    expect(harness.snapshotCalls).toEqual([]);
  });

  test('resumed without the copy of the weights, it says so at the end rather than keep worse ones as the best', async () => {
    const first = new PluginHarness(plugin());
    await feed(first, 'loss', [0.1]);
    const second = new PluginHarness(plugin(), { epoch: 1 });
    second.context.state = structuredClone(first.context.state);
    await second.call('fitStart', fitStart());
    await feed(second, 'loss', [0.2]);
    await second.call('fitEnd', fitEnd('completed'));
    expect(second.snapshotCalls).not.toContain('save earlyStopping/best');
    expect(second.dataOf('early-stopping-restored')).toMatchObject([{ restored: false, reason: 'copy-missing' }]);
  });

  test('keeps nothing when not asked to', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'loss' }));
    await feed(harness, 'loss', [1, 0.5]);
    await harness.call('fitEnd', fitEnd('completed'));
    expect(harness.snapshotCalls).toEqual([]);
    expect(harness.dataOf('early-stopping-restored')).toEqual([]);
  });
});

describe('earlyStopping over checkpoints and fits', () => {
  test('resumed after any epoch, it stops where the uninterrupted run stops', async () => {
    const losses = [5, 4, 4.5, 3, 3.5, 3.2, 3.1, 3.05];
    const plugin = () => earlyStopping({ monitor: 'loss', patience: 3, cooldown: 1 });
    const whole = new PluginHarness(plugin());
    expect(await feed(whole, 'loss', losses)).toBe(7);
    for (let cut = 1; cut < losses.length; cut += 1) {
      const before = new PluginHarness(plugin());
      await feed(before, 'loss', losses.slice(0, cut));
      const after = new PluginHarness(plugin(), { epoch: cut, step: 10 * cut });
      after.context.state = after.plugin.bind().parseState(JSON.parse(JSON.stringify(before.context.state)));
      await after.call('fitStart', fitStart());
      await feed(after, 'loss', losses.slice(cut));
      expect([...before.events, ...after.events]).toEqual(whole.events);
      expect(after.stops).toEqual(whole.stops);
    }
  });

  test('a run resumed from where it was stopped stays stopped, unless the patience was raised', async () => {
    const first = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 1 }));
    await feed(first, 'loss', [1, 2]);
    const same = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 1 }));
    same.context.state = structuredClone(first.context.state);
    await same.call('fitStart', fitStart());
    expect(same.stops).toEqual(first.stops);
    const raised = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 3 }), { epoch: 2 });
    raised.context.state = structuredClone(first.context.state);
    await raised.call('fitStart', fitStart());
    expect(raised.stops).toEqual([]);
    expect(await feed(raised, 'loss', [2, 2])).toBe(3);
  });

  test('a run resumed from where it had reached the threshold 0.5 with 0.4 stays stopped, unless the threshold is 0.3 by now', async () => {
    const first = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 1, stoppingThreshold: 0.5 }));
    expect(await feed(first, 'loss', [1, 0.4])).toBe(1);
    const stopsAt = async (stoppingThreshold: number): Promise<readonly string[]> => {
      const again = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 1, stoppingThreshold }), { epoch: 2 });
      again.context.state = again.plugin.bind().parseState(JSON.parse(JSON.stringify(first.context.state)));
      await again.call('fitStart', { ...fitStart(), resumed: true });
      return again.stops;
    };
    expect(await stopsAt(0.5)).toEqual(first.stops);
    expect(await stopsAt(0.3)).toEqual([]);
  });

  test('a fit that failed leaves nothing to the next: its best, 0.5, is no measure for 9, 8, 8.5, and its copy is gone', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 1, restoreBestWeights: true }));
    await feed(harness, 'loss', [0.5]);
    await harness.call('error', { error: new Error('the disk is full') });
    expect(harness.snapshotCalls.at(-1)).toBe('drop earlyStopping/best');
    harness.fields.epoch = 0;
    await harness.call('fitStart', fitStart());
    expect(await feed(harness, 'loss', [9, 8, 8.5])).toBe(2);
  });

  test('a second fit starts afresh, with no best from the first', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'loss', patience: 1 }));
    await feed(harness, 'loss', [1, 2]);
    await harness.call('fitEnd', fitEnd('stopped'));
    harness.stops.length = 0;
    harness.fields.epoch = 0;
    await harness.call('fitStart', fitStart());
    expect(await feed(harness, 'loss', [9, 8, 8.5])).toBe(2);
  });
});

describe("earlyStopping's options", () => {
  test.each([
    [{ monitor: 'val_reward' }, /mode: the name "val_reward" does not tell.*'min' or 'max'/],
    [{ every: 10 }, /not valid: every counts steps/],
    [{ every: 10, unit: 'steps' }, /every: "val_loss" is checked at every validation/],
    [{ stoppingThreshold: 5, divergenceThreshold: 2 }, /not valid: divergenceThreshold 2 is better than stoppingThreshold 5/],
    [{ patience: -1 }, /patience/],
    [{ minDelta: -0.1 }, /minDelta/],
    [{ patiance: 3 }, /did you mean "patience"/],
  ])('%j is refused', (given, message) => {
    expect(() => earlyStopping(given as never)).toThrow(ConfigError);
    expect(() => earlyStopping(given as never)).toThrow(message);
  });

  test('a name that does not tell is taken with a mode', async () => {
    const harness = new PluginHarness(earlyStopping({ monitor: 'reward', mode: 'max' }));
    expect(await feed(harness, 'reward', [1, 2, 3, 2])).toBe(3);
  });
});
