import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { memorySink, Trainer } from '../../src/index.js';
import { definePlugin, hookNames, type HookName } from '../../src/plugin/index.js';
import { tensorsLeftBy } from '../../src/testing/index.js';
import { useBackend } from '../support/backends.js';
import { randoms } from '../support/numbers.js';

const line = (): Sequential => sequential({ layers: [layers.dense({ units: 1, inputShape: [2], kernelInitializer: 'zeros' })] });
/** y = x0 - 2 x1 + 0.5, without noise. */
const data = (samples: number): { inputs: { values: Float32Array; shape: number[] }; labels: { values: Float32Array; shape: number[] } } => {
  const values = randoms(samples * 2, 11);
  const labels = Float32Array.from({ length: samples }, (_, i) => (values[2 * i] ?? 0) - 2 * (values[2 * i + 1] ?? 0) + 0.5);
  return { inputs: { values, shape: [samples, 2] }, labels: { values: labels, shape: [samples, 1] } };
};

beforeAll(() => useBackend('cpu'));

/** Notes every call of every hook. */
const recorder = (calls: string[], name: string, hooks: readonly HookName[] = hookNames) =>
  definePlugin({
    name,
    summary: 'Notes its calls.',
    role: 'steer',
    needs: () => ({ every: 2, of: {} }),
    hooks: () => Object.fromEntries(hooks.map((hook) => [hook, () => void calls.push(`${name}.${hook}`)])),
  })();

describe('the order of the hooks', () => {
  it('is that of the list, for one epoch of 2 steps with validation', async () => {
    const calls: string[] = [];
    const trainer = new Trainer({ model: line(), loss: 'meanSquaredError', plugins: [recorder(calls, 'a')] });
    await trainer.fit(data(8), { batchSize: 4, validation: data(4) });
    const step = ['batch', 'loss', 'gradients', 'stepEnd'];
    expect(calls).toEqual(
      ['setup', 'fitStart', 'epochStart', ...step, ...step, 'validationStart', 'validationEnd', 'epochEnd', 'fitEnd', 'teardown'].map((hook) => `a.${hook}`),
    );
  });

  it('is pre, as listed, post for each hook, and reversed for teardown', async () => {
    const calls: string[] = [];
    const only = (name: string, enforce?: 'pre' | 'post') =>
      definePlugin({ name, summary: 's', role: 'observe', ...(enforce === undefined ? {} : { enforce }), hooks: () => ({ fitStart: () => void calls.push(name), teardown: () => void calls.push(`-${name}`) }) })();
    const trainer = new Trainer({ model: line(), loss: 'meanSquaredError', plugins: [only('last', 'post'), only('x'), only('first', 'pre'), only('y')] });
    await trainer.fit(data(4));
    expect(calls).toEqual(['first', 'x', 'y', 'last', '-last', '-y', '-x', '-first']);
  });
});

describe('stopping', () => {
  it('asked for in fitStart holds: no step is done', async () => {
    const model = line();
    const veto = definePlugin({ name: 'veto', summary: 's', role: 'steer', hooks: () => ({ fitStart: (_, ctx) => ctx.stop('not like this') }) })();
    const trainer = new Trainer({ model, loss: 'meanSquaredError', plugins: [veto] });
    const result = await trainer.fit(data(8), { epochs: 5 });
    expect(result).toMatchObject({ reason: 'stopped', stoppedBy: 'veto', message: 'not like this', steps: 0, history: [] });
    expect([...(model.getWeights()[0]?.dataSync() ?? [])]).toEqual([0, 0]);
  });

  it('asked for in step 3 of 5 ends the fit after 3 steps, and a half epoch has no record', async () => {
    const trainer = new Trainer({ model: line(), loss: 'meanSquaredError' });
    trainer.hook('stepEnd', () => trainer.stop('enough'), { once: 3 });
    const result = await trainer.fit(data(20), { batchSize: 4, epochs: 2 });
    expect(result).toMatchObject({ reason: 'stopped', stoppedBy: null, message: 'enough', steps: 3 });
    expect(result.history).toHaveLength(0);
  });

  it('by an AbortSignal ends cleanly, with every teardown', async () => {
    const calls: string[] = [];
    const controller = new AbortController();
    const trainer = new Trainer({ model: line(), loss: 'meanSquaredError', plugins: [recorder(calls, 'a', ['teardown', 'fitEnd'])] });
    trainer.hook('stepEnd', () => controller.abort(new Error('closing time')), { once: 2 });
    const result = await trainer.fit(data(40), { batchSize: 4, signal: controller.signal });
    expect(result).toMatchObject({ reason: 'aborted', message: 'closing time', steps: 2 });
    expect(calls).toEqual(['a.fitEnd', 'a.teardown']);
  });
});

