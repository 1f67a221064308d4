import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, test } from 'vitest';
import { Trainer, type LossSpec } from 'trainscope';
import { checkpoint, mixup, seed } from 'trainscope/plugins';
import { tensorsLeftBy } from 'trainscope/testing';
import { beta } from '../../plugins/mixup/beta.js';
import { drawBox, mixed, pasted, shareOutside } from '../../plugins/mixup/mix.js';
import { RandomStreams } from '../../src/random/index.js';
import { testBackends, useBackend } from '../support/backends.js';

type Options = Parameters<typeof mixup>[0];
const streams = new RandomStreams(11);

interface Seen {
  readonly inputs: number[];
  readonly labels: number[];
  readonly weights: number[] | undefined;
}

/** What the model is trained on, batch by batch, after mixing. */
async function batchesOf(options: Options, data: object, { model, loss = 'categoricalCrossentropy', epochs = 1, batchSize = 4 }: { model: () => LayersModel; loss?: LossSpec; epochs?: number; batchSize?: number }) {
  const seen: Seen[] = [];
  const told: unknown[] = [];
  const trainer = new Trainer({ model, loss, progress: false, plugins: [seed({ seed: 5 }), mixup(options)] });
  trainer.on('mixup', ({ data: each }) => told.push(each));
  trainer.hook('batch', ({ inputs, labels, sampleWeights }) => {
    const numbers = (tensor: tf.Tensor | undefined): number[] => [...(tensor?.dataSync() ?? [])];
    seen.push({ inputs: numbers(inputs[0]), labels: numbers(labels[0]), weights: sampleWeights === undefined ? undefined : numbers(sampleWeights[0]) });
  });
  await trainer.fit(data as Parameters<typeof trainer.fit>[0], { epochs, batchSize, shuffle: false });
  await trainer.dispose();
  (trainer.model as LayersModel).dispose();
  return { seen, told };
}

/** Sample i is [i, 10 i], of class i: what is mixed can be read off. */
const vectors = () => sequential({ layers: [layers.dense({ units: 4, activation: 'softmax', inputShape: [2] })] });
const four = { inputs: [0, 1, 2, 3].map((i) => [i, 10 * i]), labels: [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((at) => (at === i ? 1 : 0))) };

describe('beta(a, a)', () => {
  // Mean 1/2, variance 1 / (4 (2 a + 1)); of 20,000 numbers, five standard errors of either.
  test.each([0.05, 0.2, 1, 3])('a = %d has the mean and the variance of theory', (a) => {
    const random = streams.derive(`beta/${String(a)}`);
    const n = 20_000;
    const values = Array.from({ length: n }, () => beta(a, a, random));
    const mean = values.reduce((sum, each) => sum + each, 0) / n;
    const variance = values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (n - 1);
    const expected = 1 / (4 * (2 * a + 1));
    expect(values.every((each) => each >= 0 && each <= 1)).toBe(true);
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(expected / n));
    // Fourth central moment of Beta(a, a): 3 / (16 (2a + 1) (2a + 3)).
    const fourth = 3 / (16 * (2 * a + 1) * (2 * a + 3));
    expect(Math.abs(variance - expected)).toBeLessThan(5 * Math.sqrt((fourth - expected ** 2) / n));
  });

  test('a = 0.001 gives shares and no NaN: nearly all are 0 or 1', () => {
    const random = streams.derive('beta/small');
    const values = Array.from({ length: 1000 }, () => beta(0.001, 0.001, random));
    expect(values.filter((each) => each < 1e-6 || each > 1 - 1e-6).length).toBeGreaterThan(950);
    expect(values.some(Number.isNaN)).toBe(false);
  });

  test('Beta(2, 6) has the mean 1/4', () => {
    const random = streams.derive('beta/2/6');
    const mean = Array.from({ length: 20_000 }, () => beta(2, 6, random)).reduce((sum, each) => sum + each, 0) / 20_000;
    // Variance 12 / (64 x 9).
    expect(Math.abs(mean - 0.25)).toBeLessThan(5 * Math.sqrt(12 / 576 / 20_000));
  });
});

