import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Trainer } from 'trainscope';
import type { AnyPlugin } from 'trainscope/plugin';
import { checkpoint, lrScheduler, nonFinite } from 'trainscope/plugins';
import { tensorsLeftBy } from 'trainscope/testing';
import { testBackends, useBackend } from '../support/backends.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trainscope-non-finite-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** y = w x from w = 0: the loss (y - 2x)^2 at x = 1 has the gradient 2 (w - 2). */
const line = () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1], useBias: false, kernelInitializer: 'zeros' })] });
const weightOf = (model: unknown): number => (model as LayersModel).weights[0]?.read().dataSync()[0] ?? Number.NaN;

/** x = 1 and y = 2 in every batch of one; NaN in those given, counted from 1. */
const samples = (count: number, bad: readonly number[]) => ({ inputs: Array.from({ length: count }, (_, i) => [bad.includes(i + 1) ? Number.NaN : 1]), labels: Array.from({ length: count }, () => [2]) });

interface Heard {
  readonly step: number;
  readonly data: Record<string, unknown>;
}

async function train(plugins: readonly AnyPlugin[], data: ReturnType<typeof samples>, rate = 0.25): Promise<{ result: Awaited<ReturnType<Trainer['fit']>>; weight: number; rates: readonly number[]; heard: readonly Heard[] }> {
  const heard: Heard[] = [];
  const rates: number[] = [];
  const trainer = new Trainer({ model: line, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: rate }, progress: false, logEvery: 1, plugins });
  trainer.onAny(({ event, step, data: facts }) => {
    if (event === 'non-finite') heard.push({ step, data: { ...facts } });
    if (event === 'step') rates.push((facts as { learningRate: number }).learningRate);
  });
  const result = await trainer.fit(data, { batchSize: 1, shuffle: false, checkFinite: false });
  const weight = weightOf(trainer.model);
  await trainer.dispose();
  (trainer.model as LayersModel).dispose();
  return { result, weight, rates, heard };
}

describe.each(testBackends)('on %s', (backend) => {
  beforeEach(() => useBackend(backend));

  // With the rate 1/4 a step halves the distance to 2: 1, 1.5, 1.75 ...
  test('stop ends the fit with the weight as it was before the bad step', async () => {
    const { result, weight, heard } = await train([nonFinite()], samples(5, [3]));
    expect([result.reason, result.stoppedBy, result.steps, weight]).toEqual(['stopped', 'nonFinite', 3, 1.5]);
    expect(result.message).toBe('the gradients of step 3 are not finite');
    expect(heard).toMatchObject([{ step: 3, data: { what: 'gradients', action: 'stop', times: 1, loss: Number.NaN } }]);
  });

  test('skip leaves the bad steps out: three good ones of five bring 1.75, and the mean of the losses is theirs', async () => {
    const { result, weight, heard } = await train([nonFinite({ action: 'skip' })], samples(5, [2, 4]));
    expect([result.reason, weight]).toEqual(['completed', 1.75]);
    // Losses 4, 1 and 1/4 of the good steps.
    expect(result.metrics['loss']).toBeCloseTo(5.25 / 3, 6);
    expect(heard.map(({ step, data: { action, times } }) => [step, action, times])).toEqual([[2, 'skip', 1], [4, 'skip', 2]]);
  });

  test('skip stops after so many times', async () => {
    const { result, heard } = await train([nonFinite({ action: 'skip', most: 1 })], samples(5, [2, 4]));
    expect([result.reason, result.steps, result.message]).toEqual(['stopped', 4, 'the gradients of step 4 are not finite, for the 2th time']);
    expect(heard.map(({ data: { action } }) => action)).toEqual(['skip', 'stop']);
  });

  test('rollBack puts the weight of the checkpoint back and halves the rate, under a schedule as well', async () => {
    const plugins = () => [lrScheduler({ schedule: { kind: 'constant', learningRate: 0.25 }, per: 'step' }), checkpoint({ folder, every: { steps: 2 } }), nonFinite({ action: 'rollBack' })];
    // Steps 1 to 3: 1, 1.5, 1.75; step 4 is bad: back to 1.5 of step 2. Step 5 at 1/8: 1.5 + 2 / 8 * 0.5 = 1.625.
    const { result, weight, rates, heard } = await train(plugins(), samples(5, [4]));
    expect([result.reason, weight]).toEqual(['completed', 1.625]);
    expect(rates).toEqual([0.25, 0.25, 0.25, 0.25, 0.125]);
    expect(heard).toMatchObject([{ step: 4, data: { action: 'rollBack', checkpoint: 'epoch-0001-step-00000002', toStep: 2, learningRate: 0.125 } }]);
  });

  test('a step that is left out leaves batch normalisation as it was', async () => {
    const model = sequential({ layers: [layers.batchNormalization({ inputShape: [1] }), layers.dense({ units: 1 })] });
    const trainer = new Trainer({ model, loss: 'meanSquaredError', progress: false, plugins: [nonFinite({ action: 'skip', most: 9 })] });
    await trainer.fit(samples(3, [1, 2, 3]), { batchSize: 1, checkFinite: false });
    expect(model.weights.flatMap((weight) => [...weight.read().dataSync()]).every(Number.isFinite)).toBe(true);
    await trainer.dispose();
  });

  test('no tensors are left behind', async () => {
    const once = () => train([nonFinite({ action: 'skip' })], samples(5, [2]));
    await once();
    expect(await tensorsLeftBy(once)).toBe(0);
  });
});

test('rollBack without the plugin checkpoint is told before the first step', async () => {
  await useBackend('cpu');
  await expect(train([nonFinite({ action: 'rollBack' })], samples(2, []))).rejects.toMatchObject({ code: 'PLUGIN_REQUIRES' });
});

test('rollBack with no checkpoint yet stops the fit', async () => {
  await useBackend('cpu');
  const { result } = await train([checkpoint({ folder }), nonFinite({ action: 'rollBack' })], samples(3, [2]));
  expect([result.reason, result.message]).toEqual(['stopped', 'the gradients of step 2 are not finite, and there is no checkpoint without NaN to go back to']);
});

test('a loss that is not finite while its gradients are is told as such', async () => {
  await useBackend('cpu');
  const heard: unknown[] = [];
  const trainer = new Trainer({
    model: line,
    // The gradient of the second part is 0.
    loss: (labels, predictions) => tf.add<tf.Scalar>(tf.losses.meanSquaredError(labels, predictions), tf.mul(tf.scalar(Infinity), tf.onesLike(tf.sum(predictions)))),
    progress: false,
    plugins: [nonFinite()],
  });
  trainer.on('non-finite', ({ data }) => heard.push(data.what));
  expect(await trainer.fit(samples(3, []), { batchSize: 1 })).toMatchObject({ reason: 'stopped', steps: 1 });
  expect(heard).toEqual(['loss']);
  await trainer.dispose();
});
