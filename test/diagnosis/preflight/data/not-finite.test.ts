import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { kolmogorovSmirnov } from '../../../../src/diagnosis/preflight/data/kolmogorov-smirnov.js';
import { useBackend } from '../../../support/backends.js';
import { alarms, cut, look, regressor, sums } from './setups.js';

beforeAll(() => useBackend('wasm'));

const numbers = sums(400);
const broken = (rows: number[][], value: number) => rows.map((row, i) => (i === 5 ? [...row.slice(0, 5), value] : row));

describe('numbers that are not finite, with checkFinite off', () => {
  test('distributions 1, 2, NaN and 1, 2, infinity are the same one', () => {
    expect(kolmogorovSmirnov(Float64Array.of(1, 2, NaN), Float64Array.of(1, 2, Infinity))).toEqual({ distance: 0, p: 1 });
    expect(kolmogorovSmirnov(Float64Array.of(NaN), Float64Array.of(1))).toEqual({ distance: 0, p: 1 });
  });

  test('one NaN among labels takes nothing from what the others say', async () => {
    const labels = numbers.labels.map((label, i) => (i === 5 ? [NaN] : label));
    expect(await alarms({ ...regressor(cut({ inputs: numbers.inputs, labels }, 0, 300), cut(numbers, 300)), fit: { checkFinite: false } })).toEqual([]);
  });

  test('one NaN or infinity in either part is an error and the only alarm; finite ones raise none', async () => {
    for (const value of [NaN, -Infinity]) {
      for (const part of ['training', 'validation']) {
        const [own, held] = [cut(numbers, 0, 300), cut(numbers, 300)];
        if (part === 'training') own.inputs = broken(own.inputs, value);
        else held.inputs = broken(held.inputs, value);
        const found = await look({ ...regressor(own, held), fit: { checkFinite: false } });
        expect(found.filter(({ severity }) => severity !== 'info')).toMatchObject([{ rule: 'inputs-not-finite', evidence: { in: part } }]);
      }
    }
    expect(await alarms({ ...regressor(cut(numbers, 0, 300), cut(numbers, 300)), fit: { checkFinite: false } })).toEqual([]);
  });
});

describe('a model written by hand that takes whole numbers from 0 on', () => {
  test('ids up to 900 are an info at most, numbers of that size with fractions a warning', async () => {
    const w = tf.variable(tf.randomNormal([6, 1]));
    const model = { forward: (x: tf.Tensor) => tf.matMul(x, w), trainableWeights: { w } };
    const of = (to: (x: number) => number) => ({ model, loss: 'meanSquaredError', backend: 'keep' as const, data: { inputs: numbers.inputs.map((row) => row.map(to)), labels: numbers.labels } });
    expect(await alarms(of((x) => Math.min(900, Math.max(0, Math.round(450 + 150 * x)))))).toEqual([]);
    expect(await alarms(of((x) => 450 + 150 * x))).toEqual(['warning inputs-not-scaled']);
  });
});