test('a box of a quarter left of an 8 x 4 image: sides of its root, cut off at the edges', () => {
  const random = streams.derive('box');
  // own = 0.75: side 1/2, so 4 rows and 2 columns about the place, less what lies outside.
  const boxes = Array.from({ length: 200 }, () => drawBox(0.75, 8, 4, random));
  expect(boxes.every(({ top, bottom, left, right }) => top >= 0 && bottom <= 8 && left >= 0 && right <= 4 && bottom - top <= 4 && right - left <= 2)).toBe(true);
  expect(boxes.some((box) => shareOutside(box, 8, 4) === 0.75)).toBe(true);
  expect(boxes.some((box) => shareOutside(box, 8, 4) > 0.75)).toBe(true);
});

describe.each(testBackends)('on %s', (backend) => {
  beforeEach(() => useBackend(backend));

  test('shares of 1/4, 1 and 1/2 by hand', () => {
    const x = tf.tensor2d([[0, 8], [4, 0], [2, 2]]);
    const made = mixed(x, { partners: Int32Array.of(1, 2, 0), own: Float32Array.of(0.25, 1, 0.5) });
    expect([...made.dataSync()]).toEqual([3, 2, 4, 0, 1, 5]);
    tf.dispose([x, made]);
  });

  test('a box of the partner in a 2 x 3 image', () => {
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60], [2, 2, 3, 1]);
    const box = { top: 0, bottom: 1, left: 1, right: 3 };
    const none = { top: 0, bottom: 0, left: 0, right: 0 };
    const made = pasted(x, Int32Array.of(1, 0), [box, none]);
    expect([...made.dataSync()]).toEqual([1, 20, 30, 4, 5, 6, 10, 20, 30, 40, 50, 60]);
    tf.dispose([x, made]);
  });

  test('inputs, labels and sample weights are mixed in the same shares, and labels stay distributions', async () => {
    const { seen, told } = await batchesOf({ alpha: 1, per: 'sample' }, { ...four, sampleWeights: [1, 2, 3, 4] }, { model: vectors });
    const [{ inputs, labels, weights } = { inputs: [], labels: [], weights: [] }] = seen;
    for (let i = 0; i < 4; i += 1) {
      const row = labels.slice(4 * i, 4 * i + 4);
      expect(row.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 6);
      // The class number of the mixture, by its label, is its first input; ten times it the second; its weight 1 more.
      const number = row.reduce((sum, share, at) => sum + share * at, 0);
      expect(inputs[2 * i]).toBeCloseTo(number, 5);
      expect(inputs[2 * i + 1]).toBeCloseTo(10 * number, 4);
      expect(weights?.[i]).toBeCloseTo(number + 1, 5);
    }
    expect(labels.some((share) => share > 0.01 && share < 0.99)).toBe(true);
    expect(told).toMatchObject([{ kind: 'mixup', alpha: 1, batches: 1, mixed: 1 }]);
  });

  test('cutmix: the share of a label is that of the pixels', async () => {
    const images = () => sequential({ layers: [layers.flatten({ inputShape: [6, 5, 1] }), layers.dense({ units: 4, activation: 'softmax' })] });
    // Every pixel of sample i is i.
    const data = { inputs: [0, 1, 2, 3].map((i) => Array.from({ length: 6 }, () => Array.from({ length: 5 }, () => [i]))), labels: four.labels };
    const { seen } = await batchesOf({ kind: 'cutmix', per: 'sample' }, data, { model: images, epochs: 3 });
    for (const { inputs, labels } of seen) {
      for (let i = 0; i < 4; i += 1) {
        const pixels = inputs.slice(30 * i, 30 * i + 30);
        for (let at = 0; at < 4; at += 1) expect(labels[4 * i + at]).toBeCloseTo(pixels.filter((each) => each === at).length / 30, 5);
      }
    }
    expect(seen.some(({ labels }) => labels.some((share) => share > 0.01 && share < 0.99))).toBe(true);
  });

  test('with a probability of 1/2 about half of 400 batches are mixed', async () => {
    const data = { inputs: Array.from({ length: 800 }, (_, i) => [i % 2, 0]), labels: Array.from({ length: 800 }, (_, i) => [1, 0, 0, 0].map((_each, at) => (at === i % 4 ? 1 : 0))) };
    const { told } = await batchesOf({ probability: 0.5 }, data, { model: vectors, batchSize: 2 });
    const [{ batches, mixed: count, share }] = told as [{ batches: number; mixed: number; share: number }];
    expect(batches).toBe(400);
    // Standard deviation 10; five of them.
    expect(Math.abs(count - 200)).toBeLessThan(50);
    expect(share).toBeGreaterThan(0.5);
  });

  test('nothing is left on the device', async () => {
    const once = () => batchesOf({ per: 'sample' }, { ...four, sampleWeights: [1, 1, 1, 1] }, { model: vectors });
    await once();
    expect(await tensorsLeftBy(once)).toBe(0);
  });
});

