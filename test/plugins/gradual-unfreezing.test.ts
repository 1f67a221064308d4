import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type LayersModel, type Sequential } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, test } from 'vitest';
import { Trainer, type FitOptions, type TrainerOptions } from 'trainscope';
import { gradualUnfreezing, seed, weightNorm } from 'trainscope/plugins';
import { tensorsLeftBy } from 'trainscope/testing';
import { testBackends, useBackend } from '../support/backends.js';
import { trainThrough } from '../support/resumed-run.js';
import { clouds } from '../support/small-run.js';

/** 40 samples in batches of 8: 5 steps an epoch. */
const data = clouds(40);
type Options = Parameters<typeof gradualUnfreezing>[0];

/** 4-6-5-2: first, second and out, each of a kernel and a bias. */
const model = (): Sequential =>
  sequential({
    layers: [layers.dense({ units: 6, activation: 'tanh', inputShape: [4], name: 'first' }), layers.dense({ units: 5, activation: 'tanh', name: 'second' }), layers.dense({ units: 2, activation: 'softmax', name: 'out' })],
  });
const bytesOf = (trainer: { readonly model: unknown }): string[] => (trainer.model as LayersModel).layers.map((layer) => layer.getWeights().map((weight) => Buffer.from(Float32Array.from(weight.dataSync()).buffer).toString('hex')).join(' '));

async function run(options: Options, fit: FitOptions = {}, more: Partial<TrainerOptions> = {}) {
  const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'adam', learningRate: 0.05 }, progress: false, ...more, plugins: [seed({ seed: 5 }), ...(more.plugins ?? []), gradualUnfreezing(options)] }) as unknown as Trainer;
  const told: Record<string, unknown>[] = [];
  const findings: string[] = [];
  trainer.onAny(({ event, data: facts }) => {
    if (event === 'gradual-unfreezing') told.push({ ...facts });
    if (event === 'finding') findings.push((facts as { rule: string }).rule);
  });
  /** By epoch: the bytes of each layer at its end. */
  const ends: string[][] = [];
  trainer.hook('fitStart', () => void ends.push(bytesOf(trainer)));
  trainer.hook('epochEnd', () => void ends.push(bytesOf(trainer)));
  await trainer.fit(data, { batchSize: 8, epochs: 3, ...fit });
  return { trainer, told, findings, ends };
}
/** Which layers changed in each epoch: one string an epoch, a letter for each layer that did. */
const changes = (ends: readonly string[][], letters: string): string[] => ends.slice(1).map((now, i) => letters.split('').filter((_, layer) => now[layer] !== ends[i]?.[layer]).join(''));

