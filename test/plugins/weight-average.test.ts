import * as tf from '@tensorflow/tfjs-core';
import { input, layers, model, sequential, type LayersModel, type Sequential, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Trainer, type DataSource, type FitOptions, type TrainerOptions } from 'trainscope';
import { definePlugin, type AnyPlugin } from 'trainscope/plugin';
import { checkpoint, earlyStopping, nonFinite, seed, weightAverage } from 'trainscope/plugins';
import { tensorsLeftBy } from 'trainscope/testing';
import { testBackends, useBackend } from '../support/backends.js';
import { trainThrough, type Training } from '../support/resumed-run.js';
import { clouds, smallClassifier } from '../support/small-run.js';

/** 40 samples in batches of 8: 5 steps an epoch. */
const data = clouds(40);
type Options = Parameters<typeof weightAverage>[0];
type Weights = readonly (readonly number[])[];
const weightsOf = (trainer: { readonly model: unknown }): Weights => (trainer.model as LayersModel).weights.map((weight) => [...(weight.read().dataSync() as Float32Array)]);
/** Bytes tell 0 from -0, and one NaN from another. */
const bytesOf = (weights: Weights): string => weights.map((values) => Buffer.from(Float32Array.from(values).buffer).toString('hex')).join(' ');

interface Run {
  trainer: Trainer;
  readonly events: { readonly event: string; readonly step: number; readonly data: Record<string, unknown> }[];
  /** After each update. */
  readonly iterates: Weights[];
  /** While each validation ran, and what was in the model after it. */
  readonly validated: { readonly during: Weights; after: Weights | undefined }[];
  end: Weights;
}
/** Options of a fit; validation null: none. */
type FitSettings = Omit<FitOptions, 'validation'> & { readonly validation?: DataSource | null };

async function run(options: Options, { validation = data, ...fit }: FitSettings = {}, more: Partial<TrainerOptions> & { readonly others?: readonly AnyPlugin[] } = {}): Promise<Run> {
  const { others = [], ...trainerOptions } = more;
  const kept: Run = { trainer: undefined as never, events: [], iterates: [], validated: [], end: [] };
  // As listed, and weightAverage comes after it.
  const watching = definePlugin({
    name: 'watching',
    summary: 'Keeps what is in the model.',
    role: 'steer',
    hooks: () => ({
      stepEnd({ updated }) {
        if (updated) kept.iterates.push(weightsOf(kept.trainer));
      },
      validationEnd: () => void kept.validated.push({ during: weightsOf(kept.trainer), after: undefined }),
      batch() {
        const last = kept.validated.at(-1);
        if (last !== undefined) last.after ??= weightsOf(kept.trainer);
      },
    }),
  });
  const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'adam', learningRate: 0.05 }, seed: 3, progress: false, ...trainerOptions, plugins: [seed({ seed: 5 }), ...others, watching(), weightAverage(options)] }) as unknown as Trainer;
  kept.trainer = trainer;
  trainer.onAny(({ event, step, data: facts }) => kept.events.push({ event, step, data: { ...facts } }));
  await trainer.fit(data, { batchSize: 8, epochs: 3, ...(validation === null ? {} : { validation }), ...fit });
  kept.end = weightsOf(trainer);
  await trainer.dispose();
  return kept;
}

/** In double precision, and by the definition: the iterate of i updates ago has the share decay^i. */
const ema = (iterates: readonly Weights[], decay: number): number[][] => {
  const shares = iterates.map((_, i) => decay ** (iterates.length - 1 - i));
  const whole = shares.reduce((sum, each) => sum + each, 0);
  return (iterates[0] ?? []).map((values, w) => values.map((_, v) => iterates.reduce((sum, iterate, i) => sum + ((shares[i] ?? 0) * (iterate[w]?.[v] ?? Number.NaN)) / whole, 0)));
};
const worst = (a: Weights, b: Weights): number => Math.max(...a.flatMap((values, w) => values.map((value, v) => Math.abs(value - (b[w]?.[v] ?? Number.NaN)))));

/** Its names do not depend on how many were made before. */
const named = (): Sequential => sequential({ layers: [layers.dense({ units: 8, activation: 'tanh', inputShape: [4], name: 'hidden' }), layers.dense({ units: 2, activation: 'softmax', name: 'out' })] });

