import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { preflight, type Experiment } from 'trainscope/diagnosis';
import { definePlugin } from 'trainscope/plugin';
import { Lab, labDefaults } from '../../../src/diagnosis/preflight/lab.js';
import { transformedSample } from '../../../src/diagnosis/preflight/transformed.js';
import { useBackend } from '../../support/backends.js';

const doubling = definePlugin({
  name: 'doubling',
  summary: 'Doubles the inputs.',
  role: 'steer',
  hooks: () => ({ batch: (batch) => ({ ...batch, inputs: batch.inputs.map((each) => tf.mul(each, 2)) }) }),
});
const experiment = (change: Partial<Experiment> = {}): Experiment => ({
  model: () => sequential({ layers: [layers.dense({ units: 4, activation: 'tanh', inputShape: [2] }), layers.dense({ units: 1 })] }),
  loss: 'meanSquaredError',
  optimizer: { name: 'adam', learningRate: 0.01 },
  backend: 'keep',
  data: { inputs: Array.from({ length: 64 }, (_, i) => [i / 64, 1]), labels: Array.from({ length: 64 }, (_, i) => [i / 32]) },
  ...change,
});

describe('what the model sees', () => {
  test('is a batch after the plugins: inputs of 0 to 63/64 and 1, doubled, are 0 to 126/64 and 2; weights and tensors stay', async () => {
    await useBackend('wasm');
    const before = tf.memory().numTensors;
    const lab = await Lab.open(experiment({ plugins: [doubling()] }), labDefaults);
    const weights = lab.model.weights().map(({ variable }) => [...variable.dataSync()]);
    const sample = await transformedSample(lab);
    expect(sample?.count).toBe(32);
    const values = [...(sample?.inputs[0]?.values ?? [])];
    expect(values.filter((_, i) => i % 2 === 1)).toEqual(Array<number>(32).fill(2));
    // Labels are twice the inputs before, so equal to the first feature after the doubling.
    expect([...(sample?.labels[0]?.values ?? [])]).toEqual(values.filter((_, i) => i % 2 === 0));
    expect(lab.model.weights().map(({ variable }) => [...variable.dataSync()])).toEqual(weights);
    lab.close();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('without a plugin that changes batches there is nothing to ask for', async () => {
    await useBackend('wasm');
    const lab = await Lab.open(experiment(), labDefaults);
    expect(await transformedSample(lab)).toBeUndefined();
    lab.close();
  });

  test('is a page that loads nothing, with the chart of the range test, and escapes what stands in names', async () => {
    await useBackend('wasm');
    const { contactSheet } = await preflight(experiment({ featureNames: ['<script>alert(1)</script>', 'b'] }), { contactSheet: true, only: ['learning-rate-range'] });
    expect(contactSheet).toContain('Loss while the learning rate rises');
    expect(contactSheet).not.toContain('<script');
    expect([...(contactSheet ?? '').matchAll(/(?:src|href)="([^"]*)"/g)].filter(({ 1: link = '' }) => !link.startsWith('data:') && !link.startsWith('#'))).toEqual([]);
  });
});
