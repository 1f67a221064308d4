import { randomInt } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type LayersModel, type Sequential } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it } from 'vitest';
import { memorySink, Trainer } from '../../src/index.js';
import { definePlugin, type AnyPlugin } from '../../src/plugin/index.js';
import { tensorsLeftBy } from '../../src/testing/index.js';
import { seed } from '../../plugins/seed.js';
import { testBackends, useBackend } from '../support/backends.js';
import { clouds } from '../support/small-run.js';

/** With an unseeded, an equally seeded and a zero-seeded initialiser, and dropout with and without a seed. */
const build = (): Sequential =>
  sequential({
    layers: [
      layers.dense({ units: 4, inputShape: [4], activation: 'tanh' }),
      layers.dense({ units: 4, activation: 'tanh', kernelInitializer: initializers.heNormal({ seed: 7 }) }),
      layers.dropout({ rate: 0.5, seed: 3 }),
      layers.dense({ units: 4, activation: 'tanh', kernelInitializer: initializers.heNormal({ seed: 7 }) }),
      layers.dropout({ rate: 0.5 }),
      layers.dense({ units: 4, kernelInitializer: initializers.randomNormal({ seed: 0 }) }),
      layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });

const bytes = (model: LayersModel): string => Buffer.concat(model.getWeights().map((weight) => Buffer.from(weight.dataSync().slice().buffer))).toString('hex');

const run = async (plugins: readonly AnyPlugin[], make: () => LayersModel = build, epochs = 2) => {
  let model: LayersModel | undefined;
  const sink = memorySink();
  const order: number[] = [];
  const trainer = new Trainer({ model: () => (model = make()), loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'adam', learningRate: 0.01 }, plugins, sinks: [sink] });
  trainer.hook('batch', ({ inputs }) => void order.push(inputs[0]?.dataSync()[0] ?? Number.NaN));
  await trainer.fit(clouds(24), { batchSize: 4, epochs });
  await trainer.dispose();
  if (model === undefined) throw new Error('no model');
  return { weights: bytes(model), order: order.join(), events: sink.events, model };
};
const dataOf = (events: Awaited<ReturnType<typeof run>>['events'], name: string): readonly Readonly<Record<string, unknown>>[] => events.filter(({ event }) => event === name).map(({ data }) => data);

for (const backend of testBackends) {
  describe(`one integer on ${backend}`, () => {
    beforeEach(() => useBackend(backend));

    it('fixes the weights to the byte, and the order of the data', async () => {
      const [a, b, other] = [await run([seed({ seed: 42 })]), await run([seed({ seed: 42 })]), await run([seed({ seed: 43 })])];
      expect(b.weights).toBe(a.weights);
      expect(b.order).toBe(a.order);
      expect(other.weights).not.toBe(a.weights);
      expect(other.order).not.toBe(a.order);
    });

    it('may be 0, which is a seed like any other', async () => {
      const [a, b] = [await run([seed({ seed: 0 })]), await run([seed({ seed: 0 })])];
      expect(b.weights).toBe(a.weights);
    });

    it('is not disturbed by a plugin that draws numbers of its own', async () => {
      const drawing = definePlugin({
        name: 'drawing',
        summary: 's',
        role: 'observe',
        enforce: 'pre',
        hooks: () => {
          const draw = (_: unknown, ctx: { random(): { float(): number } }): void => {
            Math.random();
            ctx.random().float();
          };
          return { fitStart: draw, epochStart: draw, stepEnd: draw, epochEnd: draw };
        },
      })();
      const [a, b] = [await run([seed({ seed: 5 })]), await run([drawing, seed({ seed: 5 })])];
      expect(b.weights).toBe(a.weights);
      expect(b.order).toBe(a.order);
    });

    it('verified: the first 3 steps twice are identical, and training goes on as without', async () => {
      const [verified, plain] = [await run([seed({ seed: 5, verify: true })]), await run([seed({ seed: 5 })])];
      expect(dataOf(verified.events, 'seed-verification')).toEqual([{ steps: 3, identical: true, firstDifference: null }]);
      expect(verified.weights).toBe(plain.weights);
      const single = await run([seed({ seed: 5, verify: 1 })]);
      expect(dataOf(single.events, 'seed-verification')).toEqual([{ steps: 1, identical: true, firstDifference: null }]);
      expect(single.weights).toBe(plain.weights);
    });
  });
}

