import * as tf from '@tensorflow/tfjs-core';
import { array as datasetOf, zip } from '@tensorflow/tfjs-data';
import { callbacks as tfCallbacksOf, CustomCallback, layers, sequential, type LayersModel, type ModelFitArgs, type Sequential } from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { coreCatalogue, memorySink, type MemorySink } from 'trainscope';
import { trainingStatistics } from 'trainscope/diagnosis';
import { trainscopeCallbacks, type LayersCallbacksOptions, type TrainscopeCallbacks } from 'trainscope/layers';
import { definePlugin } from 'trainscope/plugin';
import { confusionMatrix, earlyStopping, gpuProfiler, gradientNorm, lrScheduler, modelSummary, weightAverage, weightNorm } from 'trainscope/plugins';
import { tensorsLeftBy } from 'trainscope/testing';
import { testBackends, useBackend } from '../support/backends.js';
import { disposeOf, reference, regression, values } from './small-fits.js';

const [xs, ys] = [values(40, 11), values(20, 12)];
let x: tf.Tensor2D;
let y: tf.Tensor2D;
let model: Sequential;
let sink: MemorySink;

beforeEach(async () => {
  await useBackend('cpu');
  x = tf.tensor2d(xs, [20, 2]);
  y = tf.tensor2d(ys, [20, 1]);
  model = regression();
  sink = memorySink();
});
afterEach(() => {
  disposeOf(model);
  tf.dispose([x, y]);
});

const following = (options: LayersCallbacksOptions = {}): TrainscopeCallbacks => trainscopeCallbacks({ sinks: [sink], ...options });
/** 20 samples in batches of 8: 3 steps an epoch, of 8, 8 and 4. */
const fit = (args: ModelFitArgs): ReturnType<Sequential['fit']> => model.fit(x, y, { batchSize: 8, shuffle: false, ...args });
const dataOf = (name: string): readonly Readonly<Record<string, unknown>>[] => sink.events.filter(({ event }) => event === name).map(({ data }) => data);
const names = (): string[] => sink.events.map(({ event }) => event);
const isWrapped = (): boolean =>
  Object.hasOwn(model.optimizer, 'applyGradients') || model.layers.some((layer) => Object.hasOwn(layer, 'call')) || String((inner(model) as unknown as { lossFunctions: unknown[] }).lossFunctions[0]).includes('sight');
const inner = (of: Sequential): LayersModel => (of as unknown as { model: LayersModel }).model;

describe.each(testBackends)('numbers on %s', (backend) => {
  test('losses and norms of gradients, updates and weights are those of gradient descent in double precision', async () => {
    await useBackend(backend);
    const own = regression();
    const [ownX, ownY] = [tf.tensor2d(xs, [20, 2]), tf.tensor2d(ys, [20, 1])];
    const trainscope = following({ logEvery: 1, diagnosis: { every: 1 } });
    await own.fit(ownX, ownY, { epochs: 2, batchSize: 8, shuffle: false, callbacks: trainscope });
    const expected = reference(xs, ys, { batchSize: 8, steps: 6 });
    const statistics = dataOf('training-statistics') as unknown as { loss: number; gradientNorm: number; weights: Record<string, Record<'norm' | 'updateNorm' | 'gradientNorm', number>> }[];
    expect(statistics).toHaveLength(6);
    statistics.forEach((each, i) => {
      const step = expected[i]!;
      expect(each.loss).toBeCloseTo(step.loss, 5);
      expect(each.gradientNorm).toBeCloseTo(Math.hypot(...step.gradientNorms), 5);
      const of = Object.values(each.weights);
      // Float32 beside double: 1e-5 of a norm of about 1.
      of.forEach((weight, k) => {
        expect(weight.gradientNorm).toBeCloseTo(step.gradientNorms[k]!, 5);
        expect(weight.updateNorm).toBeCloseTo(step.updateNorms[k]!, 5);
        expect(weight.norm).toBeCloseTo(step.weightNorms[k]!, 5);
      });
    });
    expect(dataOf('step').map(({ loss }) => loss)).toEqual(statistics.map(({ loss }) => loss));
    disposeOf(own);
    tf.dispose([ownX, ownY]);
  });

  test('metrics of epochs and validations are those of the history, to the bit', async () => {
    await useBackend(backend);
    const own = regression();
    const [ownX, ownY] = [tf.tensor2d(xs, [20, 2]), tf.tensor2d(ys, [20, 1])];
    const { history } = await own.fit(ownX, ownY, { epochs: 3, batchSize: 8, validationSplit: 0.25, callbacks: following() });
    const ends = dataOf('epoch-end') as unknown as { metrics: Record<string, number>; validation: Record<string, number> }[];
    for (const name of ['loss', 'mae']) {
      expect(ends.map(({ metrics }) => metrics[name])).toEqual(history[name]);
      expect(ends.map(({ validation }) => validation[name])).toEqual(history[`val_${name}`]);
    }
    expect(dataOf('validation').map(({ metrics, samples }) => [metrics, samples])).toEqual(ends.map(({ validation }) => [validation, 5]));
    disposeOf(own);
    tf.dispose([ownX, ownY]);
  });
});

