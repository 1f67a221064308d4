import * as tf from '@tensorflow/tfjs-core';
import * as tfdata from '@tensorflow/tfjs-data';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { diagnosis, earlyStopping, gradientNorm, lrScheduler, predictionDynamics, seed, weightNorm } from 'trainscope/plugins';
import type { DataSource } from 'trainscope';
import { testBackends, useBackend } from '../support/backends.js';
import { trainThrough, type Outcome, type Training } from '../support/resumed-run.js';
import { clouds } from '../support/small-run.js';

/** 40 samples in batches of 4: 10 steps an epoch. */
const { inputs, labels } = clouds(40);
const rows = (from: number, to: number) => ({ inputs: { values: inputs.values.slice(from * 4, to * 4), shape: [to - from, 4] }, labels: labels.slice(from, to) });
const batches = Array.from({ length: 10 }, (_, i) => rows(4 * i, 4 * i + 4));

const model = () =>
  sequential({
    layers: [
      layers.dense({ name: 'hidden', units: 6, inputShape: [4], activation: 'relu' }),
      layers.batchNormalization({ name: 'norm' }),
      layers.dropout({ name: 'drop', rate: 0.3 }),
      layers.dense({ name: 'out', units: 2, activation: 'softmax' }),
    ],
  });

const training = (some: Partial<Training> = {}): Training => ({
  options: () => ({ model, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], optimizer: { name: 'adam', learningRate: 0.01 }, logEvery: 1 }),
  plugins: () => [seed({ seed: 7 })],
  data: () => ({ inputs, labels }),
  fit: () => ({ epochs: 3, batchSize: 4, validation: rows(0, 8) }),
  checkpoint: { every: { steps: 4 } },
  ...some,
});

const expectSame = (resumed: Outcome, whole: Outcome, resumes: number): void => {
  expect(resumed.resumes).toBe(resumes);
  expect(resumed.events).toEqual(whole.events);
  expect(resumed.weights).toEqual(whole.weights);
  expect(resumed.history).toEqual(whole.history);
  expect(resumed.result.steps).toBe(whole.result.steps);
};

const sources: Readonly<Record<string, () => DataSource>> = {
  arrays: () => ({ inputs, labels }),
  tensors: () => tf.tidy(() => ({ inputs: tf.keep(tf.tensor(inputs.values, [40, 4])), labels: tf.keep(tf.tensor1d(labels, 'int32')) })),
  'a Dataset that shuffles': () =>
    tfdata
      .generator(function* () {
        for (let i = 0; i < 40; i += 1) yield { xs: Array.from(inputs.values.slice(4 * i, 4 * i + 4)), ys: labels[i] ?? 0 };
      })
      .shuffle(16, 'seed'),
  'a seekable iterable': () => ({
    async *[Symbol.asyncIterator]() {
      for (const batch of batches) yield await Promise.resolve(batch);
    },
    async *iterateFrom(batch: number) {
      for (const each of batches.slice(batch)) yield await Promise.resolve(each);
    },
  }),
  'a generator, replayed': () => () =>
    (function* () {
      yield* batches;
    })(),
};

describe.each(testBackends)('on %s, a run that crashed and was resumed is, to the byte, the one that never did', (backend) => {
  test.each(Object.keys(sources))('with data from %s', async (name) => {
    await useBackend(backend);
    const given = training({ data: sources[name] as () => DataSource });
    const whole = await trainThrough(given);
    // In the first epoch after the first checkpoint; in the second; before its last step; in the third.
    expectSame(await trainThrough(given, [6, 13, 20, 30]), whole, 4);
  });

  test('at every step of an epoch', async () => {
    await useBackend(backend);
    const given = training({ checkpoint: { every: { steps: 1 } }, fit: () => ({ epochs: 2, batchSize: 4, validation: rows(0, 8) }) });
    const whole = await trainThrough(given);
    expectSame(await trainThrough(given, Array.from({ length: 19 }, (_, i) => i + 2)), whole, 19);
  });

  const kinds = [
    { kind: 'constant', learningRate: 0.02 },
    { kind: 'cosine', tMax: 3 },
    { kind: 'oneCycle', maxLr: 0.05, totalSteps: 30 },
    { kind: 'warmup', steps: 7, schedule: { kind: 'cosine', learningRate: 0.05, tMax: 23 } },
    { kind: 'step', stepSize: 1 },
    { kind: 'reduceOnPlateau', monitor: 'val_loss', patience: 0, threshold: 0.5 },
  ] as const;
  test.each(kinds.map((schedule) => [schedule.kind, schedule] as const))('with the schedule %s', async (_kind, schedule) => {
    await useBackend(backend);
    const given = training({ plugins: () => [seed({ seed: 7 }), lrScheduler({ schedule: schedule as never, logEvery: 3 })] });
    const whole = await trainThrough(given);
    expectSame(await trainThrough(given, [7, 18, 22]), whole, 3);
  });

  test('with micro-batches, checkpoints at epoch ends, and early stopping that puts the best weights back', async () => {
    await useBackend(backend);
    const given = training({
      options: () => ({ ...training().options(), accumulateSteps: 3, optimizer: { name: 'momentum', learningRate: 0.5, momentum: 0.9 } }),
      plugins: () => [seed({ seed: 7 }), earlyStopping({ monitor: 'val_loss', patience: 2, restoreBestWeights: true })],
      // 10 batches in threes: 4 steps an epoch.
      fit: () => ({ epochs: 12, batchSize: 4, validation: rows(0, 8) }),
      checkpoint: { every: { epochs: 1 } },
    });
    const whole = await trainThrough(given);
    const last = whole.result.steps;
    expect(last).toBeGreaterThan(8);
    expectSame(await trainThrough(given, [6, last]), whole, 2);
  });

  test('with the plugins that watch', async () => {
    await useBackend(backend);
    const given = training({
      plugins: () => [seed({ seed: 7 }), gradientNorm({ every: 2 }), weightNorm({ every: 3 }), predictionDynamics({ every: 2, samples: 4 }), diagnosis({ every: 5 })],
    });
    const whole = await trainThrough(given);
    expectSame(await trainThrough(given, [6, 14, 21, 29]), whole, 4);
  });

  test('with epochs of 7 steps, which end within a pass over the data', async () => {
    await useBackend(backend);
    const given = training({ fit: () => ({ epochs: 4, batchSize: 4, stepsPerEpoch: 7, validationEvery: { steps: 5 }, validation: rows(0, 8) }), checkpoint: { every: { steps: 3 } } });
    const whole = await trainThrough(given);
    expectSame(await trainThrough(given, [5, 8, 12, 15, 23, 28]), whole, 6);
  });
});