describe('the plugin seed', () => {
  beforeEach(() => useBackend('cpu'));

  it('gives layers of one shape and one initialiser seed unequal weights, and says that all are seeded', async () => {
    const { model, events } = await run([seed({ seed: 1 })], build, 1);
    expect(dataOf(events, 'seed')).toEqual([{ seed: 1, weights: 'seeded', seededWeights: 10, keptWeights: [], drawingLayers: 2, nativeDeterminism: 'not-needed' }]);
    const kernels = model.getWeights().filter(({ shape }) => shape.join() === '4,4').map((weight) => weight.dataSync().join());
    expect(kernels).toHaveLength(4);
    expect(new Set(kernels).size).toBe(4);
  });

  it('drops other units at every step, in a seeded dropout layer too, and the same in a second run', async () => {
    const masks = async (): Promise<string[]> => {
      const seen: string[] = [];
      const model = (): Sequential => sequential({ layers: [layers.dropout({ rate: 0.5, seed: 3, inputShape: [4] }), layers.dense({ units: 2, activation: 'softmax', trainable: true })] });
      const looking = definePlugin({
        name: 'looking',
        summary: 's',
        role: 'observe',
        needs: () => ({ every: 1, of: { dropped: { key: 'dropped', sources: ['activations'] as const, reduce: ({ activations }: { readonly activations: ReadonlyMap<string, tf.Tensor> }) => tf.clone([...activations.values()][0] ?? tf.scalar(0)), read: (values: Float32Array) => [...values].map((value) => (value === 0 ? 0 : 1)).join('') } } }),
        hooks: () => ({ measured: ({ dropped }) => void seen.push(dropped) }),
      })();
      await run([seed({ seed: 9 }), looking], model, 1);
      return seen;
    };
    const [a, b] = [await masks(), await masks()];
    expect(a).toHaveLength(6);
    expect(new Set(a).size).toBe(6);
    expect(b).toEqual(a);
  });

  it('puts back what it replaces, after success and after failure: Math.random, seeds of layers, addWeight', async () => {
    const { random } = Math;
    const addWeight: unknown = Reflect.get(layers.Layer.prototype, 'addWeight');
    const { model } = await run([seed({ seed: 1 })]);
    expect(Math.random).toBe(random);
    expect(Reflect.get(layers.Layer.prototype as object, 'addWeight')).toBe(addWeight);
    expect(model.layers.flatMap((layer) => ('seed' in layer ? [layer.seed] : []))).toEqual([3, undefined]);
    const failing = definePlugin({ name: 'failing', summary: 's', role: 'steer', hooks: () => ({ stepEnd: () => { throw new Error('no'); } }) })();
    await expect(run([seed({ seed: 1 }), failing])).rejects.toMatchObject({ code: 'PLUGIN_FAILED' });
    await expect(run([seed({ seed: 1 })], () => { throw new Error('no model'); })).rejects.toThrow('no model');
    expect(Math.random).toBe(random);
    expect(Reflect.get(layers.Layer.prototype as object, 'addWeight')).toBe(addWeight);
  });

  it('of two trainers at once: both end, and nothing stays replaced', async () => {
    const { random } = Math;
    const addWeight: unknown = Reflect.get(layers.Layer.prototype, 'addWeight');
    await Promise.all([run([seed({ seed: 1 })]), run([seed({ seed: 2 })])]);
    expect(Math.random).toBe(random);
    expect(Reflect.get(layers.Layer.prototype as object, 'addWeight')).toBe(addWeight);
  });

  it('leaves the weights of a model that was built before, and says so', async () => {
    const model = build();
    const before = bytes(model);
    const sink = memorySink();
    const stop = definePlugin({ name: 'stop', summary: 's', role: 'steer', hooks: () => ({ fitStart: (_, ctx) => ctx.stop('looked') }) })();
    const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', plugins: [seed({ seed: 1 }), stop], sinks: [sink] });
    await trainer.fit(clouds(8));
    expect(bytes(model)).toBe(before);
    expect(dataOf(sink.events, 'seed')[0]).toMatchObject({ weights: 'as-given', seededWeights: 0 });
  });

  it('with reinitialize draws them anew, each from a stream of its own: also recurrent, wrapped and normalising layers', async () => {
    const make = (): Sequential =>
      sequential({ layers: [layers.reshape({ targetShape: [2, 2], inputShape: [4] }), layers.bidirectional({ layer: layers.lstm({ units: 3 }), mergeMode: 'concat' }), layers.batchNormalization(), layers.dense({ units: 2, activation: 'softmax' })] });
    const drawn = async (value: number): Promise<{ weights: string; event: unknown }> => {
      const model = make();
      const sink = memorySink();
      const stop = definePlugin({ name: 'stop', summary: 's', role: 'steer', hooks: () => ({ fitStart: (_, ctx) => ctx.stop('looked') }) })();
      await new Trainer({ model, loss: 'sparseCategoricalCrossentropy', plugins: [seed({ seed: value, reinitialize: true }), stop], sinks: [sink] }).fit(clouds(8));
      return { weights: bytes(model), event: dataOf(sink.events, 'seed')[0] };
    };
    const [a, b, other] = [await drawn(4), await drawn(4), await drawn(5)];
    expect(a.event).toMatchObject({ weights: 'reinitialized', seededWeights: 12, keptWeights: [] });
    expect(b.weights).toBe(a.weights);
    expect(other.weights).not.toBe(a.weights);
  });

  it('verifying finds randomness that it cannot reach, and names the step and the tensor', async () => {
    const noisy = definePlugin({ name: 'noisy', summary: 's', role: 'steer', hooks: () => ({ loss: (loss, { step }) => (step === 2 ? tf.mul<tf.Scalar>(loss, 1 + randomInt(1, 1000) / 10) : loss) }) })();
    const { events } = await run([seed({ seed: 5, verify: 4 }), noisy]);
    const [verification] = dataOf(events, 'seed-verification');
    expect(verification).toMatchObject({ steps: 4, identical: false, firstDifference: { step: 2 } });
    expect(dataOf(events, 'finding')).toMatchObject([{ rule: 'not-reproducible', severity: 'warning' }]);
  });

  it('leaves no tensor behind', async () => {
    const model = build();
    const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'sgd', learningRate: 0.01 }, plugins: [seed({ seed: 1, verify: true })] });
    await trainer.fit(clouds(8));
    expect(await tensorsLeftBy(() => trainer.fit(clouds(8)))).toBe(0);
  });
});
