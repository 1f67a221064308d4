import * as tfData from '@tensorflow/tfjs-data';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, it } from 'vitest';
import { Trainer } from '../../src/index.js';
import type { DataSource } from '../../src/data/index.js';
import { useBackend } from '../support/backends.js';

beforeAll(() => useBackend('cpu'));

/** y = 3 against a model that gives x = 1 and does not learn: a squared error of (3 - 1)^2 = 4. */
const validated = async (training: DataSource, validation: DataSource, options: object = {}): Promise<number | undefined> => {
  const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [1], kernelInitializer: 'ones', trainable: false }), layers.dense({ units: 1, kernelInitializer: 'zeros', useBias: false })] });
  model.layers[1]?.setWeights([model.layers[0]?.getWeights()[0] as never]);
  const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: { name: 'sgd', learningRate: 1e-12 }, backend: 'keep', progress: false });
  const { metrics } = await trainer.fit(training, { epochs: 1, batchSize: 2, validation, ...options });
  return metrics['val_loss'];
};

const inMemory = { inputs: [[1], [1], [1], [1]], labels: [[1], [1], [1], [1]] };
const singles = (count: number): tfData.Dataset<never> => tfData.array(Array.from({ length: count }, () => ({ xs: [1], ys: [3] }))) as unknown as tfData.Dataset<never>;

it('batchSize for samples in memory leaves a batched Dataset of validation data as it is', async () => {
  expect(await validated(inMemory, singles(6).batch(3) as never)).toBeCloseTo(4, 5);
});

it('validationBatchSize batches a Dataset of single samples', async () => {
  expect(await validated(inMemory, singles(6) as never, { validationBatchSize: 3 })).toBeCloseTo(4, 5);
});

it('batchSize goes for both where both are Datasets of single samples, and for samples in memory', async () => {
  expect(await validated(singles(4) as never, singles(6) as never)).toBeCloseTo(4, 5);
  expect(await validated(inMemory, { inputs: [[1], [1], [1]], labels: [[3], [3], [3]] })).toBeCloseTo(4, 5);
});