describe.each(testBackends)('on %s', (backend) => {
  beforeEach(() => useBackend(backend));

  test('layers are trained from the last one back, one more each epoch, and no frozen one moves by a bit', async () => {
    const { trainer, told, ends } = await run({}, { epochs: 4 });
    expect(changes(ends, 'abc')).toEqual(['c', 'bc', 'abc', 'abc']);
    expect(told).toEqual([
      { unfrozen: ['out'], trained: ['out'], frozen: ['second', 'first'], groups: { trained: 1, all: 3 }, rates: { out: 1 } },
      { unfrozen: ['second'], trained: ['out', 'second'], frozen: ['first'], groups: { trained: 2, all: 3 }, rates: { out: 1, second: 1 } },
      { unfrozen: ['first'], trained: ['out', 'second', 'first'], frozen: [], groups: { trained: 3, all: 3 }, rates: { out: 1, second: 1, first: 1 } },
    ]);
    await trainer.dispose();
  });

  test('a layer that comes late is trained as by an Adam that begins with it, and the others as by one that began before', async () => {
    // In double precision, Adam of one weight with the gradients that were applied to it, from the step in which it was first trained.
    const [rate, beta1, beta2, epsilon] = [0.05, 0.9, 0.999, 1e-7];
    const seen: { readonly gradients: ReadonlyMap<string, number> }[] = [];
    const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'adam', learningRate: rate, beta1, beta2, epsilon }, progress: false, plugins: [seed({ seed: 5 }), gradualUnfreezing()] });
    const first = (tensor: tf.Tensor | undefined): number => tensor?.dataSync()[0] ?? Number.NaN;
    const start = new Map<string, number>();
    trainer.hook('gradients', (gradients, context) => {
      if (start.size === 0) for (const [name, tensor] of context.weightTensors()) start.set(name, first(tensor));
      seen.push({ gradients: new Map([...gradients].map(([name, tensor]) => [name, first(tensor)])) });
    });
    await trainer.fit(data, { batchSize: 8, epochs: 3 });
    const end = new Map((trainer.model as LayersModel).weights.map((weight) => [weight.name, first(weight.read())]));
    await trainer.dispose();
    expect(start.size).toBe(6);
    for (const [name, from] of start) {
      let [weight, m, v, count] = [from, 0, 0, 0];
      for (const { gradients } of seen) {
        const gradient = gradients.get(name);
        if (gradient === undefined) continue;
        count += 1;
        m = beta1 * m + (1 - beta1) * gradient;
        v = beta2 * v + (1 - beta2) * gradient ** 2;
        weight -= (rate * (m / (1 - beta1 ** count))) / (Math.sqrt(v / (1 - beta2 ** count)) + epsilon);
      }
      expect(Math.abs((end.get(name) ?? Number.NaN) - weight)).toBeLessThan(2e-5);
      expect(weight).not.toBe(from);
    }
  });

  test.each(['sgd', 'adam', 'momentum', 'rmsprop'] as const)('with %s a rateRatio of 4 moves the second last layer by a quarter of what it else would', async (name) => {
    const moved = async (rateRatio: number): Promise<{ readonly step: number[][]; readonly layer: string[] }> => {
      const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', optimizer: { name, learningRate: 0.01 }, progress: false, plugins: [seed({ seed: 5 }), gradualUnfreezing({ startWith: 3, rateRatio })] });
      let before: number[][] = [];
      const weights = () => (trainer.model as LayersModel).getWeights().map((weight) => [...weight.dataSync()]);
      trainer.hook('fitStart', () => void (before = weights()));
      await trainer.fit(data, { batchSize: 40, epochs: 1 });
      const step = weights().map((values, w) => values.map((value, v) => value - (before[w]?.[v] ?? Number.NaN)));
      await trainer.dispose();
      return { step, layer: [] };
    };
    const [plain, scaled] = [await moved(1), await moved(4)];
    // Kernel and bias of first, second and out: 1/16, 1/4 and all of it.
    [16, 16, 4, 4, 1, 1].forEach((divisor, w) => {
      plain.step[w]?.forEach((value, v) => expect(Math.abs((scaled.step[w]?.[v] ?? Number.NaN) - value / divisor)).toBeLessThan(1e-7));
    });
  });

  test('killed and resumed in each epoch, it comes to the same weights to the byte, and the same events', async () => {
    const given = {
      options: () => ({ model, loss: 'sparseCategoricalCrossentropy' as const, optimizer: { name: 'adam' as const, learningRate: 0.05 }, logEvery: 1 }),
      plugins: () => [seed({ seed: 7 }), gradualUnfreezing({ rateRatio: 2.6 })],
      data: () => data,
      fit: () => ({ epochs: 4, batchSize: 8 }),
      checkpoint: { every: { steps: 1, epochs: 1 } },
    };
    const whole = await trainThrough(given);
    const resumed = await trainThrough(given, [3, 6, 8, 12, 16]);
    expect(resumed.resumes).toBe(5);
    expect(resumed.weights).toEqual(whole.weights);
    expect(resumed.events).toEqual(whole.events);
  });

  test('the statistics of batch normalisation in a frozen layer stay to the bit, or move where that is asked for', async () => {
    const normalised = (): Sequential => sequential({ layers: [layers.dense({ units: 6, inputShape: [4], name: 'first' }), layers.batchNormalization({ name: 'normed' }), layers.dense({ units: 2, activation: 'softmax', name: 'out' })] });
    const held = await run({ every: 2 }, { epochs: 3 }, { model: normalised });
    // After two epochs of the output alone, the normalisation is trained too; the first layer would come in the fifth.
    expect(changes(held.ends, 'anc')).toEqual(['c', 'c', 'nc']);
    await held.trainer.dispose();
    const moving = await run({ every: 2, batchNorm: 'move' }, { epochs: 1 }, { model: normalised });
    expect(changes(moving.ends, 'anc')).toEqual(['nc']);
    await moving.trainer.dispose();
  });

  test('leaves no tensors behind, and no finding', async () => {
    const normalised = (): Sequential => sequential({ layers: [layers.dense({ units: 6, inputShape: [4] }), layers.batchNormalization(), layers.dense({ units: 2, activation: 'softmax' })] });
    let found: readonly string[] = [];
    const once = async (): Promise<void> => {
      const { trainer, findings } = await run({ every: 2, rateRatio: 2 }, { epochs: 4 }, { model: normalised, plugins: [weightNorm({ every: 1, window: 3, windows: 2 })] });
      found = findings;
      (trainer.model as LayersModel).dispose();
      await trainer.dispose();
    };
    await once();
    expect(await tensorsLeftBy(once)).toBe(0);
    // Neither a leak, nor weights that are trained and do not change, nor frozen ones that do.
    for (const rule of ['tensor-leak', 'trainable-weight-unchanged', 'frozen-weight-moves', 'no-gradient', 'plugin-error']) expect(found).not.toContain(rule);
  });
});

