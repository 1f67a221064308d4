import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { memorySink, Trainer, type HandwrittenModel } from '../../src/index.js';
import { definePlugin, type AnyPlugin, type Measurement, type Role } from '../../src/plugin/index.js';
import { tensorsLeftBy } from '../../src/testing/index.js';
import { useBackend } from '../support/backends.js';
import { clouds } from '../support/small-run.js';

beforeAll(() => useBackend('cpu'));

const model = (): Sequential =>
  sequential({ layers: [layers.dense({ name: 'first', units: 3, activation: 'tanh', inputShape: [4] }), layers.dense({ name: 'second', units: 2, activation: 'softmax' })] });

/** The names under which activations came, and how many numbers each had. */
const sizes = (asked?: readonly string[]): Measurement<Record<string, number>, 'activations'> => ({
  key: `sizes:${JSON.stringify(asked ?? null)}`,
  sources: ['activations'],
  ...(asked === undefined ? {} : { layers: asked }),
  reduce: ({ activations }) => tf.tensor1d([...activations.values()].map(({ size }) => size)),
  read: (values, { activationNames }) => Object.fromEntries(activationNames.map((name, i) => [name, values[i] ?? Number.NaN])),
});

const asker = (name: string, measurement: Measurement<unknown>, heard: unknown[] = [], role: Role = 'observe'): AnyPlugin =>
  role === 'observe'
    ? definePlugin({ name, summary: 's', role: 'observe', needs: () => ({ every: 1, of: { it: measurement } }), hooks: () => ({ measured: ({ it }) => void heard.push(it) }) })()
    : definePlugin({ name, summary: 's', role: 'steer', needs: () => ({ every: 1, of: { it: measurement } }), hooks: () => ({ measured: ({ it }) => void heard.push(it) }) })();

describe('activations', () => {
  it('come to each plugin for the layers that it asked for, whatever others ask for: 8 samples of 3 and of 2 units', async () => {
    const [one, other, all]: unknown[][] = [[], [], []];
    const plugins = [asker('one', sizes(['first']), one), asker('other', sizes(['second']), other), asker('all', sizes(), all)];
    await new Trainer({ model: model(), loss: 'sparseCategoricalCrossentropy', plugins }).fit(clouds(8), { batchSize: 8 });
    expect(one).toEqual([{ first: 24 }]);
    expect(other).toEqual([{ second: 16 }]);
    expect(all).toEqual([expect.objectContaining({ first: 24, second: 16 })]);
  });

  it('of a layer that the model does not have are refused before the first step, with the nearest name', async () => {
    const trainer = new Trainer({ model: model(), loss: 'sparseCategoricalCrossentropy', plugins: [asker('one', sizes(['frist']))] });
    await expect(trainer.fit(clouds(8))).rejects.toMatchObject({ code: 'MEASUREMENT_INVALID', plugin: 'one', message: expect.stringMatching(/"frist".*Did you mean "first"\?/) as string });
  });

  it('of a tap that never comes disable the plugin that asked, and say so', async () => {
    const w = tf.variable(tf.ones([4, 2]));
    const handwritten: HandwrittenModel<tf.Tensor2D> = { forward: (x, { tap }) => tap('logits', tf.matMul(x, w as tf.Tensor2D)), trainableWeights: { w } };
    const heard: unknown[] = [];
    const sink = memorySink();
    const plugins = [asker('one', sizes(['logit'])), asker('other', sizes(['logits']), heard)];
    const trainer = new Trainer({ model: handwritten, loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true }, plugins, sinks: [sink] });
    await trainer.fit(clouds(16), { batchSize: 8 });
    expect(heard).toEqual([{ logits: 16 }, { logits: 16 }]);
    const errors = sink.events.filter(({ event }) => event === 'plugin-error');
    expect(errors.map(({ plugin, step, data }) => ({ plugin, step, hook: data['hook'], policy: data['policy'] }))).toEqual([{ plugin: 'one', step: 1, hook: 'measured', policy: 'disable' }]);
    expect(errors[0]?.data['message']).toContain('"logit"');
    w.dispose();
  });
});

describe('a measurement that throws', () => {
  const broken = (where: 'reduce' | 'read'): Measurement<number, 'gradients'> => ({
    key: `broken:${where}`,
    sources: ['gradients'],
    reduce: ({ gradients }) => {
      const sum = tf.addN([...gradients.values()].map((each) => tf.sum(each)));
      if (where === 'reduce') throw new Error('no reduce today');
      return sum;
    },
    read: () => {
      throw new Error('no read today');
    },
  });

  it.each(['reduce', 'read'] as const)('in its %s disables an observing plugin; another one gets its values, and the training goes on', async (where) => {
    const heard: unknown[] = [];
    const sink = memorySink();
    const plugins = [asker('bad', broken(where)), asker('good', sizes(['second']), heard)];
    const trainer = new Trainer({ model: model(), loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'sgd', learningRate: 0.1 }, plugins, sinks: [sink] });
    expect(await tensorsLeftBy(() => trainer.fit(clouds(24), { batchSize: 8 }))).toBe(0);
    expect(heard).toEqual([{ second: 16 }, { second: 16 }, { second: 16 }]);
    expect(sink.events.flatMap(({ event, plugin, data }) => (event === 'plugin-error' ? [[plugin, data['message']]] : []))).toEqual([['bad', `no ${where} today`]]);
    expect(sink.events.at(-1)).toMatchObject({ event: 'run-end', data: { reason: 'completed', steps: 3 } });
  });

  it('stops the run where the plugin steers, without a tensor left', async () => {
    const trainer = new Trainer({ model: model(), loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'sgd', learningRate: 0.1 }, plugins: [asker('bad', broken('reduce'), [], 'steer')] });
    const failed = (): Promise<unknown> => trainer.fit(clouds(24), { batchSize: 8 }).catch((error: unknown) => error);
    expect(await failed()).toMatchObject({ code: 'PLUGIN_FAILED', plugin: 'bad', hook: 'measured', step: 1 });
    expect(await tensorsLeftBy(failed)).toBe(0);
  });
});