describe.each(testBackends)('on %s', (backend) => {
  beforeEach(() => useBackend(backend));

  test('an exponential average is that of double precision to within 1e-6, and the weights are back to the bit', async () => {
    const { iterates, validated, end, events } = await run({ decay: 0.9 });
    expect(iterates).toHaveLength(15);
    validated.forEach(({ during, after }, i) => {
      expect(worst(during, ema(iterates.slice(0, 5 * (i + 1)), 0.9))).toBeLessThan(1e-6);
      if (i < 2) expect(bytesOf(after ?? [])).toBe(bytesOf(iterates[5 * (i + 1) - 1] ?? []));
    });
    expect(worst(end, ema(iterates, 0.9))).toBeLessThan(1e-6);
    expect(bytesOf(end)).not.toBe(bytesOf(iterates.at(-1) ?? []));
    expect(events.filter(({ event }) => event === 'weight-average').map(({ data: { place, updates, firstStep } }) => [place, updates, firstStep])).toEqual([['validation', 5, 1], ['validation', 10, 1], ['validation', 15, 1], ['end', 15, 1]]);
  });

  test('over 1000 updates at decay 0.999 the error of float32 stays below 1e-5', async () => {
    const { iterates, end } = await run({ decay: 0.999 }, { epochs: 200, validation: null });
    expect(iterates).toHaveLength(1000);
    expect(worst(end, ema(iterates, 0.999))).toBeLessThan(1e-5);
  });

  test('swa is the mean of the weights at the ends of the epochs from its start on', async () => {
    const { iterates, validated, end } = await run({ kind: 'swa', start: { epochs: 1 } }, { epochs: 4 });
    const ends = [9, 14, 19].map((i) => iterates[i] ?? []);
    expect(worst(end, ema(ends, 1))).toBeLessThan(1e-6);
    // Before its start the weights are validated; then the average with the epoch that has just ended in it.
    expect(bytesOf(validated[0]?.during ?? [])).toBe(bytesOf(iterates[4] ?? []));
    expect(worst(validated[2]?.during ?? [], ema(ends.slice(0, 2), 1))).toBeLessThan(1e-6);
  });

  test('the training is not changed by it: the iterates are those without the plugin, to the bit', async () => {
    const { iterates } = await run({ useFor: 'both' }, { validationEvery: { steps: 2 } });
    const plain = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'adam', learningRate: 0.05 }, seed: 3, progress: false, plugins: [seed({ seed: 5 })] });
    const without: Weights[] = [];
    plain.hook('stepEnd', () => void without.push(weightsOf(plain)));
    await plain.fit(data, { batchSize: 8, epochs: 3, validation: data });
    await plain.dispose();
    expect(iterates.map(bytesOf)).toEqual(without.map(bytesOf));
  });

  test('killed three times and resumed, it comes to the same averages to the byte, and the same events', async () => {
    const training = (options: Options, fit: FitOptions = {}): Training => ({
      options: () => ({ model: named, loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'adam', learningRate: 0.05 }, logEvery: 1 }),
      plugins: () => [seed({ seed: 7 }), weightAverage(options)],
      data: () => data,
      fit: () => ({ epochs: 4, batchSize: 8, validation: data, ...fit }),
      checkpoint: { every: { steps: 1, epochs: 1 } },
    });
    for (const given of [training({ decay: 0.9 }), training({ kind: 'swa', start: { epochs: 1 } }), training({ decay: 0.9, every: { steps: 3 } }, { validationEvery: { steps: 3 } })]) {
      const whole = await trainThrough(given);
      const resumed = await trainThrough(given, [3, 6, 17]);
      expect(resumed.resumes).toBe(3);
      expect(resumed.weights).toEqual(whole.weights);
      expect(resumed.events).toEqual(whole.events);
    }
  });

  test('leaves no tensors behind', async () => {
    const once = async (): Promise<void> => {
      const { trainer } = await run({ decay: 0.9, updateBatchNorm: 2 });
      (trainer.model as LayersModel).dispose();
    };
    await once();
    expect(await tensorsLeftBy(once)).toBe(0);
  });
});