describe('events', () => {
  test('come in the order of a Trainer, with its places', async () => {
    await fit({ epochs: 2, validationData: [x, y], callbacks: following({ diagnosis: false }) });
    expect(sink.events.map(({ seq, event, epoch, step }) => [seq, event, epoch, step])).toEqual([
      [1, 'run-start', 0, 0],
      [2, 'epoch-start', 1, 0],
      [3, 'step', 1, 1],
      [4, 'validation', 1, 3],
      [5, 'epoch-end', 1, 3],
      [6, 'epoch-start', 2, 3],
      [7, 'validation', 2, 6],
      [8, 'epoch-end', 2, 6],
      [9, 'run-end', 2, 6],
    ]);
    expect(new Set(sink.events.map(({ runId }) => runId)).size).toBe(1);
  });

  test('fit the schemas of the trainer', async () => {
    await fit({ epochs: 1, validationData: [x, y], callbacks: following() });
    for (const { event, data } of sink.events) {
      const schema = event === 'training-statistics' ? trainingStatistics : coreCatalogue.schema(event as 'step');
      expect(schema.safeParse(data).success).toBe(true);
    }
  });

  test('run-start tells model, optimizer, loss, metrics and what is wrapped', async () => {
    const trainscope = following({ plugins: [weightNorm()] });
    await fit({ epochs: 4, callbacks: trainscope });
    const [start] = dataOf('run-start');
    expect(start).toMatchObject({
      backend: { name: 'cpu' },
      model: { kind: 'layers', parameters: 13, trainableParameters: 13, weights: 4, layers: [{ className: 'InputLayer' }, { className: 'Dense', outputShape: [null, 3], parameters: 9 }, { className: 'Dense', outputShape: [null, 1], parameters: 4 }] },
      optimizer: { name: 'SGD', learningRate: 0.1 },
      loss: 'meanSquaredError',
      metrics: ['mae'],
      seed: null,
      plugins: [{ name: 'diagnosis' }, { name: 'weightNorm' }],
      fit: 1,
      epochs: 4,
      configuration: { patch: ['gradients', 'activations', 'predictions', 'end'], fit: { samples: 20, batchSize: 8, stepsPerEpoch: 3 } },
    });
  });

  test('a step is told at the first and at every second, with its samples', async () => {
    await fit({ epochs: 2, callbacks: following({ logEvery: 2, diagnosis: false }) });
    expect(sink.events.filter(({ event }) => event === 'step').map(({ step, data }) => [step, data['batchSize'], data['samples']])).toEqual([
      [1, 8, 8],
      [2, 8, 16],
      [4, 8, 28],
      [6, 4, 40],
    ]);
  });

  test('run-end counts epochs and steps, and has the metrics of the last epoch', async () => {
    const { history } = await fit({ epochs: 2, validationData: [x, y], callbacks: following() });
    expect(dataOf('run-end')).toMatchObject([{ reason: 'completed', by: null, message: null, epochs: 2, steps: 6, metrics: { loss: history['loss']?.[1], val_loss: history['val_loss']?.[1] } }]);
  });

  test('on and onAny hear them', async () => {
    const trainscope = following();
    const [one, all] = [vi.fn(), vi.fn()];
    trainscope.on('epoch-end', one);
    trainscope.onAny(all);
    await fit({ epochs: 2, callbacks: trainscope });
    expect([one.mock.calls.length, all.mock.calls.length]).toEqual([2, sink.events.length]);
  });

  test('a second fit with the same callbacks goes on with epochs, steps and seq, as a Trainer does', async () => {
    const trainscope = following({ diagnosis: false });
    await fit({ epochs: 2, callbacks: trainscope });
    await fit({ epochs: 1, callbacks: trainscope });
    expect(sink.events.filter(({ event }) => event.startsWith('run-')).map(({ event, epoch, step, data }) => [event, epoch, step, data['fit'] ?? data['steps']])).toEqual([
      ['run-start', 0, 0, 1],
      ['run-end', 2, 6, 6],
      ['run-start', 2, 6, 2],
      ['run-end', 3, 9, 3],
    ]);
    expect(sink.events.map(({ seq }) => seq)).toEqual(sink.events.map((_, i) => i + 1));
  });

  test('initialEpoch counts where model.fit counts', async () => {
    await fit({ epochs: 5, initialEpoch: 3, callbacks: following({ diagnosis: false }) });
    expect(sink.events.filter(({ event }) => event === 'epoch-end').map(({ epoch, data }) => [epoch, data['epochs']])).toEqual([[4, 5], [5, 5]]);
    expect(dataOf('run-start')[0]).toMatchObject({ epochs: 2 });
  });

  test('no epoch at all is a run too', async () => {
    await fit({ epochs: 2, initialEpoch: 2, callbacks: following() });
    expect(names()).toEqual(['run-start', 'run-end']);
  });

  test('a fit of a Dataset tells the same as one of its tensors', async () => {
    const other = regression();
    const rows = (of: readonly number[], width: number): number[][] => Array.from({ length: 20 }, (_, i) => of.slice(i * width, (i + 1) * width));
    const dataset = zip({ xs: datasetOf(rows(xs, 2)), ys: datasetOf(rows(ys, 1)) }).batch(8) as unknown as Parameters<Sequential['fitDataset']>[0];
    const twin = memorySink();
    await other.fitDataset(dataset, { epochs: 2, validationData: dataset, callbacks: trainscopeCallbacks({ sinks: [twin], logEvery: 1 }) });
    await fit({ epochs: 2, validationData: [x, y], callbacks: following({ logEvery: 1 }) });
    const numbersOf = (events: MemorySink['events']): unknown[] => events.filter(({ event }) => ['step', 'epoch-end', 'validation'].includes(event)).map(({ event, data }) => [event, data['loss'], data['samples'], data['batchSize']]);
    expect(numbersOf(twin.events)).toEqual(numbersOf(sink.events));
    disposeOf(other);
  });
});

