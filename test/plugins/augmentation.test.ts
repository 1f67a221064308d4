import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, test } from 'vitest';
import { Trainer } from 'trainscope';
import { augmentation, checkpoint, seed } from 'trainscope/plugins';
import { tensorsLeftBy } from 'trainscope/testing';
import { applied } from '../../plugins/augmentation/apply.js';
import { transformSchema } from '../../plugins/augmentation/transforms.js';
import { RandomStreams } from '../../src/random/index.js';
import { testBackends, useBackend } from '../support/backends.js';

type Options = NonNullable<Parameters<typeof augmentation>[0]>;
type Transforms = NonNullable<Options['transforms']>;

interface Setting {
  readonly seed?: number;
  readonly fill?: 'zero' | 'reflect' | 'wrap' | 'edge';
  readonly range?: readonly [number, number];
  readonly dtype?: 'float32' | 'int32';
}

/** The numbers of a batch of this shape after the transforms. */
function apply(values: readonly number[], shape: number[], transforms: Transforms, { seed: from = 1, fill = 'reflect', range, dtype = 'float32' }: Setting = {}): number[] {
  const input = tf.tensor([...values], shape, dtype);
  const streams = new RandomStreams(from);
  const made = applied(input, { transforms: transforms.map((each) => transformSchema.parse(each)), range, fill, interpolation: 'bilinear', stream: (place) => streams.derive(String(place)), count: () => undefined });
  expect(made.dtype).toBe(dtype);
  const read = [...made.dataSync()];
  tf.dispose([input, made]);
  return read;
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
/** 3 x 3, from 1 to 9. */
const nine = Array.from({ length: 9 }, (_, i) => i + 1);

describe.each(testBackends)('on %s', (backend) => {
  beforeEach(() => useBackend(backend));

  test('flips of a 2 x 2 image with two channels', () => {
    const image = [1, 10, 2, 20, 3, 30, 4, 40];
    expect(apply(image, [1, 2, 2, 2], [{ kind: 'flip', p: 1 }])).toEqual([2, 20, 1, 10, 4, 40, 3, 30]);
    expect(apply(image, [1, 2, 2, 2], [{ kind: 'flip', direction: 'vertical', p: 1 }])).toEqual([3, 30, 4, 40, 1, 10, 2, 20]);
    // Both are a half turn.
    expect(apply(image, [1, 2, 2, 2], [{ kind: 'flip', p: 1 }, { kind: 'flip', direction: 'vertical', p: 1 }])).toEqual([4, 40, 3, 30, 2, 20, 1, 10]);
  });

  test('a crop with a padding of 1 is one of nine shifts, filled with zeros or with the mirrored edge', () => {
    const shift = (dy: number, dx: number, at: (y: number, x: number) => number) => nine.map((_, i) => at(Math.floor(i / 3) + dy, (i % 3) + dx));
    const zero = (y: number, x: number) => (y < 0 || y > 2 || x < 0 || x > 2 ? 0 : 3 * y + x + 1);
    const mirrored = (y: number, x: number) => 3 * Math.min(Math.max(y, 0), 2) + Math.min(Math.max(x, 0), 2) + 1;
    const all = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dy, dx] as const));
    for (const [fill, at] of [['zero', zero], ['reflect', mirrored], ['edge', mirrored]] as const) {
      const allowed = all.map(([dy, dx]) => JSON.stringify(shift(dy, dx, at)));
      const met = new Set(Array.from({ length: 60 }, (_, i) => JSON.stringify(apply(nine, [1, 3, 3, 1], [{ kind: 'crop', padding: 1 }], { seed: i, fill }))));
      expect([...met].filter((each) => !allowed.includes(each))).toEqual([]);
      // 60 draws miss one of nine with a chance of 9 (8/9)^60, below 1%.
      expect(met.size).toBe(9);
    }
  });

  test('a zoom by 2 about the centre of a 3 x 3 image: the middle stays, a corner is the mean of four', () => {
    const made = apply(nine, [1, 3, 3, 1], [{ kind: 'zoom', range: [2, 2] }]);
    // The corner is from (0.5, 0.5): (1 + 2 + 4 + 5) / 4.
    expect(made.map((each) => Number(each.toFixed(4)))).toEqual([3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7]);
  });

  test('a turn keeps the centre, and turns by no more than it may', () => {
    // The pixel right of the centre, far out: its place in the result gives the angle.
    const size = 41;
    const image = Array.from({ length: size * size }, (_, i) => (i === 20 * size + 38 ? 1 : i === 20 * size + 20 ? 2 : 0));
    for (let from = 0; from < 8; from += 1) {
      const made = apply(image, [1, size, size, 1], [{ kind: 'rotation', degrees: 20 }], { seed: from, fill: 'zero' });
      expect(made[20 * size + 20]).toBeCloseTo(2, 4);
      let [weight, y, x] = [0, 0, 0];
      for (const [i, value] of made.entries()) {
        if (Math.abs((i % size) - 20) < 3 && Math.abs(Math.floor(i / size) - 20) < 3) continue;
        weight += value;
        y += value * (Math.floor(i / size) - 20);
        x += value * ((i % size) - 20);
      }
      const [dy, dx] = [y / weight, x / weight];
      expect(Math.hypot(dy, dx)).toBeCloseTo(18, 0);
      expect(Math.abs(Math.atan2(dy, dx)) * 180 / Math.PI).toBeLessThanOrEqual(21);
    }
  });

  test('a translation moves by no more than its share', () => {
    const line = Array.from({ length: 20 }, (_, i) => i);
    for (let from = 0; from < 10; from += 1) {
      const made = apply(line, [1, 1, 20, 1], [{ kind: 'translation', x: 0.1, y: 0 }], { seed: from, fill: 'edge' });
      // 2 of 20 pixels at most; in the middle all move alike.
      const by = (made[10] ?? 0) - 10;
      expect(Math.abs(by)).toBeLessThanOrEqual(2);
      expect((made[5] ?? 0) - 5).toBeCloseTo(by, 4);
    }
  });

  test('contrast keeps the mean of each channel, brightness the differences', () => {
    const image = [0, 10, 4, 30, 2, 20, 6, 0];
    const means = (values: readonly number[]) => [0, 1].map((channel) => values.filter((_, i) => i % 2 === channel).reduce((sum, each) => sum + each, 0) / 4);
    const contrast = apply(image, [1, 2, 2, 2], [{ kind: 'contrast', by: 0.5 }]);
    expect(means(contrast)[0]).toBeCloseTo(3, 5);
    expect(means(contrast)[1]).toBeCloseTo(15, 5);
    const factor = ((contrast[2] ?? 0) - 3) / (4 - 3);
    expect(factor).toBeGreaterThanOrEqual(0.5);
    expect(factor).toBeLessThanOrEqual(1.5);
    expect(contrast[3]).toBeCloseTo(15 + 15 * factor, 4);
    const brightness = apply(image, [1, 2, 2, 2], [{ kind: 'brightness', by: 3 }]);
    const by = (brightness[0] ?? 0) - 0;
    expect(Math.abs(by)).toBeLessThanOrEqual(3);
    for (const [i, value] of image.entries()) expect(brightness[i]).toBeCloseTo(value + by, 4);
  });

  test('cutout of 3 pixels: a square of nines less what lies outside, and nothing else', () => {
    const ones = Array<number>(64).fill(1);
    const areas = Array.from({ length: 40 }, (_, from) => {
      const made = apply(ones, [1, 8, 8, 1], [{ kind: 'cutout', size: 3, value: 9 }], { seed: from });
      expect(made.every((each) => each === 1 || each === 9)).toBe(true);
      const cells = made.flatMap((each, i) => (each === 9 ? [[Math.floor(i / 8), i % 8] as const] : []));
      const spans = [0, 1].map((axis) => { const at = cells.map((cell) => cell[axis] ?? 0); return Math.max(...at) - Math.min(...at) + 1; });
      expect(cells.length).toBe((spans[0] ?? 0) * (spans[1] ?? 0));
      return cells.length;
    });
    // In the middle 9, at an edge 6, in a corner 4.
    expect(sorted([...new Set(areas)])).toEqual(expect.arrayContaining([6, 9]));
    expect(areas.every((each) => [4, 6, 9].includes(each))).toBe(true);
  });

  test('erase covers a share between the two that it is given, of a ratio between those', () => {
    const ones = Array<number>(400).fill(1);
    for (let from = 0; from < 20; from += 1) {
      const made = apply(ones, [1, 20, 20, 1], [{ kind: 'erase', area: [0.1, 0.2], ratio: [0.5, 2], p: 1 }], { seed: from });
      const erased = made.filter((each) => each === 0).length;
      // Sides are whole pixels: each may be off by half of one.
      expect(erased).toBeGreaterThan(400 * 0.1 * 0.8);
      expect(erased).toBeLessThan(400 * 0.2 * 1.2);
    }
  });

  test('p = 1/2 flips half of 10,000 samples, within five standard deviations', () => {
    const made = apply(Array.from({ length: 20_000 }, (_, i) => i % 2), [10_000, 1, 2, 1], [{ kind: 'flip' }]);
    const flipped = made.filter((value, i) => i % 2 === 0 && value === 1).length;
    expect(Math.abs(flipped - 5000)).toBeLessThan(250);
  });

  test('noise of 0.5 on vectors has that spread, and dropout of 0.2 leaves four fifths', () => {
    const n = 20_000;
    const noise = apply(Array<number>(n).fill(3), [n / 4, 4], [{ kind: 'noise', stddev: 0.5 }]);
    const mean = noise.reduce((sum, each) => sum + each, 0) / n;
    const variance = noise.reduce((sum, each) => sum + (each - mean) ** 2, 0) / n;
    expect(Math.abs(mean - 3)).toBeLessThan((5 * 0.5) / Math.sqrt(n));
    expect(Math.abs(variance - 0.25)).toBeLessThan(5 * 0.25 * Math.sqrt(2 / n));
    const dropped = apply(Array<number>(n).fill(3), [n / 4, 4], [{ kind: 'dropout', rate: 0.2, value: -1 }]).filter((each) => each === -1).length;
    expect(Math.abs(dropped - 4000)).toBeLessThan(5 * Math.sqrt(n * 0.2 * 0.8));
  });

  test('values stay in the range, and int32 images stay int32', () => {
    const made = apply([0, 120, 255, 30], [1, 2, 2, 1], [{ kind: 'brightness', by: 200 }, { kind: 'noise', stddev: 50 }], { range: [0, 255], dtype: 'int32' });
    expect(made.every((each) => each >= 0 && each <= 255 && Number.isInteger(each))).toBe(true);
  });

  test('samples of a batch are changed each by itself, and one that is not chosen is as it was to the bit', () => {
    const batch = Array.from({ length: 64 }, () => nine).flat().map((each) => Math.fround(each * 0.37));
    const made = apply(batch, [64, 3, 3, 1], [{ kind: 'rotation', degrees: 40, p: 0.5 }, { kind: 'contrast', p: 0.5 }, { kind: 'noise', p: 0.5 }, { kind: 'erase', p: 0.3 }]);
    const rows = Array.from({ length: 64 }, (_, i) => JSON.stringify(made.slice(9 * i, 9 * i + 9)));
    expect(rows.filter((row) => row === JSON.stringify(batch.slice(0, 9))).length).toBeGreaterThan(0);
    expect(new Set(rows).size).toBeGreaterThan(32);
  });
});

