import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Trainer, type HandwrittenModel, type TrainscopeEvent } from 'trainscope';
import { definePlugin, type AnyPlugin } from 'trainscope/plugin';
import { checkpoint, earlyStopping, seed } from 'trainscope/plugins';
import { useBackend } from '../support/backends.js';
import { trainThrough, type Training } from '../support/resumed-run.js';
import { clouds, smallClassifier } from '../support/small-run.js';

let folder: string;
beforeEach(async () => {
  await useBackend('cpu');
  folder = mkdtempSync(join(tmpdir(), 'trainscope-harder-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** 24 samples in batches of 4: 6 steps an epoch. */
const data = clouds(24);
const names = (): readonly string[] => readdirSync(folder).toSorted();
const loss = 'sparseCategoricalCrossentropy';

const trainerWith = (plugins: readonly AnyPlugin[], options: Partial<ConstructorParameters<typeof Trainer>[0]> = {}) => {
  const trainer = new Trainer({ model: smallClassifier, loss, seed: 3, progress: false, ...options, plugins });
  const events: TrainscopeEvent[] = [];
  trainer.onAny((event) => events.push(event));
  return { trainer, events };
};

describe('a script with two fits that is started again', () => {
  test('passes over the one that was through, and goes on with the one that was under way', async () => {
    const script = async (crashAt: number) => {
      const { trainer } = trainerWith([seed({ seed: 3 }), checkpoint({ folder, every: { steps: 1 } })]);
      trainer.hook('gradients', (_gradients, { step }) => {
        if (step === crashAt) throw new Error('gone');
      });
      try {
        const resumed = await trainer.resume(folder, { missing: 'start' });
        const first = await trainer.fit(data, { batchSize: 4 });
        const second = await trainer.fit(clouds(16, 2), { batchSize: 4, epochs: 2 });
        const model = trainer.model as LayersModel;
        return { resumed: resumed?.fit, first, second, weights: model.getWeights().map((each) => [...each.dataSync()]) };
      } finally {
        await trainer.dispose();
      }
    };
    await expect(script(9)).rejects.toThrow('gone');
    const again = await script(0);
    expect([again.resumed, again.first.steps, again.first.reason, again.second.steps, again.second.history.length]).toEqual([2, 0, 'completed', 14, 2]);
    rmSync(folder, { recursive: true });
    const whole = await script(0);
    expect([whole.first.steps, whole.second.steps]).toEqual([6, 14]);
    expect(again.weights).toEqual(whole.weights);
  });
});

describe('freezing in the midst of a run', () => {
  test('of a layer in a nested model leaves the kept copies of weights in their places', async () => {
    const inner = () => sequential({ name: 'inner', layers: [layers.dense({ name: 'a', units: 4, inputShape: [4], activation: 'tanh' }), layers.dense({ name: 'b', units: 4, activation: 'tanh' })] });
    const training: Training = {
      options: () => ({ model: () => sequential({ layers: [inner(), layers.dense({ name: 'out', units: 2, activation: 'softmax' })] }), loss, optimizer: { name: 'adam', learningRate: 0.05 }, logEvery: 1 }),
      plugins: () => [
        seed({ seed: 7 }),
        definePlugin({
          name: 'freezer',
          summary: 'Freezes the first layer from epoch 2 on.',
          role: 'steer',
          hooks: () => ({
            batch(_batch, context) {
              const nested = (context.model as LayersModel).layers[0] as unknown as LayersModel;
              const [first] = nested.layers;
              if (first !== undefined) first.trainable = context.epoch < 2;
            },
          }),
        })(),
        earlyStopping({ monitor: 'loss', patience: 9, restoreBestWeights: true }),
      ],
      data: () => data,
      fit: () => ({ epochs: 3, batchSize: 4 }),
      checkpoint: { every: { steps: 1 } },
    };
    const whole = await trainThrough(training);
    const resumed = await trainThrough(training, [9, 15]);
    expect(resumed.resumes).toBe(2);
    expect(resumed.weights).toEqual(whole.weights);
    expect(resumed.history).toEqual(whole.history);
  });

  test('of a variable of a handwritten model, by leaving it out, leaves checkpoints whole', async () => {
    const handwritten = (): HandwrittenModel<tf.Tensor2D> & { frozen: boolean } => {
      const w = tf.variable(tf.ones([4, 2]), true, 'w');
      const b = tf.variable(tf.zeros([2]), true, 'b');
      const model = {
        frozen: false,
        forward: (x: tf.Tensor2D) => tf.softmax(tf.add(tf.matMul(x, w), b)),
        get trainableWeights() {
          return model.frozen ? { w } : { w, b };
        },
      };
      return model;
    };
    const { trainer, events } = trainerWith([checkpoint({ folder, every: { steps: 3 }, keepLast: 'all' })], { model: handwritten });
    trainer.hook('batch', (_batch, context) => {
      (context.model as { frozen: boolean }).frozen = context.step > 4;
    });
    await trainer.fit(data, { batchSize: 4 });
    await trainer.dispose();
    expect(events.filter(({ event }) => event === 'checkpoint-failed')).toEqual([]);
    expect(names()).toEqual(['epoch-0001-end', 'epoch-0001-step-00000003', 'epoch-0001-step-00000006']);
  });
});

describe('what an abort leaves', () => {
  const abortIn = async (hook: 'epochEnd' | 'stepEnd' | 'validationStart', step: number, options: Parameters<typeof checkpoint>[0], fit: object = {}) => {
    const { trainer, events } = trainerWith([checkpoint({ folder, ...options })]);
    const control = new AbortController();
    trainer.hook(hook, (_payload: unknown, context: { readonly step: number }) => {
      if (context.step === step) control.abort();
    });
    await trainer.resume(folder, { missing: 'start' });
    const result = await trainer.fit(data, { batchSize: 4, epochs: 3, validation: data, signal: control.signal, ...fit });
    await trainer.dispose();
    return { result, events };
  };

  test('in epochEnd: the checkpoint of that epoch with its metric', async () => {
    const { events } = await abortIn('epochEnd', 6, { every: { epochs: 1 }, keepBest: 1, keepLast: 1 });
    expect(events.filter(({ event }) => event === 'checkpoint').map(({ data: { name, metric } }) => [name, (metric as { name: string } | null)?.name])).toEqual([['epoch-0001-end', 'val_loss']]);
  });

  test('in stepEnd: a checkpoint that is kept for good stays one', async () => {
    const { events } = await abortIn('stepEnd', 4, { every: { steps: 2 }, keepEvery: 2 });
    expect(events.filter(({ event }) => event === 'checkpoint').map(({ step, data: { lasting } }) => [step, lasting])).toEqual([[2, false], [4, true]]);
  });

  test('at the last step of an epoch whose checkpoint was taken: a resumed run makes the end of the epoch, with its validation', async () => {
    const options = { every: { steps: 1 } };
    // The abort comes after the step's checkpoint was asked for, and before the validation.
    await abortIn('stepEnd', 6, options);
    const { trainer, events } = trainerWith([checkpoint({ folder, ...options })]);
    const resumed = await trainer.resume(folder);
    await trainer.fit(data, { batchSize: 4, epochs: 3, validation: data });
    await trainer.dispose();
    expect(resumed).toMatchObject({ name: 'epoch-0001-step-00000006', step: 6 });
    expect(events.map(({ event, epoch }) => [event, epoch]).slice(0, 3)).toEqual([['resume', 1], ['validation', 1], ['epoch-end', 1]]);
  });

  test('in a validation by steps: the checkpoint of that step is taken after the validation, which a resumed run makes', async () => {
    const options = { every: { steps: 4 }, keepBest: 1 };
    const fit = { validationEvery: { steps: 4 } };
    const first = await abortIn('validationStart', 4, options, fit);
    expect(first.result.reason).toBe('aborted');
    const second = await abortIn('stepEnd', 7, options, fit);
    expect(second.events.filter(({ event }) => ['resume', 'validation', 'checkpoint'].includes(event)).slice(0, 3).map(({ event, step, data: facts }) => [event, step, (facts['metric'] as { name: string } | undefined | null)?.name])).toEqual([
      ['resume', 4, undefined],
      ['validation', 4, undefined],
      ['checkpoint', 4, 'val_loss'],
    ]);
  });
});

describe('what a checkpoint cannot hold is refused before the first step', () => {
  test('a layer that is stateful', async () => {
    const model = () => sequential({ layers: [layers.simpleRNN({ units: 2, stateful: true, batchInputShape: [4, 4, 1], recurrentInitializer: 'glorotUniform', name: 'memory' }), layers.dense({ units: 2, activation: 'softmax' })] });
    const { trainer } = trainerWith([checkpoint({ folder })], { model });
    const sequences = { inputs: { values: data.inputs.values, shape: [24, 4, 1] }, labels: data.labels };
    await expect(trainer.fit(sequences, { batchSize: 4 })).rejects.toThrow('the layer "memory" is stateful, and checkpoints do not hold what it carries from batch to batch');
    await trainer.dispose();
  });

  test('an optimizer that does not say where it keeps its slots, unless it says that they are variables', async () => {
    class Halving extends tf.Optimizer {
      learningRate = 0.1;
      override applyGradients(gradients: Parameters<tf.Optimizer['applyGradients']>[0]): void {
        for (const { name, tensor } of Array.isArray(gradients) ? gradients : []) {
          const variable = tf.engine().registeredVariables[name];
          if (variable !== undefined) tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(tensor, this.learningRate))));
        }
      }
      override getConfig(): tf.serialization.ConfigDict {
        return {};
      }
    }
    const refused = trainerWith([checkpoint({ folder })], { optimizer: new Halving() });
    await expect(refused.trainer.fit(data, { batchSize: 4 })).rejects.toMatchObject({ code: 'CHECKPOINT_FORMAT' });
    await refused.trainer.dispose();
    const taken = trainerWith([checkpoint({ folder })], { optimizer: Object.assign(new Halving(), { slotsAreVariables: true }) });
    await taken.trainer.fit(data, { batchSize: 4 });
    await taken.trainer.dispose();
    expect(names()).toEqual(['epoch-0001-end']);
  });

  test('a folder in which every checkpoint is damaged', async () => {
    const first = trainerWith([checkpoint({ folder })]);
    await first.trainer.fit(data, { batchSize: 4 });
    await first.trainer.dispose();
    writeFileSync(join(folder, 'epoch-0001-end', 'manifest.json'), 'torn');
    const { trainer } = trainerWith([checkpoint({ folder })]);
    await expect(trainer.fit(data, { batchSize: 4 })).rejects.toMatchObject({ code: 'CHECKPOINT_FOLDER_TAKEN' });
    await trainer.dispose();
  });
});

test('a plugin whose state is no JSON makes checkpoints fail by its name, and the training goes on', async () => {
  const mapped = definePlugin({
    name: 'mapped',
    summary: 'Has a Map.',
    role: 'observe',
    state: z.strictObject({ seen: z.any().default(null) }),
    hooks: () => ({
      stepEnd(_info, context) {
        context.state = { seen: new Map([[context.step, 1]]) };
      },
    }),
  });
  const { trainer, events } = trainerWith([mapped(), checkpoint({ folder })]);
  expect(await trainer.fit(data, { batchSize: 4 })).toMatchObject({ reason: 'completed' });
  await trainer.dispose();
  expect(events.filter(({ event }) => event === 'checkpoint-failed').map(({ data: { code, message } }) => [code, message])).toEqual([
    ['PLUGIN_STATE', expect.stringContaining('the state of the plugin "mapped" holds what is no JSON')],
  ]);
});

test('a run that a plugin with an option of Infinity stopped stays stopped', async () => {
  const stopping = definePlugin({
    name: 'stopping',
    summary: 'Stops.',
    role: 'steer',
    options: z.strictObject({ at: z.number(), bound: z.custom<number>((value) => typeof value === 'number') }),
    hooks: ({ at }) => ({
      stepEnd(_info, context) {
        if (context.step === at) context.stop('that is all');
      },
    }),
  });
  const run = async () => {
    const { trainer } = trainerWith([stopping({ at: 4, bound: Infinity }), checkpoint({ folder })]);
    await trainer.resume(folder, { missing: 'start' });
    const { reason, steps } = await trainer.fit(data, { batchSize: 4 });
    await trainer.dispose();
    return [reason, steps];
  };
  expect(await run()).toEqual(['stopped', 4]);
  expect(await run()).toEqual(['stopped', 4]);
});

test('a configuration that was changed is listed in the event, as a warning; more epochs alone are none', async () => {
  const run = async (learningRate: number, epochs: number) => {
    const { trainer, events } = trainerWith([checkpoint({ folder })], { model: () => sequential({ layers: [layers.dense({ name: 'out', units: 2, inputShape: [4], activation: 'softmax' })] }), optimizer: { name: 'adam', learningRate } });
    await trainer.resume(folder, { missing: 'start' });
    await trainer.fit(data, { batchSize: 4, epochs });
    await trainer.dispose();
    return events.filter(({ event }) => event === 'resume').map(({ level, data: { changed } }) => [level, changed]);
  };
  expect(await run(0.01, 1)).toEqual([]);
  expect(await run(0.01, 2)).toEqual([['info', [{ path: 'fit.epochs', was: '1', is: '2' }]]]);
  expect(await run(0.5, 2)).toEqual([['warn', [{ path: 'optimizer.learningRate', was: '0.01', is: '0.5' }]]]);
});

test('a model that counts its calls, those of the checks before the first step too, counts on where it was', async () => {
  const counting = () => {
    const w = tf.variable(tf.ones([4, 2]), true);
    const calls = tf.variable(tf.scalar(0), false);
    return {
      forward: (x: tf.Tensor2D) => {
        calls.assign(tf.add(calls, 1));
        return tf.softmax(tf.matMul(x, w));
      },
      trainableWeights: { w },
      weights: { w, calls },
    };
  };
  const run = async (crashAt: number): Promise<number> => {
    const { trainer } = trainerWith([checkpoint({ folder, every: { steps: 2 } })], { model: counting as never });
    trainer.hook('gradients', (_gradients, { step }) => {
      if (step === crashAt) throw new Error('gone');
    });
    try {
      await trainer.resume(folder, { missing: 'start' });
      await trainer.fit(data, { batchSize: 4 });
      return (trainer.model as { weights: { calls: tf.Variable } }).weights.calls.dataSync()[0] ?? Number.NaN;
    } finally {
      await trainer.dispose();
    }
  };
  const whole = await run(0);
  rmSync(folder, { recursive: true });
  await expect(run(5)).rejects.toThrow('gone');
  expect(await run(0)).toBe(whole);
});