describe('when it averages', () => {
  beforeEach(() => useBackend('cpu'));

  test.each([
    [{ every: { steps: 4 } }, [4, 8, 12]],
    [{ every: { steps: 4 }, start: { steps: 3 } }, [7, 11, 15]],
    [{ every: { epochs: 1 } }, [5, 10, 15]],
    [{ every: { steps: 1 }, start: { epochs: 2 } }, [11, 12, 13, 14, 15]],
    [{ kind: 'swa', start: { share: 0.4 } }, [10, 15]], // 1.2 epochs: after one
    [{ kind: 'swa' }, [15]], // 0.8 of 3 epochs: after two
    [{ kind: 'swa', start: { share: 1 } }, [15]], // the last one in any case
    [{ kind: 'swa', every: { epochs: 2 }, start: { epochs: 0 } }, [10]],
  ] as const)('with %j the weights of steps %j, each alike, are in it', async (options, steps) => {
    const { iterates, end, events } = await run({ decay: 'kind' in options ? undefined : 0.9, ...options }, {});
    expect(worst(end, ema(steps.map((step) => iterates[step - 1] ?? []), 'kind' in options ? 1 : 0.9))).toBeLessThan(1e-6);
    expect(events.findLast(({ event }) => event === 'weight-average')?.data).toMatchObject({ place: 'end', updates: steps.length, firstStep: steps[0] });
  });

  test('a step that nonFinite leaves out is not in it', async () => {
    const spoiling = definePlugin({ name: 'spoiling', summary: 'Spoils a loss.', role: 'steer', hooks: () => ({ loss: (loss, { step }) => (step === 4 ? tf.mul<tf.Scalar>(loss, Number.NaN) : undefined) }) });
    const { iterates, end } = await run({ decay: 0.9 }, {}, { others: [spoiling(), nonFinite({ action: 'skip' })] });
    expect(iterates).toHaveLength(14);
    expect(worst(end, ema(iterates, 0.9))).toBeLessThan(1e-6);
  });

  test('a second fit averages anew', async () => {
    const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', seed: 3, progress: false, plugins: [weightAverage({ decay: 0.9 })] });
    const told: { readonly place: string; readonly updates: number }[] = [];
    trainer.on('weight-average', ({ data: facts }) => told.push(facts));
    await trainer.fit(data, { batchSize: 8, epochs: 1 });
    await trainer.fit(data, { batchSize: 8, epochs: 2 });
    await trainer.dispose();
    expect(told.map(({ place, updates }) => [place, updates])).toEqual([['end', 5], ['end', 10]]);
  });
});

describe('what it is used for', () => {
  beforeEach(() => useBackend('cpu'));

  test('validation alone: the fit ends with the weights', async () => {
    const { iterates, end, validated } = await run({ decay: 0.9, useFor: 'validation' });
    expect(bytesOf(end)).toBe(bytesOf(iterates.at(-1) ?? []));
    expect(worst(validated.at(-1)?.during ?? [], ema(iterates, 0.9))).toBeLessThan(1e-6);
  });

  test('the end alone: the weights are validated', async () => {
    const { iterates, end, validated } = await run({ decay: 0.9, useFor: 'end' });
    expect(bytesOf(validated.at(-1)?.during ?? [])).toBe(bytesOf(iterates.at(-1) ?? []));
    expect(worst(end, ema(iterates, 0.9))).toBeLessThan(1e-6);
  });

  test('what earlyStopping puts back are the averages of its best check, and they stay', async () => {
    const { end, events, validated } = await run({ decay: 0.5 }, { epochs: 12 }, { others: [earlyStopping({ monitor: 'val_loss', patience: 2, restoreBestWeights: true })], optimizer: { name: 'sgd', learningRate: 25 } });
    const restored = events.find(({ event }) => event === 'early-stopping-restored')?.data;
    expect(restored).toMatchObject({ restored: true });
    expect(bytesOf(end)).toBe(bytesOf(validated[Number(restored?.['epoch']) - 1]?.during ?? []));
    expect(events.filter(({ event }) => event === 'weight-average-idle').map(({ data: facts }) => facts)).toEqual([{ reason: 'restored-by-another' }]);
  });

  test('an average that has not begun is told, and the weights stay', async () => {
    const { iterates, end, events } = await run({ decay: 0.9, start: { steps: 100 } });
    expect(bytesOf(end)).toBe(bytesOf(iterates.at(-1) ?? []));
    expect(events.filter(({ event }) => event === 'weight-average-idle').map(({ data: facts }) => facts)).toEqual([{ reason: 'not-started' }]);
  });

  test('a fit that fails ends with the weights', async () => {
    const failing = definePlugin({ name: 'failing', summary: 'Fails.', role: 'steer', hooks: () => ({ validationEnd: () => { throw new Error('on purpose'); } }) });
    const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', seed: 3, progress: false, plugins: [failing(), weightAverage()] });
    let last: Weights = [];
    trainer.hook('stepEnd', () => void (last = weightsOf(trainer)));
    await expect(trainer.fit(data, { batchSize: 8, validation: data })).rejects.toThrow('on purpose');
    expect(bytesOf(weightsOf(trainer))).toBe(bytesOf(last));
    await trainer.dispose();
  });
});