describe('nothing is changed', () => {
  test('weights and history are those of a fit without it, to the bit', async () => {
    const { history } = await fit({ epochs: 3, callbacks: following({ logEvery: 1, diagnosis: { every: 1 }, plugins: [weightNorm({ every: 1 }), gradientNorm({ every: 1 })] }) });
    const bare = regression();
    const { history: expected } = await bare.fit(x, y, { epochs: 3, batchSize: 8, shuffle: false });
    expect(history).toEqual(expected);
    model.getWeights().forEach((weight, i) => expect([...weight.dataSync()]).toEqual([...bare.getWeights()[i]!.dataSync()]));
    disposeOf(bare);
  });

  test('what was wrapped is as it was, after a fit and after one that threw', async () => {
    const { lossFunctions } = inner(model) as unknown as { lossFunctions: unknown };
    let during = false;
    const trainscope = following();
    await fit({ epochs: 1, callbacks: trainscope.with({ onBatchEnd: () => void (during = isWrapped()) }) });
    expect([during, isWrapped()]).toEqual([true, false]);
    await expect(fit({ epochs: 1, callbacks: trainscope.with({ onBatchEnd: () => Promise.reject(new Error('mine')) }) })).rejects.toThrow('mine');
    expect(isWrapped()).toBe(false);
    expect((inner(model) as unknown as { lossFunctions: unknown }).lossFunctions).toBe(lossFunctions);
    expect(Object.getOwnPropertyDescriptor(inner(model), 'isTraining')).toEqual({ value: false, configurable: true, enumerable: true, writable: true });
  });

  test('a wrapper of somebody else is kept, and still called', async () => {
    const { optimizer } = model;
    const original = optimizer.applyGradients;
    let calls = 0;
    optimizer.applyGradients = function count(this: tf.Optimizer, ...given) {
      calls += 1;
      original.apply(this, given);
    };
    const theirs = optimizer.applyGradients;
    await fit({ epochs: 1, callbacks: following() });
    expect([optimizer.applyGradients === theirs, calls]).toEqual([true, 3]);
  });

  test('no tensor is left, neither of a fit nor of one that threw within a step', async () => {
    const trainscope = following({ logEvery: 1, diagnosis: { every: 1 }, plugins: [gradientNorm({ every: 2 }), weightNorm({ every: 1 })] });
    expect(await tensorsLeftBy(async () => {
      await fit({ epochs: 2, validationData: [x, y], callbacks: trainscope });
    })).toBe(0);
    // What model.fit itself leaves behind when it throws there.
    const throwing = async (callbacks: ModelFitArgs['callbacks']): Promise<number> => {
      const { applyGradients } = Object.getPrototypeOf(model.optimizer) as tf.Optimizer;
      model.optimizer.applyGradients = () => {
        throw new Error('in the step');
      };
      try {
        return await tensorsLeftBy(() => expect(fit({ epochs: 1, ...(callbacks === undefined ? {} : { callbacks }) })).rejects.toThrow('in the step'));
      } finally {
        Reflect.deleteProperty(model.optimizer, 'applyGradients');
        expect(model.optimizer.applyGradients).toBe(applyGradients);
      }
    };
    expect(await throwing(trainscope)).toBe(await throwing(undefined));
  });
});

