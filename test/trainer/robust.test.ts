import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { memorySink, Trainer } from '../../src/index.js';
import { clippedGradientNorms, definePlugin, weightNorms, type Gradients, type Norms } from '../../src/plugin/index.js';
import { tensorsLeftBy } from '../../src/testing/index.js';
import { useBackend } from '../support/backends.js';

beforeAll(() => useBackend('cpu'));

const line = (): Sequential => sequential({ layers: [layers.dense({ units: 1, inputShape: [1], kernelInitializer: 'zeros' })] });
const data = { inputs: [[1], [2], [3], [4]], labels: [[2], [4], [6], [8]] };
const batch = { inputs: [[1]], labels: [[2]] };

async function* thenNever(batches: number): AsyncGenerator<typeof batch> {
  for (let i = 0; i < batches; i += 1) yield batch;
  await new Promise(() => undefined);
}

describe('data that never comes', () => {
  it('does not hold a fit that is aborted: 3 steps, and the trainer can go on', async () => {
    const controller = new AbortController();
    const trainer = new Trainer({ model: line(), loss: 'meanSquaredError' });
    trainer.hook('stepEnd', () => void setTimeout(() => controller.abort(), 5), { once: 3 });
    const result = await trainer.fit(() => thenNever(4), { signal: controller.signal });
    expect(result.reason).toBe('aborted');
    expect(result.steps).toBe(3);
    expect((await trainer.fit(data)).reason).toBe('completed');
  });

  it('nor one that is stopped, nor one whose first batch is awaited', async () => {
    const trainer = new Trainer({ model: line(), loss: 'meanSquaredError' });
    setTimeout(() => trainer.stop('no data'), 20);
    expect(await trainer.fit(() => thenNever(0))).toMatchObject({ reason: 'stopped', message: 'no data', steps: 0 });
  });

  it('nor a validation that is aborted', async () => {
    const controller = new AbortController();
    const trainer = new Trainer({ model: line(), loss: 'meanSquaredError' });
    trainer.hook('validationStart', () => void setTimeout(() => controller.abort(), 5));
    expect(await trainer.fit(data, { validation: () => thenNever(2), signal: controller.signal })).toMatchObject({ reason: 'aborted' });
  });
});

describe('a trainer is never stuck', () => {
  it('by a signal that is none, by a stop with an odd message, or by a source that throws on being closed', async () => {
    const sink = memorySink();
    const trainer = new Trainer({ model: line(), loss: 'meanSquaredError', sinks: [sink] });
    await expect(trainer.fit(data, { signal: {} as AbortSignal })).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
    const stopping = trainer.hook('stepEnd', () => trainer.stop(new Error('odd') as never));
    expect(await trainer.fit(data, { epochs: 3 })).toMatchObject({ reason: 'stopped', message: 'Error: odd' });
    const closing = async function* (): AsyncGenerator<typeof batch> {
      try {
        for (;;) yield batch;
      } finally {
        // A source may well fail when it is cut short.
        await Promise.reject(new Error('the cable was cut'));
      }
    };
    expect(await trainer.fit(closing, { stepsPerEpoch: 10 })).toMatchObject({ reason: 'stopped' });
    expect(sink.events.at(-1)).toMatchObject({ event: 'run-end' });
    stopping.remove();
    expect((await trainer.fit(data)).reason).toBe('completed');
  });

  it('by two questions at once about a model that is still to be made: it is made once', async () => {
    let made = 0;
    const trainer = new Trainer({
      model: async () => {
        made += 1;
        await new Promise((done) => setTimeout(done, 5));
        return line();
      },
      loss: 'meanSquaredError',
    });
    const [a, b] = await Promise.all([trainer.predict([[1]]), trainer.predict([[1]])]);
    expect(made).toBe(1);
    expect(trainer.model).toBeDefined();
    tf.dispose([...a, ...b]);
  });
});

