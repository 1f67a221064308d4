import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { gradientNorm, lrScheduler, seed, type earlyStopping } from '../../plugins/index.js';
import { Trainer, type CoreEvents, type EpochRecord, type FitResult, type HandwrittenModel, type TrainscopeEvent } from '../../src/index.js';
import { definePlugin, gradientNorms, probePredictions, weightNorms, type Gradients, type Measurement, type Norms, type ProbePredictions } from '../../src/plugin/index.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

// The types are what is tested: `npx tsc` fails where an assertion or an expected error does not hold. What runs here
// shows that the values are what their types say.

beforeAll(() => useBackend('cpu'));

const options = () => ({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', backend: 'keep' }) as const;
const withGradientNorm = () => new Trainer({ ...options(), plugins: [seed({ seed: 1 }), gradientNorm({ every: 1 })] });

describe('events', () => {
  it('of a plugin that is given are known by name, with the data of its schema', async () => {
    const trainer = withGradientNorm();
    const norms: number[] = [];
    trainer.on('gradient-norm', (event) => {
      expectTypeOf(event.event).toEqualTypeOf<'gradient-norm'>();
      expectTypeOf(event.data.norm).toEqualTypeOf<number>();
      expectTypeOf(event.data.clippedNorm).toEqualTypeOf<number | undefined>();
      // @ts-expect-error the schema has no such field
      expect(event.data.norms).toBeUndefined();
      norms.push(event.data.norm);
    });
    trainer.on('seed', ({ data }) => {
      expectTypeOf(data.weights).toEqualTypeOf<'seeded' | 'reinitialized' | 'as-given'>();
      expect(data.weights).toBe('as-given');
    });
    await trainer.fit(clouds(16), { batchSize: 8 });
    expect(norms).toHaveLength(2);
  });

  it('of a plugin that is not given are not known', () => {
    const trainer = new Trainer({ ...options(), plugins: [seed({ seed: 1 })] });
    // @ts-expect-error gradientNorm is not among the plugins
    expect(() => trainer.on('gradient-norm', () => undefined)).toThrow(/gradient-norm/);
    const bare = new Trainer(options());
    // @ts-expect-error there are no plugins
    expect(() => bare.on('seed', () => undefined)).toThrow(/seed/);
  });

  it('of the trainer are always known, and misspelt ones are not', () => {
    const trainer = new Trainer(options());
    trainer.on('epoch-end', ({ data, step }) => {
      expectTypeOf(data).toEqualTypeOf<CoreEvents['epoch-end']>();
      expectTypeOf(data.metrics).toEqualTypeOf<Readonly<Record<string, number>>>();
      expectTypeOf(step).toEqualTypeOf<number>();
    });
    // @ts-expect-error it is epoch-end
    expect(() => trainer.on('epochEnd', () => undefined)).toThrow(/epoch-end/);
    trainer.onAny((event) => expectTypeOf(event).toExtend<TrainscopeEvent>());
  });

  it('are frozen, in type as well', async () => {
    const trainer = withGradientNorm();
    let thrown: unknown;
    trainer.on('gradient-norm', ({ data }) => {
      try {
        // @ts-expect-error data is read-only
        data.norm = 0;
      } catch (error) {
        thrown = error;
      }
    });
    await trainer.fit(clouds(8));
    expect(thrown).toBeInstanceOf(TypeError);
  });

  it('can be filtered by their data', () => {
    withGradientNorm().on('gradient-norm', () => undefined, { when: ({ event }) => event.data.norm > 1 });
    // @ts-expect-error clippedNorm may be missing
    withGradientNorm().on('gradient-norm', () => undefined, { when: ({ event }) => event.data.clippedNorm > 1 });
  });
});

describe('options', () => {
  it('of plugins are those of their schemas', () => {
    expectTypeOf(gradientNorm).parameter(0).toExtend<{ readonly every?: number | 'epoch' | undefined } | undefined>();
    expectTypeOf<NonNullable<Parameters<typeof earlyStopping>[0]>['mode']>().toEqualTypeOf<'min' | 'max' | 'auto' | undefined>();
    // @ts-expect-error there is no such option
    expect(() => gradientNorm({ evry: 3 })).toThrow(/every/);
    // @ts-expect-error a number is not text
    expect(() => gradientNorm({ every: '3' })).toThrow(/every/);
    // @ts-expect-error seed has no default
    expect(() => seed({})).toThrow(/seed/);
    // @ts-expect-error there is no such schedule
    expect(() => lrScheduler({ schedule: { kind: 'cosin', learningRate: 0.1, tMax: 3 } })).toThrow(/cosine/);
  });

  it('of the trainer and of fit are checked by name and type', async () => {
    // @ts-expect-error it is optimizer
    expect(() => new Trainer({ ...options(), optimiser: 'adam' })).toThrow(/optimizer/);
    // @ts-expect-error the loss is missing
    expect(() => new Trainer({ model: smallClassifier() })).toThrow(/loss/);
    const trainer = new Trainer(options());
    // @ts-expect-error it is epochs
    await expect(trainer.fit(clouds(8), { epoch: 1 })).rejects.toThrow(/epochs/);
    // @ts-expect-error a model has a forward pass
    expect(() => new Trainer({ ...options(), model: { trainableWeights: [] } })).toThrow(/forward/);
  });

  it('of a plugin reach its hooks with their defaults in', () => {
    const kind = definePlugin({
      name: 'kind',
      summary: 's',
      role: 'observe',
      options: z.strictObject({ digits: z.int().default(3), name: z.string().optional() }),
      hooks: (given) => {
        expectTypeOf(given).toEqualTypeOf<{ digits: number; name?: string | undefined }>();
        return {};
      },
    });
    expectTypeOf(kind).toBeCallableWith({});
    expectTypeOf(kind).toBeCallableWith();
    expect(kind().options).toEqual({ digits: 3 });
  });
});

describe('measured values', () => {
  it('have the types of what was asked for', () => {
    const meanLabel: Measurement<number, 'labels'> = { key: 'meanLabel', sources: ['labels'], reduce: ({ labels }) => tf.mean(labels[0] ?? tf.scalar(0)), read: (values) => values[0] ?? Number.NaN };
    definePlugin({
      name: 'asker',
      summary: 's',
      role: 'observe',
      needs: () => ({ every: 10, of: { gradients: gradientNorms(), weights: weightNorms(), probe: probePredictions({ samples: 3 }), mean: meanLabel } }),
      hooks: () => ({
        measured(values) {
          expectTypeOf(values.gradients).toEqualTypeOf<Norms>();
          expectTypeOf(values.gradients.byWeight).toEqualTypeOf<ReadonlyMap<string, number>>();
          expectTypeOf(values.probe).toEqualTypeOf<readonly ProbePredictions[]>();
          expectTypeOf(values.mean).toEqualTypeOf<number>();
          // @ts-expect-error nobody asked for it
          expectTypeOf(values.updates).toBeNever();
        },
      }),
    });
    expectTypeOf(meanLabel.reduce).parameter(0).toHaveProperty('labels');
    // @ts-expect-error a measurement gets the sources that it declares
    expectTypeOf(meanLabel.reduce).parameter(0).toHaveProperty('gradients');
  });
});

describe('roles', () => {
  it('an observer cannot stop, set the learning rate, skip the update or transform', () => {
    const observer = definePlugin({
      name: 'observer',
      summary: 's',
      role: 'observe',
      hooks: () => ({
        stepEnd(_info, ctx) {
          expectTypeOf(ctx.learningRate).toEqualTypeOf<number>();
          // @ts-expect-error an observer cannot stop
          expect(ctx.stop).toBeUndefined();
          // @ts-expect-error an observer cannot skip the update
          expect(ctx.skipUpdate).toBeUndefined();
          // @ts-expect-error an observer reads the learning rate and cannot set it
          expect(() => { ctx.learningRate = 1; }).toThrow(/observes/);
        },
      }),
    });
    return expect(new Trainer({ ...options(), plugins: [observer({}, { onError: 'stop' })] }).fit(clouds(8))).resolves.toMatchObject({ reason: 'completed' });
  });

  it('an observer has no transforming hook', () => {
    // @ts-expect-error gradients is a transform
    const transforming = definePlugin({
      name: 'transforming',
      summary: 's',
      role: 'observe',
      hooks: () => ({ gradients: (gradients: Gradients) => gradients }),
    });
    expect(() => transforming()).toThrow(/the transforming hook "gradients"/);
  });

  it('one that steers can stop, set the learning rate and transform', async () => {
    const steerer = definePlugin({
      name: 'steerer',
      summary: 's',
      role: 'steer',
      hooks: () => ({
        gradients(gradients, ctx) {
          expectTypeOf(gradients).toEqualTypeOf<ReadonlyMap<string, tf.Tensor>>();
          ctx.learningRate = 0.5;
          ctx.stop('enough');
          return gradients;
        },
      }),
    });
    await expect(new Trainer({ ...options(), plugins: [steerer()] }).fit(clouds(64), { batchSize: 8 })).resolves.toMatchObject({ reason: 'stopped', stoppedBy: 'steerer', steps: 1 });
  });

  it('a loss hook cannot be async', async () => {
    const promising = definePlugin({
      name: 'promising',
      summary: 's',
      role: 'steer',
      // @ts-expect-error a loss hook runs where nothing can be awaited
      hooks: () => ({ loss: async (loss: tf.Scalar) => loss }),
    });
    await expect(new Trainer({ ...options(), plugins: [promising()] }).fit(clouds(8))).rejects.toThrow(/returned a promise/);
    const plain = definePlugin({ name: 'plain', summary: 's', role: 'steer', hooks: () => ({ loss: (loss, _ctx, { predictions }) => (predictions.length > 0 ? loss : undefined) }) });
    await expect(new Trainer({ ...options(), plugins: [plain()] }).fit(clouds(8))).resolves.toMatchObject({ reason: 'completed' });
  });

  it('an event that a plugin emits has the data of its schema', async () => {
    const emitting = definePlugin({
      name: 'emitting',
      summary: 's',
      role: 'observe',
      onError: 'stop',
      events: { told: z.strictObject({ share: z.number() }) },
      state: z.strictObject({ count: z.int().default(0) }),
      hooks: () => ({
        epochEnd(_info, ctx) {
          expectTypeOf(ctx.state).toEqualTypeOf<{ count: number }>();
          ctx.state = { count: ctx.state.count + 1 };
          ctx.emit('told', { share: ctx.state.count });
          // @ts-expect-error it is share
          expect(() => { ctx.emit('told', { shares: 1 }); }).toThrow(/share/);
          // @ts-expect-error the plugin has no such event
          expect(() => { ctx.emit('tolld', { share: 1 }); }).toThrow(/told/);
        },
      }),
    });
    const trainer = new Trainer({ ...options(), plugins: [emitting()] });
    const shares: number[] = [];
    trainer.on('told', ({ data }) => shares.push(data.share));
    await trainer.fit(clouds(8), { epochs: 2 });
    expect(shares).toEqual([1, 2]);
  });
});

describe('the result of a fit', () => {
  it('has a history of records, findings, and why it ended', async () => {
    const result = await new Trainer({ ...options(), metrics: ['accuracy'] }).fit(clouds(8), { validation: clouds(8) });
    expectTypeOf(result).toEqualTypeOf<FitResult>();
    expectTypeOf(result.history).toEqualTypeOf<readonly EpochRecord[]>();
    expectTypeOf(result.reason).toEqualTypeOf<'completed' | 'stopped' | 'aborted' | 'failed'>();
    expectTypeOf(result.findings).toEqualTypeOf<readonly CoreEvents['finding'][]>();
    const [first] = result.history;
    expectTypeOf(first).toEqualTypeOf<EpochRecord | undefined>();
    expectTypeOf<EpochRecord['metrics']>().toEqualTypeOf<Readonly<Record<string, number>>>();
    expectTypeOf<EpochRecord['validation']>().toEqualTypeOf<Readonly<Record<string, number>> | null>();
    expectTypeOf<Pick<EpochRecord, 'epoch' | 'learningRate' | 'steps' | 'samples' | 'milliseconds'>>().toEqualTypeOf<{
      readonly epoch: number;
      readonly learningRate: number;
      readonly steps: number;
      readonly samples: number;
      readonly milliseconds: number;
    }>();
    // @ts-expect-error a metric may be missing
    expectTypeOf(first?.metrics['accuracy']).toEqualTypeOf<number>();
    expect(Object.keys(first ?? {}).sort()).toEqual(['epoch', 'learningRate', 'metrics', 'milliseconds', 'samples', 'steps', 'validation']);
    // @ts-expect-error records are read-only
    expect(() => { result.history[0]!.epoch = 3; }).toThrow(TypeError);
  });
});

describe('a model written by hand', () => {
  it('has the types of its inputs and outputs', () => {
    const w = tf.variable(tf.zeros([4, 2]));
    const one: HandwrittenModel<tf.Tensor2D> = { forward: (x) => tf.matMul(x, w), trainableWeights: [w] };
    const named: HandwrittenModel<{ left: tf.Tensor; right: tf.Tensor }> = { forward: ({ left, right }) => ({ sum: tf.add(left, right) }), inputNames: ['left', 'right'], outputNames: ['sum'], trainableWeights: { w } };
    expectTypeOf(one.forward).parameter(0).toEqualTypeOf<tf.Tensor2D>();
    // Either can be handed to a trainer.
    new Trainer({ ...options(), model: one });
    new Trainer({ ...options(), loss: 'meanSquaredError', model: named });
    // @ts-expect-error forward may not be async
    const late: HandwrittenModel<tf.Tensor2D> = { forward: async (x) => x, trainableWeights: [w] };
    expect(late.trainableWeights).toEqual([w]);
    w.dispose();
  });
});