describe('an abort within a validation', () => {
  beforeEach(() => useBackend('cpu'));
  const folders: string[] = [];
  afterEach(async () => {
    const { rmSync } = await import('node:fs');
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  test.each([['at the end of an epoch', {}], ['in the midst of one', { validationEvery: { steps: 3 } }]] as const)('%s, while the averages stand in the model: the checkpoint holds the weights, and the run resumes to the same bytes', async (_where, more) => {
    const { mkdtempSync } = await import('node:fs');
    const { tmpdir } = await import('node:os');
    const { join } = await import('node:path');
    const fit: FitOptions = { batchSize: 8, epochs: 3, validation: data, ...more };
    const make = (folder: string) => new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'adam', learningRate: 0.05 }, progress: false, plugins: [seed({ seed: 5 }), weightAverage({ decay: 0.9 }), checkpoint({ folder, every: {} })] });
    const fresh = () => {
      const folder = mkdtempSync(join(tmpdir(), 'trainscope-average-'));
      folders.push(folder);
      return folder;
    };
    const whole = make(fresh());
    await whole.fit(data, fit);
    const expected = bytesOf(weightsOf(whole));
    await whole.dispose();

    const folder = fresh();
    const first = make(folder);
    const control = new AbortController();
    let validations = 0;
    first.hook('validationStart', () => {
      validations += 1;
      if (validations === 2) control.abort();
    });
    expect(await first.fit(data, { ...fit, signal: control.signal })).toMatchObject({ reason: 'aborted' });
    await first.dispose();
    const second = make(folder);
    await second.resume(folder);
    expect(await second.fit(data, fit)).toMatchObject({ reason: 'completed' });
    expect(bytesOf(weightsOf(second))).toBe(expected);
    await second.dispose();
  });

  test('leaves the averages in the model, and a further fit of the same trainer goes on with the weights', async () => {
    const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', optimizer: 'sgd', seed: 3, progress: false, plugins: [weightAverage({ decay: 0.9 })] });
    const control = new AbortController();
    let last: Weights = [];
    trainer.hook('stepEnd', (_info, { step }) => {
      last = weightsOf(trainer);
      if (step === 7) control.abort();
    });
    await trainer.fit(data, { batchSize: 8, epochs: 3, signal: control.signal });
    expect(bytesOf(weightsOf(trainer))).not.toBe(bytesOf(last));
    let begun: Weights | undefined;
    trainer.hook('batch', () => void (begun ??= weightsOf(trainer)));
    const stopped = last;
    await trainer.fit(data, { batchSize: 8, epochs: 1 });
    expect(bytesOf(begun ?? [])).toBe(bytesOf(stopped));
    await trainer.dispose();
  });
});

