import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, it } from 'vitest';
import { Trainer } from '../../src/index.js';
import { useBackend } from '../support/backends.js';

beforeAll(() => useBackend('cpu'));

it('predict takes plain arrays as inputs: two samples are not taken for inputs and labels', async () => {
  const trainer = new Trainer({ model: sequential({ layers: [layers.dense({ units: 1, inputShape: [1], kernelInitializer: 'ones' })] }), loss: 'meanSquaredError' });
  const [predictions] = await trainer.predict([[3], [4]]);
  expect([...(predictions?.dataSync() ?? [])]).toEqual([3, 4]);
  predictions?.dispose();
});