describe('beside other callbacks', () => {
  test('in an array with instances, in either place', async () => {
    for (const order of [1, -1]) {
      const trainscope = following();
      const others = [tfCallbacksOf.earlyStopping({ monitor: 'loss', patience: 9 }), new CustomCallback({ onEpochEnd: () => undefined }, 'never')];
      await fit({ epochs: 1, callbacks: order === 1 ? [trainscope, ...others] : [...others, trainscope] });
    }
    expect(names().filter((name) => name === 'run-end')).toHaveLength(2);
  });

  test('with() takes plain objects as well, which model.fit refuses behind an instance', async () => {
    const ends: number[] = [];
    const plain = { onEpochEnd: (epoch: number) => void ends.push(epoch) };
    const trainscope = following();
    await fit({ epochs: 2, callbacks: trainscope.with(plain, tfCallbacksOf.earlyStopping({ monitor: 'loss', patience: 5 })) });
    expect(ends).toEqual([0, 1]);
    await expect(fit({ epochs: 1, callbacks: [following(), plain] as never })).rejects.toThrow(/setParams is not a function/);
  });

  test('behind a plain object it has to be given the model, which is said', async () => {
    await expect(fit({ epochs: 1, callbacks: [{ onEpochEnd: () => undefined }, following()] as never })).rejects.toMatchObject({ code: 'LAYERS_NO_MODEL' });
    expect(names()).toEqual([]);
    await fit({ epochs: 1, callbacks: [{ onEpochEnd: () => undefined }, following({ model, logEvery: 1 })] as never });
    expect(names().filter((name) => name === 'step')).toHaveLength(3);
  });

  test('numbers that an earlier callback has read from the scalars are taken as they are', async () => {
    const losses: number[] = [];
    const read = new CustomCallback({ onBatchEnd: (_batch, logs) => void losses.push(logs?.['loss'] as number) }, 'never');
    await fit({ epochs: 1, callbacks: [read, following({ logEvery: 1 })] });
    expect(dataOf('step').map(({ loss }) => loss)).toEqual(losses);
  });

  test('two of it in one fit are refused', async () => {
    await expect(fit({ epochs: 1, callbacks: [following(), following()] })).rejects.toMatchObject({ code: 'FIT_RUNNING' });
    expect(isWrapped()).toBe(false);
    await fit({ epochs: 1, callbacks: following() });
  });
});

