import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { Trainer, type TrainscopeEvent } from 'trainscope';
import { definePlugin, PluginError } from 'trainscope/plugin';
import { terminateOnNaN } from 'trainscope/plugins';
import { PluginHarness, tensorsLeftBy } from 'trainscope/testing';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeAll(async () => {
  await useBackend('cpu');
});

/** Multiplies the loss of one step. */
const spoiling = (at: number, by: number) => definePlugin({ name: 'spoiling', summary: 'Spoils a loss.', role: 'steer', hooks: () => ({ loss: (loss, { step }) => (step === at ? tf.mul<tf.Scalar>(loss, by) : undefined) }) })();

async function train(options: Parameters<typeof terminateOnNaN>[0], at: number, by: number) {
  const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', seed: 3, progress: false, plugins: [spoiling(at, by), terminateOnNaN(options)] });
  const events: TrainscopeEvent[] = [];
  trainer.onAny((event) => events.push(event));
  try {
    return { result: await trainer.fit(clouds(40), { batchSize: 8, epochs: 2 }), events, error: undefined };
  } catch (error) {
    return { result: undefined, events, error };
  } finally {
    (trainer.model as { dispose(): void }).dispose();
    await trainer.dispose();
  }
}

describe('terminateOnNaN', () => {
  test.each([
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
  ])('ends the fit after step 7, whose loss times %d is not finite, and not before', async (by, shown) => {
    const { result, events } = await train({}, 7, by);
    expect(result).toMatchObject({ reason: 'stopped', stoppedBy: 'terminateOnNaN', steps: 7, message: `the loss of step 7 is ${shown}` });
    expect(events.filter(({ event }) => event === 'terminate-on-nan')).toMatchObject([{ step: 7, level: 'error', data: { loss: by, lastFinite: 6 } }]);
  });

  test('the first step of a fit has no finite one before it', async () => {
    const { events } = await train({}, 1, Number.NaN);
    expect(events.find(({ event }) => event === 'terminate-on-nan')?.data).toEqual({ loss: Number.NaN, lastFinite: null });
  });

  test('a training that is sound runs to its end, and nothing is said', async () => {
    const { result, events } = await train({}, 99, Number.NaN);
    expect(result).toMatchObject({ reason: 'completed', steps: 10 });
    expect(events.filter(({ event }) => event === 'terminate-on-nan')).toEqual([]);
  });

  test('looking at every 4th step, it sees the NaN of step 6 at step 8', async () => {
    const { result } = await train({ every: 4 }, 6, Number.NaN);
    expect(result).toMatchObject({ reason: 'stopped', steps: 8 });
  });

  test('with raiseError the fit fails with the step and the loss', async () => {
    const { error } = await train({ raiseError: true }, 3, Number.NaN);
    expect(error).toBeInstanceOf(PluginError);
    expect(error).toMatchObject({ code: 'PLUGIN_FAILED', plugin: 'terminateOnNaN', step: 3 });
    expect(String(error)).toContain('the loss of step 3 is NaN');
  });

  test('the update of the step is done when it is seen: the weights are NaN, which nonFinite would have kept from them', async () => {
    const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', seed: 3, progress: false, plugins: [spoiling(2, Number.NaN), terminateOnNaN()] });
    await trainer.fit(clouds(40), { batchSize: 8 });
    const [kernel] = (trainer.model as { getWeights(): tf.Tensor[] }).getWeights();
    expect([...(kernel?.dataSync() ?? [])].every(Number.isNaN)).toBe(true);
    (trainer.model as { dispose(): void }).dispose();
    await trainer.dispose();
  });

  test('leaves no tensors behind', async () => {
    await train({}, 3, Number.NaN);
    expect(await tensorsLeftBy(() => train({}, 3, Number.NaN))).toBe(0);
  });

  test('an unknown option is refused', () => {
    expect(() => terminateOnNaN({ raise: true } as never)).toThrow('unknown key "raise"');
    expect(new PluginHarness(terminateOnNaN()).context.state).toEqual({ lastFinite: null });
  });
});