describe('groups', () => {
  beforeEach(() => useBackend('cpu'));

  test('are named by patterns; what none names is trained all along', async () => {
    const { trainer, ends } = await run({ groups: [['sec*']], every: 2, startWith: 1 });
    expect(changes(ends, 'abc')).toEqual(['abc', 'abc', 'abc']);
    await trainer.dispose();
    const two = await run({ groups: [['out'], ['*st', 'second']], every: 2 });
    expect(changes(two.ends, 'abc')).toEqual(['c', 'c', 'abc']);
    await two.trainer.dispose();
  });

  test('layers that the user froze stay so, unless a group names them, and all have their flags back at the end', async () => {
    const partly = (): Sequential => {
      const made = model();
      made.getLayer('first').trainable = false;
      return made;
    };
    const flags = (trainer: Trainer) => (trainer.model as LayersModel).layers.map(({ trainable }) => trainable);
    const own = await run({}, { epochs: 4 }, { model: partly });
    expect(changes(own.ends, 'abc')).toEqual(['c', 'bc', 'bc', 'bc']);
    expect(flags(own.trainer)).toEqual([false, true, true]);
    await own.trainer.dispose();
    const named = await run({ groups: [['out'], ['first']] }, { epochs: 2 }, { model: partly });
    expect(changes(named.ends, 'abc')).toEqual(['bc', 'abc']);
    expect(flags(named.trainer)).toEqual([false, true, true]);
    await named.trainer.dispose();
  });

  test('open a model within the model that is frozen as a whole, its other layers staying frozen', async () => {
    const nested = (): Sequential => {
      const body = sequential({ name: 'body', layers: [layers.dense({ units: 6, activation: 'tanh', inputShape: [4], name: 'low' }), layers.dense({ units: 5, activation: 'tanh', name: 'high' })] });
      body.trainable = false;
      return sequential({ layers: [body, layers.dense({ units: 2, activation: 'softmax', name: 'out' })] });
    };
    const inner = (trainer: Trainer) => (trainer.model as LayersModel).getLayer('body');
    const { trainer, told } = await run({ groups: [['out'], ['high']] }, { epochs: 2 }, { model: nested });
    expect(told.at(-1)).toMatchObject({ trained: ['out', 'high'], frozen: [] });
    expect([inner(trainer).trainable, (trainer.model as LayersModel).trainableWeights.length]).toEqual([false, 2]);
    await trainer.dispose();
    const moved = await run({ groups: [['out'], ['body']] }, { epochs: 2 }, { model: nested });
    expect(changes(moved.ends, 'bc')).toEqual(['c', 'bc']);
    await moved.trainer.dispose();
  });

  test('are of weights, for a model written by hand', async () => {
    const w = { body: tf.variable(tf.randomNormal([4, 3], 0, 1, 'float32', 2)), head: tf.variable(tf.randomNormal([3, 2], 0, 1, 'float32', 3)) };
    const byHand = { forward: (x: tf.Tensor) => tf.softmax(tf.matMul(tf.tanh(tf.matMul(x as tf.Tensor2D, w.body as tf.Tensor2D)), w.head as tf.Tensor2D)), trainableWeights: w };
    const values = () => [w.body, w.head].map((variable) => [...variable.dataSync()].join(' '));
    const ends = [values()];
    const trainer = new Trainer({ model: byHand, loss: 'sparseCategoricalCrossentropy', optimizer: 'adam', progress: false, plugins: [gradualUnfreezing({ groups: [['head'], ['body']], every: 2 })] });
    trainer.hook('epochEnd', () => void ends.push(values()));
    await trainer.fit(data, { batchSize: 8, epochs: 3 });
    await trainer.dispose();
    expect(changes(ends, 'bh')).toEqual(['h', 'h', 'bh']);
    const without = new Trainer({ model: byHand, loss: 'sparseCategoricalCrossentropy', progress: false, plugins: [gradualUnfreezing()] });
    await expect(without.fit(data, { batchSize: 8 })).rejects.toThrow('a model written by hand has no layers; name its weights');
    await without.dispose();
    tf.dispose([w.body, w.head]);
  });

  test.each([
    [[['head']], 'no layer with weights is named "head"; there are first, second, out'],
    [[['out'], ['o*']], '"out" is in the groups 1 and 2'],
  ])('%j are refused before the first step: %s', async (groups, why) => {
    await expect(run({ groups })).rejects.toThrow(why);
  });

  test.each([[{ groups: [] }], [{ groups: [[]] }], [{ every: 0 }], [{ rateRatio: 0.5 }], [{ layers: 2 }]])('%j is no option', (options) => {
    expect(() => gradualUnfreezing(options as never)).toThrow('options of the plugin "gradualUnfreezing" are not valid');
  });
});
