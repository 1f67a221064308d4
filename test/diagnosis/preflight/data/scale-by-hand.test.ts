import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { numbers } from '../../../support/numbers.js';
import { useBackend } from '../../../support/backends.js';
import { alarms, infos, sums } from './setups.js';

beforeAll(() => useBackend('wasm'));

/** 6-16-1 written by hand, of inputs with mean 128 and deviation 60, which it scales or takes as they are. */
const experiment = (scale: (x: tf.Tensor) => tf.Tensor) => {
  const { inputs, labels } = sums(300);
  const next = numbers(3);
  const kernel = (rows: number, columns: number): tf.Variable => tf.variable(tf.tensor2d(Array.from({ length: rows * columns }, () => (2 * next() - 1) * Math.sqrt(3 / rows)), [rows, columns]));
  return {
    model: () => {
      const [w, v] = [kernel(6, 16), kernel(16, 1)];
      return { trainableWeights: { w, v }, forward: (x: tf.Tensor) => tf.matMul(tf.relu(tf.matMul(scale(x), w)), v) };
    },
    loss: 'meanSquaredError' as const,
    backend: 'keep' as const,
    data: { inputs: inputs.map((row) => row.map((x) => 128 + 60 * x)), labels },
  };
};

describe('a model written by hand on inputs of 0 to 255', () => {
  test('that scales them itself gives an info and no alarm', async () => {
    const scaled = experiment((x) => tf.div(tf.sub(x, 128), 60));
    expect(await alarms(scaled)).toEqual([]);
    expect(await infos(scaled)).toContain('inputs-not-scaled');
  });

  test('that takes them as they are begins with a loss of thousands of that for zeros: a warning', async () => {
    expect(await alarms(experiment((x) => x))).toEqual(['warning inputs-not-scaled']);
  });
});
