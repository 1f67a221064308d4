import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { repair, type Experiment } from 'trainscope/diagnosis';
import { Trainer } from 'trainscope';
import { numbers } from '../../support/numbers.js';
import { useBackend } from '../../support/backends.js';

const random = numbers(3);
const rows = Array.from({ length: 400 }, () => [random() * 2 - 1, random() * 2 - 1]);
const labels = rows.map(([x = 0, y = 0]) => [x + y * y]);

const experiment = (change: Partial<Experiment> = {}): Experiment => ({
  model: (): Sequential => sequential({ layers: [layers.dense({ units: 16, activation: 'relu', kernelInitializer: 'heNormal', inputShape: [2] }), layers.dense({ units: 1, name: 'out' })] }),
  loss: 'meanSquaredError',
  optimizer: { name: 'adam', learningRate: 0.01 },
  backend: 'keep',
  progress: false,
  data: { inputs: rows.slice(0, 300), labels: labels.slice(0, 300) },
  validation: { inputs: rows.slice(300), labels: labels.slice(300) },
  fit: { epochs: 10, batchSize: 32 },
  ...change,
});

describe('repair', () => {
  test('leaves a sound training as it is, and no tensor behind', async () => {
    await useBackend('wasm');
    const before = tf.memory().numTensors;
    const given = experiment();
    const { experiment: after, repairs } = await repair(given);
    expect(repairs.filter(({ kept, fix }) => kept && fix !== 'prior-bias')).toEqual([]);
    expect(after.data).toBe(given.data);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a rate of 10 is replaced by the suggested one, which is kept as the held-out loss falls', async () => {
    await useBackend('wasm');
    const found = { rule: 'learning-rate-too-high', severity: 'error', where: {}, message: '', evidence: { suggestion: 0.01 }, remedy: '', docs: null } as const;
    const { experiment: after, repairs } = await repair(experiment({ optimizer: { name: 'adam', learningRate: 10 } }), [found]);
    const [rate] = repairs.filter(({ fix }) => fix === 'learning-rate');
    expect(rate).toMatchObject({ rule: 'learning-rate-too-high', before: 10, kept: true });
    expect(rate!.heldOut.after).toBeLessThan(rate!.heldOut.before);
    expect(after.optimizer).toEqual({ name: 'adam', learningRate: 0.01 });
  });

  test('inputs around 500 are brought to mean 0 and standard deviation 1 in training and validation, by the numbers of the training', async () => {
    await useBackend('wasm');
    const far = (part: number[][]): number[][] => part.map(([x = 0, y = 0]) => [500 + 100 * x, 500 + 100 * y]);
    const { experiment: after, repairs } = await repair(experiment({ data: { inputs: far(rows.slice(0, 300)), labels: labels.slice(0, 300) }, validation: { inputs: far(rows.slice(300)), labels: labels.slice(300) } }));
    expect(repairs[0]).toMatchObject({ fix: 'standardise-inputs', rule: 'inputs-not-scaled', kept: true });
    const training = (after.data as { inputs: { values: Float32Array } }).inputs.values;
    const column = training.filter((_, i) => i % 2 === 0);
    const mean = column.reduce((sum, each) => sum + each, 0) / column.length;
    expect(Math.abs(mean)).toBeLessThan(1e-4);
    expect(Math.sqrt(column.reduce((sum, each) => sum + (each - mean) ** 2, 0) / column.length)).toBeCloseTo(1, 4);
    // Row 300 by hand: (x - mean of 300 training rows) / their deviation, whatever the scale in between.
    const xs = rows.slice(0, 300).map(([x = 0]) => x);
    const own = xs.reduce((sum, each) => sum + each, 0) / 300;
    const deviation = Math.sqrt(xs.reduce((sum, each) => sum + (each - own) ** 2, 0) / 300);
    expect((after.validation as { inputs: { values: Float32Array } }).inputs.values[0]).toBeCloseTo((rows[300]![0]! - own) / deviation, 3);
    const { data, validation, ...options } = after;
    const trainer = new Trainer(options);
    expect((await trainer.fit(data, { epochs: 1, validation: validation! })).reason).toBe('completed');
    await trainer.dispose();
  });

  test('with 1 of 20 labels 1 the bias of a sigmoid becomes ln(1 / 19) = -2.94', async () => {
    await useBackend('wasm');
    const rare = rows.map((_, i) => [i % 20 === 0 ? 1 : 0]);
    const { experiment: after, repairs } = await repair(
      experiment({
        model: () => sequential({ layers: [layers.dense({ units: 8, activation: 'relu', inputShape: [2] }), layers.dense({ units: 1, activation: 'sigmoid', name: 'rare' })] }),
        loss: 'binaryCrossentropy',
        optimizer: { name: 'sgd', learningRate: 0.001 },
        data: { inputs: rows, labels: rare },
        validation: undefined,
      }),
    );
    const [bias] = repairs.filter(({ fix }) => fix === 'prior-bias');
    expect(bias?.kept).toBe(true);
    const model = (await (after.model as () => Promise<Sequential>)());
    expect(model.getLayer('rare').getWeights()[1]!.dataSync()[0]).toBeCloseTo(Math.log(1 / 19), 3);
    model.dispose();
  });

  test('a fix that does not help is tried and not kept', async () => {
    await useBackend('wasm');
    const given = experiment();
    const found = { rule: 'learning-rate-too-high', severity: 'warning', where: {}, message: '', evidence: { suggestion: 1e-7 }, remedy: '', docs: null } as const;
    const { experiment: after, repairs } = await repair(given, [found]);
    expect(repairs.map(({ fix, kept }) => [fix, kept])).toEqual([['learning-rate', false]]);
    expect(after.optimizer).toEqual({ name: 'adam', learningRate: 0.01 });
  });
});