describe('batch normalisation', () => {
  beforeEach(() => useBackend('cpu'));
  const normalised = (): Sequential =>
    sequential({
      layers: [layers.dense({ units: 6, inputShape: [4], useBias: false }), layers.batchNormalization({ momentum: 0.9 }), layers.activation({ activation: 'relu' }), layers.dense({ units: 2, activation: 'softmax' })],
    });

  test('updateBatchNorm takes the mean over the batches of what the averaged network gives', async () => {
    const { trainer, events } = await run({ decay: 0.9, updateBatchNorm: 100 }, {}, { model: normalised });
    expect(events.findLast(({ event }) => event === 'weight-average')?.data).toMatchObject({ batchNorm: { layers: 1, batches: 5 } });
    // The mean of 5 means of batches of 8 is that of all 40 samples, whatever their order.
    // A model lists its trainable weights first: kernel, gamma, beta, kernel, bias; then the moving mean and variance.
    const [kernel = [], , , , , mean = []] = weightsOf(trainer);
    expect(mean).toHaveLength(6);
    const inputs = Array.from({ length: 40 }, (_, i) => [...data.inputs.values.slice(4 * i, 4 * i + 4)]);
    const expected = Array.from({ length: 6 }, (_, unit) => inputs.reduce((sum, row) => sum + row.reduce((dot, x, i) => dot + x * (kernel[6 * i + unit] ?? Number.NaN), 0), 0) / 40);
    mean.forEach((value, unit) => expect(value).toBeCloseTo(expected[unit] ?? Number.NaN, 5));
    // The layer's own momentum is back.
    expect((trainer.model as LayersModel).layers[1]?.getConfig()).toMatchObject({ momentum: 0.9 });
  });

  test('updateBatchNorm counts each call of a layer that is shared, and leaves a frozen one as it is', async () => {
    const shared = (): LayersModel => {
      const [near, far] = [input({ shape: [1] }), input({ shape: [1] })];
      const [both, frozen] = [layers.batchNormalization({}), layers.batchNormalization({})];
      const sum = layers.add().apply([both.apply(near) as SymbolicTensor, both.apply(far) as SymbolicTensor]) as SymbolicTensor;
      frozen.apply(sum);
      frozen.trainable = false;
      return model({ inputs: [near, far], outputs: layers.dense({ units: 1 }).apply(frozen.apply(sum)) as SymbolicTensor });
    };
    const values = Float32Array.from({ length: 16 }, (_, i) => i);
    const trainer = new Trainer({ model: shared, loss: 'meanSquaredError', progress: false, plugins: [weightAverage({ updateBatchNorm: 9 })] });
    // Means 7.5 and 107.5: of all calls it is 57.5.
    await trainer.fit({ inputs: [{ values, shape: [16, 1] }, { values: values.map((x) => x + 100), shape: [16, 1] }], labels: { values: new Float32Array(16), shape: [16, 1] } }, { epochs: 1, batchSize: 4 });
    const [first, second] = (trainer.model as LayersModel).layers.filter((layer) => layer.getClassName() === 'BatchNormalization');
    const statistics = (layer: typeof first): number[] => layer?.getWeights().slice(2).map((weight) => weight.dataSync()[0] ?? Number.NaN) ?? [];
    expect(statistics(first)[0]).toBeCloseTo(57.5, 3);
    expect(Object.hasOwn(first ?? {}, 'call')).toBe(false);
    // The sum of two equal inputs of variance 1 has 4, which the frozen one is not given: of 4 steps with a momentum of 0.99 it has less than 1.12.
    expect(statistics(second)[1]).toBeLessThan(1.2);
  });

  test('its statistics are averaged as weights, or copied from the last step', async () => {
    const averaged = await run({ decay: 0.9 }, {}, { model: normalised });
    expect(worst(averaged.end, ema(averaged.iterates, 0.9))).toBeLessThan(1e-6);
    const copied = await run({ decay: 0.9, statistics: 'copy' }, {}, { model: normalised });
    const last = copied.iterates.at(-1) ?? [];
    expect(bytesOf(copied.end.slice(5))).toBe(bytesOf(last.slice(5)));
    expect(worst(copied.end.slice(0, 5), ema(copied.iterates, 0.9).slice(0, 5))).toBeLessThan(1e-6);
  });
});

test.each([
  [{ kind: 'swa', decay: 0.9 }, 'swa has no decay'],
  [{ kind: 'swa', debias: true }, 'swa has no bias'],
  [{ useFor: 'validation', updateBatchNorm: 3 }, "set useFor to 'end' or 'both'"],
  [{ decay: 1 }, 'decay'],
  [{ every: { steps: 0 } }, 'every'],
  [{ start: { share: 2 } }, 'start'],
])('%j is refused: %s', (options, why) => {
  expect(() => weightAverage(options as never)).toThrow(why);
});
