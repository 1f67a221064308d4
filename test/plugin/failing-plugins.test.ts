import { layers, sequential } from '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { memorySink, Trainer } from '../../src/index.js';
import { definePlugin, hookKinds, hookNames, type ErrorPolicy, type HookName } from '../../src/plugin/index.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeAll(() => useBackend('cpu'));

/** Throws in one hook at every call; counts calls of that hook. */
const failing = (hook: HookName, onError: ErrorPolicy, async = false) => {
  const calls = { count: 0 };
  const fail = (): unknown => {
    calls.count += 1;
    if (async) return Promise.reject(new Error(`broken ${hook}`));
    throw new Error(`broken ${hook}`);
  };
  const plugin = definePlugin({ name: 'broken', summary: 's', role: 'steer', onError, hooks: () => ({ [hook]: fail }) })();
  return { plugin, calls };
};

const run = async (plugins: readonly ReturnType<typeof failing>['plugin'][]) => {
  const sink = memorySink();
  const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', plugins, sinks: [sink] });
  const outcome = await trainer.fit(clouds(12), { batchSize: 4, epochs: 2, validation: clouds(4, 2) }).catch((error: unknown) => error);
  await trainer.dispose();
  return { outcome, events: sink.events };
};

const looping = hookNames.filter((name) => !['error', 'measured', 'teardown'].includes(name));
/** Calls in 2 epochs of 3 steps with validation after each. */
const callsOf: Partial<Record<HookName, number>> = { setup: 1, fitStart: 1, epochStart: 2, batch: 6, loss: 6, gradients: 6, stepEnd: 6, validationStart: 2, validationEnd: 2, epochEnd: 2, fitEnd: 1 };

describe('a plugin that throws', () => {
  for (const hook of looping) {
    it(`in ${hook}: isolate goes on calling it ${String(callsOf[hook])} times, disable once, stop fails the run`, async () => {
      const isolated = failing(hook, 'isolate');
      expect((await run([isolated.plugin])).outcome).toMatchObject({ reason: 'completed', steps: 6 });
      expect(isolated.calls.count).toBe(callsOf[hook]);

      const disabled = failing(hook, 'disable');
      const { outcome, events } = await run([disabled.plugin]);
      expect(outcome).toMatchObject({ reason: 'completed', steps: 6 });
      expect(disabled.calls.count).toBe(1);
      expect(events.filter(({ event }) => event === 'plugin-error').map(({ plugin, data }) => [plugin, data['hook'], data['policy'], data['message']])).toEqual([['broken', hook, 'disable', `broken ${hook}`]]);

      const stopping = failing(hook, 'stop');
      const stopped = await run([stopping.plugin]);
      expect(stopped.outcome).toMatchObject({ code: 'PLUGIN_FAILED', plugin: 'broken', hook });
      expect(stopped.events.map(({ event }) => event)).toContain('error');
    });

    if (hookKinds[hook] === 'transformSync') continue;
    it(`in ${hook}, by a rejected promise, is treated the same`, async () => {
      const disabled = failing(hook, 'disable', true);
      expect((await run([disabled.plugin])).outcome).toMatchObject({ reason: 'completed', steps: 6 });
      expect(disabled.calls.count).toBe(1);
    });
  }

  it('in loss, by returning a promise, is told that nothing can be awaited there', async () => {
    const plugin = definePlugin({ name: 'later', summary: 's', role: 'steer', onError: 'disable', hooks: () => ({ loss: (() => Promise.resolve()) as never }) })();
    const { outcome, events } = await run([plugin]);
    expect(outcome).toMatchObject({ reason: 'completed' });
    expect(events.find(({ event }) => event === 'plugin-error')?.data['message']).toMatch(/nothing can be awaited/);
  });

  it('in teardown masks neither another nor the error that ended the run', async () => {
    const torn: string[] = [];
    const last = definePlugin({ name: 'last', summary: 's', role: 'observe', hooks: () => ({ teardown: () => void torn.push('last') }) })();
    const { plugin } = failing('teardown', 'stop');
    const stop = definePlugin({ name: 'first-error', summary: 's', role: 'steer', hooks: () => ({ stepEnd: () => { throw new Error('the one that matters'); } }) })();
    const { outcome, events } = await run([last, plugin, stop]);
    expect(outcome).toMatchObject({ code: 'PLUGIN_FAILED', plugin: 'first-error' });
    expect(torn).toEqual(['last']);
    expect(events.filter(({ event }) => event === 'plugin-error').map(({ plugin: name }) => name)).toEqual(['first-error', 'broken']);
    expect(events.at(-1)).toMatchObject({ event: 'run-end', data: { reason: 'failed' } });
  });
});

