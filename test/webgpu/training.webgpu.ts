import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, test } from 'vitest';
import { gradientNorm, predictionDynamics, weightNorm } from '../../plugins/index.js';
import { chooseBackend } from '../../src/backend/index.js';
import type { DataError } from '../../src/errors.js';
import { memorySink, Trainer } from '../../src/index.js';
import { readTogether } from '../../src/measure/pack.js';
import { difference, fixed, fixedValues } from '../backend/on-backends.js';
import { loadFromSuite } from './packages.js';

const use = async (backend: 'cpu' | 'webgpu'): Promise<void> => {
  if (backend === 'cpu') await tf.setBackend('cpu');
  else await chooseBackend('webgpu', { load: loadFromSuite });
};

afterEach(() => {
  if (Object.hasOwn(tf.engine().registry, 'webgpu')) tf.removeBackend('webgpu');
});

const samples = 48;
const images = fixedValues(samples * 64, 3);
/** Which half of the image is brighter: 0 upper, 1 lower. */
const halves = Float32Array.from({ length: samples }, (_, i) => {
  const sum = (from: number): number => images.subarray(i * 64 + from, i * 64 + from + 32).reduce((all, each) => all + each, 0);
  return sum(0) > sum(32) ? 0 : 1;
});
const data = { inputs: { values: images, shape: [samples, 8, 8, 1] }, labels: { values: halves, shape: [samples] } };

const networks: Readonly<Record<string, () => Sequential>> = {
  'a convolutional network': () => sequential({ layers: [
    layers.conv2d({ inputShape: [8, 8, 1], filters: 4, kernelSize: 3, activation: 'relu' }), layers.maxPooling2d({ poolSize: 2 }), layers.batchNormalization(),
    layers.flatten(), layers.dense({ units: 2, activation: 'softmax' }),
  ] }),
  'a recurrent network with a mask': () => sequential({ layers: [
    layers.reshape({ inputShape: [8, 8, 1], targetShape: [8, 8] }), layers.masking(), layers.gru({ units: 5, recurrentInitializer: 'glorotUniform' }), layers.dense({ units: 2, activation: 'softmax' }),
  ] }),
};

async function train(network: () => Sequential) {
  const before = tf.memory().numTensors;
  const model = network();
  const start = model.getWeights().map(({ shape }, at) => tf.tidy(() => tf.mul(tf.abs(fixed(shape, at + 2)), 0.3)));
  model.setWeights(start);
  tf.dispose(start);
  const sink = memorySink();
  const trainer = new Trainer({
    model, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], optimizer: { name: 'adam', learningRate: 0.01 }, seed: 5, sinks: [sink], backend: 'keep',
    plugins: [gradientNorm({ every: 1, clipped: true }), weightNorm({ every: 2 }), predictionDynamics({ every: 'epoch' })],
  });
  const { history, findings, reason } = await trainer.fit(data, { epochs: 3, batchSize: 16, validation: data });
  const weights = await Promise.all(model.getWeights().map(async (each) => [...(await each.data())]));
  await trainer.dispose();
  model.dispose();
  return { history, findings, reason, weights: weights.flat(), norms: sink.events.filter(({ event }) => event === 'gradient-norm').map(({ data: of }) => (of as { norm: number }).norm), left: tf.memory().numTensors - before };
}

describe('a training on webgpu', () => {
  test.each(Object.entries(networks))('of %s ends with the weights, metrics and gradient norms of cpu', async (_, network) => {
    await use('cpu');
    const cpu = await train(network);
    await use('webgpu');
    const gpu = await train(network);
    expect(tf.getBackend()).toBe('webgpu');
    expect(gpu.reason).toBe('completed');
    expect(gpu.findings).toEqual(cpu.findings);
    expect(gpu.norms.length).toBe(9);
    // Nine steps of Adam divide by the root of small squares: differences of 1e-7 grow some hundredfold.
    expect(difference(gpu.norms, cpu.norms)).toBeLessThan(1e-4);
    expect(difference(gpu.weights, cpu.weights)).toBeLessThan(1e-4);
    const numbers = ({ history }: typeof cpu): number[] => history.flatMap(({ metrics }) => Object.values(metrics));
    expect(numbers(gpu).length).toBe(numbers(cpu).length);
    expect(difference(numbers(gpu), numbers(cpu))).toBeLessThan(1e-4);
    expect(gpu.left).toBe(0);
  });

  test('is refused before its first step when a tensor of the data, which has to be waited for, holds a NaN in row 2', async () => {
    await use('webgpu');
    const inputs = tf.tensor2d([[1, 2], [3, 4], [5, NaN]]);
    const labels = tf.tensor1d([0, 1, 0]);
    const model = sequential({ layers: [layers.dense({ units: 2, activation: 'softmax', inputShape: [2] })] });
    const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', backend: 'keep' });
    const error: unknown = await trainer.fit({ inputs, labels }).then(() => undefined, (thrown: unknown) => thrown);
    expect((error as DataError).code).toBe('DATA_NOT_FINITE');
    expect((error as DataError).message).toMatch(/\b2\b/);
    await trainer.dispose();
    tf.dispose([inputs, labels]);
    model.dispose();
  });

  test('reads many tensors in one await, in their order', async () => {
    await use('webgpu');
    const parts = [tf.tensor1d([1, 2]), tf.scalar(3, 'int32'), tf.tensor2d([[4], [5]])];
    const before = tf.memory().numTensors;
    const reading = readTogether(parts);
    expect(reading).toBeInstanceOf(Promise);
    expect((await reading).map((each) => [...each])).toEqual([[1, 2], [3], [4, 5]]);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(parts);
  });
});