describe('the end', () => {
  test('model.stopTraining by another is told', async () => {
    await fit({ epochs: 9, callbacks: following().with(tfCallbacksOf.earlyStopping({ monitor: 'loss', patience: 1, minDelta: 1e6 })) });
    expect(dataOf('run-end')).toMatchObject([{ reason: 'stopped', by: null, message: 'model.stopTraining was set', epochs: 2 }]);
  });

  test('a fit that throws is told as failed, with the steps done; what threw is known when it was one of ours', async () => {
    const trainscope = following({ diagnosis: false });
    await expect(fit({ epochs: 2, callbacks: trainscope.with({ onBatchEnd: (batch: number) => (batch === 1 ? Promise.reject(new Error('mine')) : undefined) }) })).rejects.toThrow('mine');
    await trainscope.settled();
    expect(dataOf('run-end')).toMatchObject([{ reason: 'failed', message: 'model.fit ended before its end: it threw, and callbacks are not told what', epochs: 0, steps: 2 }]);
    const bad = definePlugin({ name: 'bad', summary: 'Throws.', role: 'observe', onError: 'stop', hooks: () => ({ epochEnd: () => Promise.reject(new Error('no disk')) }) });
    const own = following({ plugins: [bad()] });
    await expect(fit({ epochs: 2, callbacks: own })).rejects.toMatchObject({ code: 'PLUGIN_FAILED', plugin: 'bad' });
    await own.settled();
    expect(dataOf('run-end').at(-1)).toMatchObject({ reason: 'failed', message: expect.stringMatching(/no disk/) as unknown });
  });

  test('after a fit that threw the next one is told from its start', async () => {
    const trainscope = following({ diagnosis: false });
    await expect(fit({ epochs: 1, callbacks: trainscope.with({ onEpochEnd: () => Promise.reject(new Error('mine')) }) })).rejects.toThrow();
    await fit({ epochs: 1, callbacks: trainscope });
    expect(names().filter((name) => name.startsWith('run-'))).toEqual(['run-start', 'run-end', 'run-start', 'run-end']);
    expect(dataOf('run-end').map(({ reason }) => reason)).toEqual(['failed', 'completed']);
  });

  test('sinks have all events when model.fit returns, and are closed by dispose', async () => {
    const calls: string[] = [];
    const slow = { name: 'slow', write: () => void calls.push('write'), flush: () => new Promise<void>((done) => setTimeout(done, 5)).then(() => void calls.push('flush')), close: async () => void calls.push('close') };
    const trainscope = trainscopeCallbacks({ sinks: [slow], diagnosis: false });
    await fit({ epochs: 1, callbacks: trainscope });
    expect(calls.at(-1)).toBe('flush');
    await trainscope.dispose();
    expect(calls.at(-1)).toBe('close');
  });
});

describe('patch: []', () => {
  test('touches nothing, and still tells epochs, losses and what weights do', async () => {
    let during = false;
    const trainscope = following({ patch: [], plugins: [weightNorm({ every: 1 })], logEvery: 1 });
    await fit({ epochs: 1, validationData: [x, y], callbacks: trainscope.with({ onBatchEnd: () => void (during ||= isWrapped()) }) });
    expect(during).toBe(false);
    // The samples of the validation are not known then, so it is told by the end of the epoch alone.
    expect(names().filter((name) => !name.startsWith('weight'))).toEqual(['run-start', 'epoch-start', 'step', 'step', 'step', 'epoch-end', 'run-end']);
    const expected = reference(xs, ys, { batchSize: 8, steps: 3 });
    expect(dataOf('weight-norm').map(({ updateNorm }) => Number((updateNorm as number).toPrecision(4)))).toEqual(expected.map(({ updateNorms }) => Number(Math.hypot(...updateNorms).toPrecision(4))));
  });

  test('refuses a plugin that wants gradients, and says which part would show them', () => {
    expect(() => following({ patch: [], plugins: [gradientNorm()] })).toThrow(
      'the plugin "gradientNorm" measures "gradients", which is seen by way of the patch "gradients" alone. Leave the option patch out, or put \'gradients\' into it.',
    );
  });
});