describe('what plugins get', () => {
  it('is not changed under them: payloads are frozen, and those of step 1 read the same at the end', async () => {
    const kept: { payload: object; copy: string }[] = [];
    const keeper = definePlugin({
      name: 'keeper',
      summary: 's',
      role: 'observe',
      hooks: () => {
        const keep = (payload: object): void => void kept.push({ payload, copy: JSON.stringify(payload) });
        return { fitStart: keep, stepEnd: keep, validationEnd: keep, epochEnd: keep, fitEnd: keep };
      },
    })();
    await run([keeper] as never);
    expect(kept).toHaveLength(1 + 6 + 2 + 2 + 1);
    for (const { payload, copy } of kept) {
      expect(Object.isFrozen(payload)).toBe(true);
      expect(JSON.stringify(payload)).toBe(copy);
    }
  });

  it('one that leaks a tensor a step is named, with its count', async () => {
    const leaked: tf.Tensor[] = [];
    const leaky = definePlugin({ name: 'leaky', summary: 's', role: 'observe', hooks: () => ({ stepEnd: () => void leaked.push(tf.scalar(1)) }) })();
    const { events } = await run([leaky] as never);
    expect(events.filter(({ event }) => event === 'finding').map(({ plugin, data }) => [plugin, data['rule']])).toEqual([['leaky', 'tensor-leak']]);
    tf.dispose(leaked);
  });

  it('one that takes most of the time is named with its share', async () => {
    const slow = definePlugin({
      name: 'slow',
      summary: 's',
      role: 'observe',
      hooks: () => ({
        stepEnd: () => {
          const until = performance.now() + 10;
          while (performance.now() < until);
        },
      }),
    })();
    const sink = memorySink();
    const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', plugins: [slow], sinks: [sink] });
    await trainer.fit(clouds(100), { batchSize: 4, epochs: 3 });
    const told = sink.events.filter(({ event }) => event === 'plugin-slow');
    expect(told).toHaveLength(1);
    expect(told[0]?.plugin).toBe('slow');
    expect(told[0]?.data['share']).toBeGreaterThan(0.1);
  });
});

describe('weights', () => {
  it('that get no gradient are named, once', async () => {
    const unused = tf.variable(tf.scalar(1), true, `unused${String(Math.random())}`);
    const w = tf.variable(tf.zeros([4, 2]));
    const sink = memorySink();
    const trainer = new Trainer({ model: { forward: (x: tf.Tensor) => tf.softmax(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D)), trainableWeights: { w, unused } }, loss: 'sparseCategoricalCrossentropy', sinks: [sink] });
    await trainer.fit(clouds(12), { batchSize: 4, epochs: 2 });
    expect(sink.events.filter(({ event }) => event === 'finding').map(({ data }) => [data['rule'], data['evidence']])).toEqual([['no-gradient', { weights: ['unused'] }]]);
    await trainer.dispose();
    tf.dispose([w, unused]);
  });

  it('frozen between steps stay, and go on with moments of their own', async () => {
    const build = () => sequential({ layers: [layers.dense({ units: 3, inputShape: [4], kernelInitializer: 'ones' }), layers.dense({ units: 2, activation: 'softmax' })] });
    const model = build();
    const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'adam', learningRate: 0.1 } });
    await trainer.fit(clouds(12), { batchSize: 4 });
    const [first, second] = model.layers;
    const values = (i: 0 | 1): number[] => [...(model.layers[i]?.getWeights()[0]?.dataSync() ?? [])];
    if (first === undefined || second === undefined) throw new Error('two layers');
    first.trainable = false;
    const [frozen, moving] = [values(0), values(1)];
    await trainer.fit(clouds(12), { batchSize: 4 });
    expect(values(0)).toEqual(frozen);
    expect(values(1)).not.toEqual(moving);
    first.trainable = true;
    await trainer.fit(clouds(12), { batchSize: 4 });
    expect(values(0)).not.toEqual(frozen);
    expect(values(0).every((value) => Number.isFinite(value))).toBe(true);
  });
});