const all: Transforms = [{ kind: 'flip' }, { kind: 'crop', padding: 1 }, { kind: 'rotation' }, { kind: 'zoom' }, { kind: 'translation' }, { kind: 'brightness' }, { kind: 'contrast' }, { kind: 'noise' }, { kind: 'cutout', size: 2 }, { kind: 'erase' }, { kind: 'dropout' }];
const images = () => sequential({ layers: [layers.flatten({ inputShape: [4, 4, 1] }), layers.dense({ units: 1 })] });
const data = { inputs: Array.from({ length: 12 }, (_, i) => Array.from({ length: 4 }, (_row, y) => Array.from({ length: 4 }, (_column, x) => [Math.sin(i + y * 4 + x)]))), labels: Array.from({ length: 12 }, (_, i) => [i]) };

async function train(options: Options, { model = images, source = data }: { model?: () => LayersModel; source?: { inputs: unknown; labels: unknown } } = {}) {
  const seen: number[][] = [];
  const labels: number[][] = [];
  const told: unknown[] = [];
  const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 0.01 }, progress: false, plugins: [seed({ seed: 4 }), augmentation(options)] });
  trainer.on('augmentation', ({ data: each }) => told.push(each));
  trainer.hook('batch', (batch) => {
    seen.push([...(batch.inputs[0]?.dataSync() ?? [])]);
    labels.push([...(batch.labels[0]?.dataSync() ?? [])]);
  });
  const result = await trainer.fit(source as typeof data, { batchSize: 4, shuffle: false, epochs: 2, validation: source as typeof data });
  await trainer.dispose();
  (trainer.model as LayersModel).dispose();
  return { seen, labels, told, result };
}