describe('hooks that transform', () => {
  it('may change the number of samples: means and shares are of what was trained on', async () => {
    // Loss of the zero model on labels 2 and 4, doubled by the hook: the mean stays (4 + 16) / 2 = 10.
    const twice = (accumulateSteps: number): Promise<number | undefined> => {
      const trainer = new Trainer({ model: line(), loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 1e-12 }, accumulateSteps });
      trainer.hook('batch', (given) => ({ ...given, inputs: given.inputs.map((each) => tf.concat([each, each])), labels: given.labels.map((each) => tf.concat([each, each])) }));
      return trainer.fit({ inputs: [[1], [2]], labels: [[2], [4]] }, { batchSize: 1 }).then(({ history }) => history[0]?.metrics['loss']);
    };
    expect(await twice(1)).toBeCloseTo(10, 5);
    expect(await twice(2)).toBeCloseTo(10, 5);
  });

  it('end nowhere but in the loop: three that replace the batch leave no tensor, also when a later one throws', async () => {
    const trainer = new Trainer({ model: line(), loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.01 } });
    for (let i = 0; i < 3; i += 1) trainer.hook('batch', (given) => ({ ...given, inputs: given.inputs.map((each) => tf.mul(each, 1)) }));
    trainer.hook('gradients', (gradients) => new Map([...gradients].map(([name, each]) => [name, tf.mul(each, 1)])));
    trainer.hook('gradients', (gradients) => new Map([...gradients].map(([name, each]) => [name, tf.mul(each, 1)])));
    await trainer.fit(data, { batchSize: 1 });
    expect(await tensorsLeftBy(() => trainer.fit(data, { batchSize: 1 }))).toBe(0);
    trainer.hook('gradients', () => {
      throw new Error('no');
    });
    expect(await tensorsLeftBy(() => trainer.fit(data, { batchSize: 1 }).catch(() => undefined))).toBe(0);
  });

  it('may leave a gradient out: clipped norms keep their names', async () => {
    const seen: Norms[] = [];
    const model = line();
    const [kernel = '', bias = ''] = model.weights.map(({ name }) => name);
    const looking = definePlugin({ name: 'looking', summary: 's', role: 'observe', needs: () => ({ every: 1, of: { clipped: clippedGradientNorms(), weights: weightNorms() } }), hooks: () => ({ measured: ({ clipped }) => void seen.push(clipped) }) })();
    const trainer = new Trainer({ model, loss: 'meanSquaredError', plugins: [looking] });
    trainer.hook('gradients', (gradients): Gradients => new Map([...gradients].filter(([name]) => name === bias)));
    await trainer.fit({ inputs: [[1]], labels: [[2]] });
    // d/db (0 - 2)^2 = -4.
    expect([...(seen[0]?.byWeight ?? [])]).toEqual([[bias, 4]]);
    expect(kernel).not.toBe(bias);
  });
});

it("a hand-written model may hand out its own variables: they stay the user's", async () => {
  const w = tf.variable(tf.ones([1, 1]));
  const looking = definePlugin({ name: 'looking', summary: 's', role: 'observe', needs: () => ({ every: 1, of: { w: { key: 'w', sources: ['activations'] as const, reduce: ({ activations }: { readonly activations: ReadonlyMap<string, tf.Tensor> }) => tf.sum([...activations.values()][0] ?? tf.scalar(0)), read: (values: Float32Array) => values[0] } } }), hooks: () => ({}) })();
  const trainer = new Trainer({ model: { forward: (x: tf.Tensor, { tap }) => tf.mul(x, tap('w', w)), trainableWeights: { w } }, loss: 'meanSquaredError', plugins: [looking] });
  expect((await trainer.fit(data, { epochs: 2, batchSize: 2 })).reason).toBe('completed');
  expect(w.isDisposed).toBe(false);
  await trainer.dispose();
  w.dispose();
});

it('metrics keep the latest validation, also after an epoch without one', async () => {
  const trainer = new Trainer({ model: line(), loss: 'meanSquaredError' });
  const result = await trainer.fit(data, { epochs: 3, validation: data, validationEvery: { steps: 2 } });
  expect(Object.keys(result.metrics)).toEqual(['loss', 'val_loss']);
});

it('a loss that is not finite is a finding of the loop, told once, with the steps since the last finite one', async () => {
  const trainer = new Trainer({ model: line(), loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 1e30 }, logEvery: 1 });
  const { findings, reason } = await trainer.fit(data, { epochs: 3, batchSize: 2, shuffle: false });
  expect(reason).toBe('completed');
  // Step 1 sees the loss of the zero model; step 2 that of weights of 1e31, whose square overflows.
  expect(findings.map(({ rule, severity, where }) => [rule, severity, where])).toEqual([['non-finite-loss', 'error', { steps: { from: 2, to: 2 } }]]);
});
