import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { layers, loadLayersModel, sequential, type LayersModel } from '@tensorflow/tfjs-layers';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CheckpointFolder, checkpointHandler, type NamedArray } from '../../src/checkpoint/index.js';
import { contentOf, factsOf, useFolder } from './samples.js';

const folder = useFolder();
let model: LayersModel;
beforeAll(async () => {
  await tf.setBackend('cpu');
  // Normalisation has weights that are not trained.
  model = sequential({ layers: [layers.dense({ units: 3, inputShape: [2], activation: 'relu', name: 'hidden' }), layers.batchNormalization({ name: 'norm' }), layers.dense({ units: 1, name: 'out' })] });
});
afterAll(() => {
  model.dispose();
});

const arraysOf = ({ weights }: LayersModel): readonly NamedArray[] =>
  weights.map((weight) => ({ name: weight.originalName, dtype: 'float32', shape: weight.shape as number[], values: Float32Array.from(weight.read().dataSync<'float32'>()) }));

const written = async (topology: unknown): Promise<string> => {
  const checkpoints = new CheckpointFolder(folder.path);
  await checkpoints.open();
  await checkpoints.write('step-1', factsOf(1), { ...contentOf(1), weights: arraysOf(model), topology });
  return join(folder.path, 'step-1');
};

const predictions = (each: LayersModel): readonly number[] =>
  tf.tidy(() =>
    Array.from(
      (
        each.predict(
          tf.tensor2d([
            [1, -2],
            [0.5, 3],
          ]),
        ) as tf.Tensor
      ).dataSync(),
    ),
  );

/** Reads files by TensorFlow.js's own reader of saved models, as `file://` of tfjs-node does. */
const ownReader = (path: string): tf.io.IOHandler =>
  tf.io.http('http://localhost/model.json', {
    fetchFunc: async (request) => new Response(new Uint8Array(readFileSync(join(path, new URL(new Request(request).url).pathname.slice(1))))),
  });

describe('a checkpoint of a LayersModel', () => {
  test.each([
    ['checkpointHandler', checkpointHandler],
    ["TensorFlow.js's own reader", ownReader],
  ])('is loaded by %s, and predicts the same', async (_, handler) => {
    const path = await written(model.toJSON(null, false));
    const loaded = await loadLayersModel(handler(path));
    try {
      expect(loaded.weights.map(({ originalName }) => originalName)).toEqual(['hidden/kernel', 'hidden/bias', 'norm/gamma', 'norm/beta', 'out/kernel', 'out/bias', 'norm/moving_mean', 'norm/moving_variance']);
      expect(predictions(loaded)).toEqual(predictions(model));
    } finally {
      loaded.dispose();
    }
  });

  test('is refused when a byte of its weights is not as it was', async () => {
    const path = await written(model.toJSON(null, false));
    const bytes = readFileSync(join(path, 'weights.bin'));
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    writeFileSync(join(path, 'weights.bin'), bytes);
    await expect(loadLayersModel(checkpointHandler(path))).rejects.toMatchObject({ code: 'CHECKPOINT_TORN' });
  });
});

test('a checkpoint of a model written by hand says that there is no model in it', async () => {
  const path = await written(null);
  await expect(loadLayersModel(checkpointHandler(path))).rejects.toThrow('model.json of the checkpoint "step-1" has no topology: the model was written by hand');
});

test('a path that is none is told', async () => {
  await expect(loadLayersModel(checkpointHandler(join(folder.path, 'nowhere')))).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
});
