import { beforeAll, describe, expect, it } from 'vitest';
import { memorySink, Trainer, type DataSource, type FitOptions } from '../../src/index.js';
import { definePlugin } from '../../src/plugin/index.js';
import { tensorsLeftBy } from '../../src/testing/index.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeAll(() => useBackend('cpu'));

const batch = clouds(4);
const failure = new Error('the cable was cut');
const never = (): Promise<never> => new Promise(() => undefined);

/** Gives so many batches, and then does something else. A source is opened once to be looked at, and once to be trained on. */
const after = (batches: number, then: () => unknown): DataSource => ({
  async *[Symbol.asyncIterator]() {
    for (let i = 0; i < batches; i += 1) yield batch;
    await then();
  },
});
/** The same, at once. */
const afterAtOnce = (batches: number, then: () => unknown): DataSource => ({
  *[Symbol.iterator]() {
    for (let i = 0; i < batches; i += 1) yield batch;
    then();
  },
});
const fails = (): never => {
  throw failure;
};

async function train(source: DataSource, options: FitOptions = {}): Promise<{ readonly outcome: unknown; readonly torn: number; readonly last: unknown }> {
  let torn = 0;
  const sound = definePlugin({ name: 'sound', summary: 's', role: 'observe', hooks: () => ({ teardown: () => void (torn += 1) }) })();
  const sink = memorySink();
  const model = smallClassifier();
  const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', plugins: [sound], sinks: [sink], progress: false });
  const outcome = await trainer.fit(source, options).catch((error: unknown) => error);
  await trainer.dispose();
  model.dispose();
  return { outcome, torn, last: sink.events.at(-1)?.data };
}

describe('a source of data', () => {
  const broken: [string, DataSource, FitOptions][] = [
    ['throws at its third batch', afterAtOnce(2, fails), {}],
    ['rejects at its third batch', after(2, () => Promise.reject(failure)), {}],
    ['rejects while batches of it are read ahead', after(3, () => Promise.reject(failure)), { prefetch: 8 }],
    ['throws when it is asked for an iterator', { [Symbol.asyncIterator]: fails }, {}],
    ['is a function of the epoch that throws in the second epoch', (epoch: number) => (epoch === 0 ? [batch] : fails()), { epochs: 2 }],
    ['is validation data that rejects', batch, { validation: after(1, () => Promise.reject(failure)) }],
    ['gives a batch of another width in the midst', (() => [batch, { inputs: [[1]], labels: [0] }])(), {}],
    ['gives no batch at all', [], {}],
  ];
  it.each(broken)('that %s fails the fit by a DataError, once all plugins are torn down, and no tensor is left', async (_, source, options) => {
    let run: Awaited<ReturnType<typeof train>> | undefined;
    const left = await tensorsLeftBy(async () => (run = await train(source, options)));
    expect(run?.outcome).toMatchObject({ name: 'DataError' });
    expect(run?.torn).toBe(1);
    expect(left).toBe(0);
  });

  it('that ends before stepsPerEpoch is begun again, and goes on: 5 steps of two batches each pass', async () => {
    expect((await train(after(2, () => undefined), { stepsPerEpoch: 5 })).outcome).toMatchObject({ reason: 'completed', steps: 5 });
  });

  it('that never ends is stopped by a number of steps: 7 of them in 1 epoch', async () => {
    expect((await train(after(Infinity, () => undefined), { stepsPerEpoch: 7 })).outcome).toMatchObject({ reason: 'completed', steps: 7 });
  });

  const silent: [string, DataSource, FitOptions][] = [
    ['its first batch', after(0, never), {}],
    ['a later batch', after(2, never), {}],
    ['a batch that is read ahead', after(2, never), { prefetch: 4 }],
    ['an iterator', { [Symbol.asyncIterator]: () => ({ next: never, return: never }) }, {}],
    ['validation', batch, { validation: after(2, never) }],
    ['a function of the epoch', () => never(), {}],
  ];
  it.each(silent)('that never answers when it is asked for %s does not hold an aborted fit; no tensor is left', async (_, source, options) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 30);
    let run: Awaited<ReturnType<typeof train>> | undefined;
    const left = await tensorsLeftBy(async () => (run = await train(source, { ...options, signal: controller.signal })));
    expect(run?.outcome).toMatchObject({ reason: 'aborted', message: 'enough' });
    expect(run?.torn).toBe(1);
    expect(left).toBe(0);
  });
});

it('a model that is never made does not hold an aborted fit, and the next one neither', async () => {
  const trainer = new Trainer({ model: never, loss: 'sparseCategoricalCrossentropy', progress: false });
  for (let i = 0; i < 2; i += 1) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 10);
    expect(await trainer.fit(batch, { signal: controller.signal })).toMatchObject({ reason: 'aborted', steps: 0 });
  }
  await trainer.dispose();
});