describe('means over an epoch', () => {
  it('weigh the last, smaller batch by its samples: 3 batches of 4, 4 and 2', async () => {
    // At rate 0 nothing moves, so each sample's loss is label^2 for the zero model, whatever the batches.
    const { inputs, labels } = data(10);
    const expected = labels.values.reduce((sum, y) => sum + y * y, 0) / 10;
    const trainer = new Trainer({ model: line(), loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 1e-12 }, metrics: ['meanAbsoluteError'], logEvery: 1000 });
    const { history } = await trainer.fit({ inputs, labels }, { batchSize: 4 });
    expect(history[0]?.metrics['loss']).toBeCloseTo(expected, 5);
    expect(history[0]?.metrics['meanAbsoluteError']).toBeCloseTo(labels.values.reduce((sum, y) => sum + Math.abs(y), 0) / 10, 5);
    expect(history[0]).toMatchObject({ steps: 3, samples: 10 });
  });

  it('do not depend on how often the loss is read', async () => {
    const lossWith = async (logEvery: number): Promise<number | undefined> => {
      const trainer = new Trainer({ model: line(), loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.05 }, logEvery, seed: 3 });
      return (await trainer.fit(data(50), { batchSize: 7, epochs: 2 })).history[1]?.metrics['loss'];
    };
    expect(await lossWith(1)).toBeCloseTo((await lossWith(1000)) ?? Number.NaN, 6);
  });
});

describe('fit', () => {
  it('called again goes on: epochs, steps and events count up, without a gap in seq', async () => {
    const sink = memorySink();
    const trainer = new Trainer({ model: line(), loss: 'meanSquaredError', sinks: [sink], logEvery: 1 });
    await trainer.fit(data(8), { batchSize: 4, epochs: 2 });
    const second = await trainer.fit(data(8), { batchSize: 4 });
    expect(second.history.map(({ epoch }) => epoch)).toEqual([3]);
    expect(second.steps).toBe(6);
    expect(sink.events.map(({ seq }) => seq)).toEqual(sink.events.map((_, i) => i + 1));
    expect(sink.events.filter(({ event }) => event === 'run-start').map(({ data: { fit } }) => fit as number)).toEqual([1, 2]);
  });

  it('learns the line: weights 1 and -2, bias 0.5', async () => {
    const model = line();
    const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'adam', learningRate: 0.05 } });
    await trainer.fit(data(200), { batchSize: 20, epochs: 30 });
    const [kernel, bias] = model.getWeights().map((weight) => [...weight.dataSync()]);
    expect(kernel?.[0]).toBeCloseTo(1, 2);
    expect(kernel?.[1]).toBeCloseTo(-2, 2);
    expect(bias?.[0]).toBeCloseTo(0.5, 2);
  });

  it('does not run twice at once', async () => {
    const trainer = new Trainer({ model: line(), loss: 'meanSquaredError' });
    const first = trainer.fit(data(8));
    await expect(trainer.fit(data(8))).rejects.toMatchObject({ code: 'FIT_RUNNING' });
    await first;
  });

  it('accumulating 2 batches of 4 equals batches of 8', async () => {
    const weights = async (batchSize: number, accumulateSteps: number): Promise<number[]> => {
      const model = line();
      const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.1 }, accumulateSteps });
      const result = await trainer.fit(data(24), { batchSize, shuffle: false, epochs: 2 });
      expect(result.steps).toBe(6);
      return model.getWeights().flatMap((weight) => [...weight.dataSync()]);
    };
    const [one, two] = [await weights(8, 1), await weights(4, 2)];
    one.forEach((value, i) => expect(two[i]).toBeCloseTo(value, 6));
  });

  it('with stepsPerEpoch goes on in the data where the epoch before stopped', async () => {
    const seen: number[] = [];
    const trainer = new Trainer({ model: line(), loss: 'meanSquaredError' });
    trainer.hook('batch', ({ inputs }) => void seen.push(inputs[0]?.dataSync()[0] ?? Number.NaN));
    const inputs = tf.tensor2d([0, 0, 1, 0, 2, 0, 3, 0, 4, 0], [5, 2]);
    const labels = tf.zeros([5, 1]);
    await trainer.fit({ inputs, labels }, { batchSize: 1, shuffle: false, stepsPerEpoch: 3, epochs: 3 });
    expect(seen).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3]);
    tf.dispose([inputs, labels]);
  });

  it('leaves no tensor behind, at the end and on failure', async () => {
    const model = line();
    const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.1 } });
    await trainer.fit(data(8), { validation: data(4) });
    expect(await tensorsLeftBy(() => trainer.fit(data(8), { batchSize: 3, validation: data(4) }))).toBe(0);
    const failing = definePlugin({ name: 'failing', summary: 's', role: 'steer', hooks: () => ({ gradients: () => { throw new Error('no'); } }) })();
    const other = new Trainer({ model, loss: 'meanSquaredError', plugins: [failing] });
    await expect(other.fit(data(8))).rejects.toMatchObject({ code: 'PLUGIN_FAILED', plugin: 'failing', hook: 'gradients', step: 1 });
    expect(await tensorsLeftBy(() => other.fit(data(8)).catch(() => undefined))).toBe(0);
  });
});

describe('evaluate and predict', () => {
  it('give loss and metrics over all samples, and predictions in their order', async () => {
    const model = line();
    model.setWeights([tf.tensor2d([1, 2], [2, 1]), tf.tensor1d([3])]);
    const trainer = new Trainer({ model, loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] });
    const inputs = [[1, 0], [0, 1], [1, 1]];
    // Predictions 4, 5, 6 against labels 4, 4, 4: errors 0, 1, 2.
    expect(await trainer.evaluate({ inputs, labels: [[4], [4], [4]] }, { batchSize: 2 })).toEqual({ loss: 5 / 3, meanAbsoluteError: 1 });
    const [predictions] = await trainer.predict({ inputs }, { batchSize: 2 });
    expect([...(predictions?.dataSync() ?? [])]).toEqual([4, 5, 6]);
    expect(predictions?.shape).toEqual([3, 1]);
    predictions?.dispose();
  });
});