describe('with a trainer', () => {
  beforeEach(() => useBackend('wasm'));

  test('two runs of a seed see the same images, and an epoch others than the one before; labels stay', async () => {
    const [one, two] = [await train({ transforms: all }), await train({ transforms: all })];
    expect(one.seen).toEqual(two.seen);
    expect(one.seen[0]).not.toEqual(one.seen[3]);
    expect(one.labels.slice(0, 3)).toEqual([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]);
    expect(one.told).toHaveLength(2);
    expect(one.told[0]).toMatchObject({ batches: 3, samples: 12, transforms: all.map(({ kind }) => ({ kind })) });
    // What has p = 1 changes all of them.
    expect((one.told[0] as { transforms: { changed: number }[] }).transforms[1]?.changed).toBe(12);
  });

  test('cpu and wasm see the same images but for rounding', async () => {
    const wasm = await train({ transforms: all });
    await useBackend('cpu');
    const cpu = await train({ transforms: all });
    for (const [i, batch] of wasm.seen.entries()) for (const [k, value] of batch.entries()) expect(value).toBeCloseTo(cpu.seen[i]?.[k] ?? Number.NaN, 4);
  });

  test('a run that is resumed in the middle of an epoch sees the same images and comes to the same weights', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trainscope-augmentation-'));
    const make = (name: string) => {
      const told: unknown[] = [];
      const trainer = new Trainer({ model: images, loss: 'meanSquaredError', progress: false, plugins: [seed({ seed: 2 }), augmentation({ transforms: all }), checkpoint({ folder: join(folder, name), every: { steps: 2 } })] });
      trainer.on('augmentation', ({ data: each }) => told.push(each));
      return { trainer, told };
    };
    const weights = (trainer: { readonly model: unknown }) => (trainer.model as LayersModel).getWeights().map((each) => [...each.dataSync()]);
    try {
      const [whole, cut] = [make('whole'), make('cut')];
      await whole.trainer.fit(data, { epochs: 2, batchSize: 4 });
      const aborting = new AbortController();
      cut.trainer.hook('stepEnd', (_info, { step }) => {
        if (step === 2) aborting.abort();
      });
      await cut.trainer.fit(data, { epochs: 2, batchSize: 4, signal: aborting.signal });
      const again = make('cut');
      await again.trainer.resume(join(folder, 'cut'));
      await again.trainer.fit(data, { epochs: 2, batchSize: 4 });
      expect(weights(again.trainer)).toEqual(weights(whole.trainer));
      expect(again.told).toEqual(whole.told);
      await Promise.all([whole, cut, again].map(({ trainer }) => trainer.dispose()));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('validation sees the data as it is: its loss is that of the model evaluated by itself', async () => {
    const trainer = new Trainer({ model: images, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 1e-30 }, progress: false, plugins: [augmentation({ transforms: [{ kind: 'brightness', by: 50 }] })] });
    const { history } = await trainer.fit(data, { validation: data });
    const { loss } = await trainer.evaluate(data);
    expect(history[0]?.validation?.['loss']).toBeCloseTo(loss ?? Number.NaN, 4);
    expect(Math.abs((history[0]?.metrics['loss'] ?? 0) - (loss ?? 0))).toBeGreaterThan(0.1);
    await trainer.dispose();
  });

  test('a function of your own comes last, with random numbers of its own; what else it makes is ended', async () => {
    const { seen } = await train({ custom: (input, { random }) => tf.add(tf.mul(input, 0), tf.scalar(random.int(1000))) });
    expect(new Set(seen[0]).size).toBe(1);
    expect(seen[0]).not.toEqual(seen[1]);
  });

  test('a function that returns another shape, or nothing, is told', async () => {
    await expect(train({ custom: (input) => tf.sum(input) })).rejects.toThrow(/custom of augmentation returned a tensor of shape \[\]; it is to return a tensor of the input's shape, \[4, 4, 4, 1\]/);
    await expect(train({ custom: (() => undefined) as never })).rejects.toThrow(/custom of augmentation returned undefined/);
  });

  test('nothing is left on the device', async () => {
    const once = () => train({ transforms: all, custom: (input) => tf.add(input, tf.scalar(1)) });
    await once();
    expect(await tensorsLeftBy(once)).toBe(0);
  });

  const vectors = () => sequential({ layers: [layers.dense({ units: 1, inputShape: [3] })] });
  test.each([
    [{ transforms: [{ kind: 'flip' }] }, vectors, /has the transform "flip", which takes images, \[batch, height, width, channels\]; the input ".*" is \[null, 3\]/],
    [{ transforms: [{ kind: 'cutout', size: 5 }] }, images, /has the transform "cutout" of 5 pixels for the input ".*", which is \[null, 4, 4, 1\]/],
    [{ transforms: [{ kind: 'noise' }], inputs: ['oops'] }, vectors, /augmentation names the input "oops"; the model's inputs are/],
  ] as const)('%j is refused before the first step', async (options, model, message) => {
    const source = model === vectors ? { inputs: [[1, 2, 3]], labels: [[1]] } : data;
    await expect(train(options as unknown as Options, { model, source })).rejects.toThrow(message);
  });

  test('wrong options are refused when the plugin is made', () => {
    expect(() => augmentation({})).toThrow(/there is nothing to do/);
    expect(() => augmentation({ transforms: [{ kind: 'zoom', range: [2, 1] }] })).toThrow(/the first is above the second/);
    expect(() => augmentation({ transforms: [{ kind: 'spin' } as never] })).toThrow(/transforms\[0\]\.kind|transforms/);
  });
});