describe('plugins', () => {
  test.each([
    ['weightAverage, which exchanges what is validated', () => weightAverage()],
    ['weightAverage with updateBatchNorm', () => weightAverage({ useFor: 'end', updateBatchNorm: 3 })],
    ['confusionMatrix, which sees the validation', () => confusionMatrix()],
  ])('%s is refused before the fit', (_, make) => {
    expect(() => trainscopeCallbacks({ plugins: [make()] })).toThrow(expect.objectContaining({ code: 'LAYERS_NOT_SEEN' }) as Error);
  });

  test('weightAverage of the end is served', () => {
    expect(() => trainscopeCallbacks({ plugins: [weightAverage({ useFor: 'end' })] })).not.toThrow();
  });

  test('gradientNorm and weightNorm measure what the double-precision reference has', async () => {
    await fit({ epochs: 1, callbacks: following({ diagnosis: false, plugins: [gradientNorm({ every: 1 }), weightNorm({ every: 1 })] }) });
    const expected = reference(xs, ys, { batchSize: 8, steps: 3 });
    dataOf('gradient-norm').forEach(({ norm }, i) => expect(norm).toBeCloseTo(Math.hypot(...expected[i]!.gradientNorms), 5));
    dataOf('weight-norm').forEach(({ norm }, i) => expect(norm).toBeCloseTo(Math.hypot(...expected[i]!.weightNorms), 5));
    expect([dataOf('gradient-norm').length, dataOf('weight-norm').length]).toEqual([3, 3]);
  });

  test('earlyStopping stops model.fit, and puts the best weights back, which that of tfjs-layers cannot', async () => {
    const plugin = earlyStopping({ monitor: 'val_loss', patience: 2, restoreBestWeights: true });
    // Labels of the validation that training makes ever worse: the first epoch is the best.
    const far = tf.neg(y);
    const kept: number[][] = [];
    const keep = { onEpochEnd: () => void kept.push(model.getWeights().flatMap((weight) => [...weight.dataSync()])) };
    const { history } = await fit({ epochs: 20, validationData: [x, far], callbacks: following({ plugins: [plugin] }).with(keep) });
    far.dispose();
    const losses = history['val_loss'] as number[];
    expect([losses.length < 20, losses.indexOf(Math.min(...losses))]).toEqual([true, losses.length - 3]);
    expect(dataOf('run-end')).toMatchObject([{ reason: 'stopped', by: 'earlyStopping', epochs: losses.length }]);
    expect(model.getWeights().flatMap((weight) => [...weight.dataSync()])).toEqual(kept.at(-3));
  });

  test('lrScheduler sets the rate of the optimizer of model.fit', async () => {
    await fit({ epochs: 3, callbacks: following({ plugins: [lrScheduler({ schedule: { kind: 'step', stepSize: 1, gamma: 0.5 } })] }) });
    expect(dataOf('epoch-end').map(({ learningRate }) => learningRate)).toEqual([0.1, 0.05, 0.025]);
  });

  test('modelSummary sees model and optimizer', async () => {
    await fit({ epochs: 1, callbacks: following({ plugins: [modelSummary({ print: false })] }) });
    expect(dataOf('model-summary')).toMatchObject([{ parameters: 13, slotBytes: 0, multiplyAdds: 9 }]);
  });

  test('one that stops in fitStart lets no update happen, though model.fit makes one step', async () => {
    const veto = definePlugin({ name: 'veto', summary: 'Stops.', role: 'steer', hooks: () => ({ fitStart: (_info, context) => context.stop('not today') }) });
    const before = model.getWeights().flatMap((weight) => [...weight.dataSync()]);
    await fit({ epochs: 5, callbacks: following({ plugins: [veto()], logEvery: 1 }) });
    expect(model.getWeights().flatMap((weight) => [...weight.dataSync()])).toEqual(before);
    expect(dataOf('step').map(({ updated }) => updated)).toEqual([false]);
    expect(dataOf('run-end')).toMatchObject([{ reason: 'stopped', by: 'veto', message: 'not today' }]);
  });

  test('gpuProfiler tells where the time goes', async () => {
    await fit({ epochs: 20, validationData: [x, y], callbacks: following({ plugins: [gpuProfiler({ gpu: false, every: 'epoch' })] }) });
    const last = dataOf('gpu-profile').at(-1) as { final: boolean; steps: number } | undefined;
    expect(last).toMatchObject({ final: true });
  });

  test('the hooks of a validation come in their order, at the last step of an epoch, and a promise of the first is waited for', async () => {
    const calls: string[] = [];
    const slow = definePlugin({
      name: 'slow',
      summary: 'Waits.',
      role: 'observe',
      hooks: () => ({
        validationStart: (_info, { step }) => new Promise<void>((done) => setTimeout(() => {
            calls.push(`start ${String(step)}`);
            done();
          }, 5)),
        validationEnd: ({ samples }, { step }) => void calls.push(`end ${String(step)} ${String(samples)}`),
        epochEnd: () => void calls.push('epoch'),
      }),
    });
    // Another that evaluates after each batch is no validation.
    const evaluating = { onBatchEnd: () => tf.dispose(model.evaluate(x, y)) };
    await fit({ epochs: 2, validationData: [x, y], callbacks: following({ plugins: [slow()] }).with(evaluating) });
    expect(calls).toEqual(['start 3', 'end 3 20', 'epoch', 'start 6', 'end 6 20', 'epoch']);
  });

  const hooked = (hook: string): never => definePlugin({ name: 'mine', summary: 'Mine.', role: 'steer', hooks: () => ({ [hook]: () => undefined }) })() as never;
  test.each(['batch', 'loss', 'gradients'])('the hook %s is refused before any fit', (hook) => {
    expect(() => following({ plugins: [hooked(hook)] })).toThrow(expect.objectContaining({ code: 'LAYERS_NOT_SEEN', plugin: 'mine', hook }));
  });

  test('what a plugin may do under a Trainer alone is refused when it tries, with what to do', async () => {
    const seeding = definePlugin({ name: 'seeding', summary: 'Seeds.', role: 'steer', hooks: () => ({ fitStart: (_info, context) => context.reseed(1) }) });
    await expect(fit({ epochs: 1, callbacks: following({ plugins: [seeding()] }) })).rejects.toMatchObject({
      code: 'LAYERS_NOT_SEEN',
      plugin: 'seeding',
      hook: 'fitStart',
      message: 'the plugin "seeding" wants to fix the random numbers of the training, which cannot be done from callbacks of model.fit. Train with the Trainer of trainscope, which takes the same model, or leave the plugin out.',
    });
  });

  test('a metric that model.fit does not measure is told before the first step', async () => {
    await expect(fit({ epochs: 1, callbacks: following({ plugins: [earlyStopping({ monitor: 'val_loss' })] }) })).rejects.toMatchObject({ code: 'PLUGIN_REQUIRES' });
    expect(names()).toEqual([]);
  });
});