describe('with a trainer', () => {
  beforeEach(() => useBackend('cpu'));

  test('a run that is resumed in the middle of an epoch comes to the same weights and counts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trainscope-mixup-'));
    const data = { inputs: Array.from({ length: 24 }, (_, i) => [Math.sin(i), Math.cos(i)]), labels: Array.from({ length: 24 }, (_, i) => [0, 1, 2, 3].map((at) => (at === i % 4 ? 1 : 0))) };
    const make = () => {
      const told: unknown[] = [];
      const trainer = new Trainer({ model: vectors, loss: 'categoricalCrossentropy', progress: false, plugins: [seed({ seed: 2 }), mixup({ per: 'sample' }), checkpoint({ folder: join(folder, String(made++)), every: { steps: 4 } })] });
      trainer.on('mixup', ({ data: each }) => told.push(each));
      return { trainer, told };
    };
    let made = 0;
    const weights = (trainer: { readonly model: unknown }) => (trainer.model as LayersModel).getWeights().map((each) => [...each.dataSync()]);
    try {
      const whole = make();
      await whole.trainer.fit(data, { epochs: 2, batchSize: 4 });
      const cut = make();
      const aborting = new AbortController();
      cut.trainer.hook('stepEnd', (_info, { step }) => {
        if (step === 4) aborting.abort();
      });
      await cut.trainer.fit(data, { epochs: 2, batchSize: 4, signal: aborting.signal });
      made = 1;
      const again = make();
      await again.trainer.resume(join(folder, '1'));
      await again.trainer.fit(data, { epochs: 2, batchSize: 4 });
      expect(weights(again.trainer)).toEqual(weights(whole.trainer));
      expect(again.told).toEqual(whole.told);
      await Promise.all([whole, cut, again].map(({ trainer }) => trainer.dispose()));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    [{}, 'sparseCategoricalCrossentropy', [0, 1, 2, 3], /are class numbers \(sparseCategoricalCrossentropy\)\. Give one-hot rows, tf\.oneHot\(labels, 4\)/],
    [{}, 'categoricalHinge', four.labels, /takes none between its classes/],
    [{ kind: 'cutmix' }, 'categoricalCrossentropy', four.labels, /cuts boxes out of images, .* is \[null, 2\]/],
    [{ inputs: ['oops'] }, 'categoricalCrossentropy', four.labels, /mixup names the input "oops"/],
  ] as const)('%j under %s is refused before the first step', async (options, loss, labels, message) => {
    let steps = 0;
    const trainer = new Trainer({ model: vectors, loss, progress: false, plugins: [mixup(options as Options)] });
    trainer.hook('stepEnd', () => void (steps += 1));
    await expect(trainer.fit({ inputs: four.inputs, labels: labels as never })).rejects.toThrow(message);
    expect(steps).toBe(0);
    await trainer.dispose();
  });
});
