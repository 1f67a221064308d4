import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, it } from 'vitest';
import type { Samples } from '../../src/data/index.js';
import { Trainer } from '../../src/index.js';
import { useBackend } from '../support/backends.js';

beforeAll(() => useBackend('cpu'));

it('predict takes plain arrays as inputs: two samples are not taken for inputs and labels', async () => {
  const trainer = new Trainer({ model: sequential({ layers: [layers.dense({ units: 1, inputShape: [1], kernelInitializer: 'ones' })] }), loss: 'meanSquaredError' });
  const [predictions] = await trainer.predict([[3], [4]]);
  expect([...(predictions?.dataSync() ?? [])]).toEqual([3, 4]);
  predictions?.dispose();
});

it('predictions of different lengths are refused with both shapes, and leave no tensor', async () => {
  const trainer = new Trainer({ model: sequential({ layers: [layers.simpleRNN({ units: 2, inputShape: [null, 1], returnSequences: true })] }), loss: 'meanSquaredError' });
  const batch = (length: number): Samples => ({ inputs: [Array.from({ length }, () => [1])] });
  const before = tf.memory().numTensors;
  await expect(trainer.predict([batch(3), batch(5)])).rejects.toMatchObject({ code: 'DATA_SHAPE', message: expect.stringMatching(/\[1, 5, 2\] in one batch and \[1, 3, 2\] in another/) as string });
  expect(tf.memory().numTensors).toBe(before);
});