describe('findings', () => {
  test('a rate that is far too high', async () => {
    model.optimizer.dispose();
    model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(50) });
    const trainscope = following();
    await fit({ epochs: 5, callbacks: trainscope });
    expect(trainscope.findings[0]).toMatchObject({ rule: 'learning-rate-too-high', severity: 'error' });
    expect(dataOf('finding').map(({ rule }) => rule)).toContain('learning-rate-too-high');
  });

  test('ReLU units that are dead', async () => {
    const dead = sequential({ layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [2], biasInitializer: 'ones', name: 'hidden' }), layers.dense({ units: 1 })] });
    const bias = tf.fill([16], -100);
    dead.layers[0]!.setWeights([dead.layers[0]!.getWeights()[0]!, bias]);
    dead.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(0.01) });
    const trainscope = following();
    await dead.fit(x, y, { epochs: 20, batchSize: 8, callbacks: trainscope });
    expect(trainscope.findings.map(({ rule, where }) => [rule, where.layer])).toContainEqual(['dead-units', 'hidden']);
    disposeOf(dead);
    bias.dispose();
  });

  test('none in a fit that is well', async () => {
    const trainscope = following();
    await fit({ epochs: 20, callbacks: trainscope });
    expect(trainscope.findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });
});

test('options that do not fit are told all at once', () => {
  expect(() => trainscopeCallbacks({ logEvery: 0, pluginss: [], patch: ['gradient'] } as never)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID', problems: expect.objectContaining({ length: 3 }) as unknown }));
});
