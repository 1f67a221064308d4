import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { Trainer } from '../../../src/index.js';
import { tensorsLeftBy } from '../../../src/testing/index.js';
import { earlyStopping } from '../../../plugins/early-stopping.js';
import { useBackend } from '../../support/backends.js';

/** y = w x from w = 0. */
const oneWeight = (): Sequential => sequential({ layers: [layers.dense({ units: 1, inputShape: [1], useBias: false, kernelInitializer: 'zeros' })] });
const weightOf = (model: Sequential): number | undefined => model.getWeights()[0]?.dataSync()[0];
const point = (y: number) => ({ inputs: { values: Float32Array.of(1), shape: [1, 1] }, labels: { values: Float32Array.of(y), shape: [1, 1] } });
const descent = { name: 'sgd', learningRate: 0.1 } as const;

beforeAll(() => useBackend('cpu'));

// One step an epoch on (w - 2)^2 at rate 0.1 makes w = 0.4, 0.72, 0.976, 1.1808, 1.34464; the validation loss
// (w - 1)^2 is 0.36, 0.0784, 0.000576, 0.0327, 0.1188: best in epoch 3.
describe('earlyStopping with a trainer', () => {
  test('stops in epoch 5 and puts back w = 0.976 of epoch 3', async () => {
    const model = oneWeight();
    const trainer = new Trainer({ model, optimizer: descent, loss: 'meanSquaredError', backend: 'keep', plugins: [earlyStopping({ patience: 2, restoreBestWeights: true })] });
    const restored: unknown[] = [];
    trainer.on('early-stopping-restored', ({ data }) => restored.push(data));
    const result = await trainer.fit(point(2), { epochs: 50, validation: point(1) });
    expect(result).toMatchObject({ reason: 'stopped', stoppedBy: 'earlyStopping', steps: 5 });
    expect(result.message).toMatch(/^val_loss 0\.118\d* has not improved on 0\.00057\d* of epoch 3 in 2 checks \(patience 2\)$/);
    expect(weightOf(model)).toBeCloseTo(0.976, 5);
    expect(restored).toMatchObject([{ restored: true, epoch: 3, step: 3, stoppedBy: 'earlyStopping' }]);
    expect(result.findings).toEqual([]);
    await trainer.dispose();
  });

  test('puts them back when the epochs are over before the patience is, and leaves no tensor behind', async () => {
    const model = oneWeight();
    const left = await tensorsLeftBy(async () => {
      const trainer = new Trainer({ model, optimizer: descent, loss: 'meanSquaredError', backend: 'keep', plugins: [earlyStopping({ patience: 9, restoreBestWeights: true })] });
      expect((await trainer.fit(point(2), { epochs: 4, validation: point(1) })).reason).toBe('completed');
      await trainer.dispose();
    });
    expect(weightOf(model)).toBeCloseTo(0.976, 5);
    expect(left).toBe(0);
  });

  test('within epochs, the loss is read for it every 2 steps, though nobody else asks', async () => {
    const trainer = new Trainer({ model: oneWeight(), optimizer: descent, loss: 'meanSquaredError', backend: 'keep', logEvery: 1000, plugins: [earlyStopping({ monitor: 'loss', unit: 'steps', every: 2, stoppingThreshold: 0.5 })] });
    const checks: unknown[] = [];
    trainer.on('early-stopping', ({ step, data }) => checks.push([step, data.value]));
    const values = new Float32Array(20).fill(1);
    const twenty = { inputs: { values, shape: [20, 1] }, labels: { values: values.map(() => 2), shape: [20, 1] } };
    const result = await trainer.fit(twenty, { epochs: 1, batchSize: 1 });
    // (w - 2)^2 before the update of steps 2, 4, 6: 4 * 0.8^2, 4 * 0.8^6, 4 * 0.8^10.
    expect(checks).toEqual([
      [2, expect.closeTo(2.56, 5)],
      [4, expect.closeTo(1.048576, 5)],
      [6, expect.closeTo(0.429497, 5)],
    ]);
    expect(result).toMatchObject({ reason: 'stopped', steps: 6, message: expect.stringMatching(/^loss 0\.4294\d* has reached the stopping threshold 0\.5$/) as string });
    await trainer.dispose();
  });

  test('a metric that is not measured fails the fit before its first step, with the names that are', async () => {
    const trainer = new Trainer({ model: oneWeight(), optimizer: descent, loss: 'meanSquaredError', backend: 'keep', plugins: [earlyStopping({ monitor: 'val_mae' })] });
    await expect(trainer.fit(point(2), { validation: point(1) })).rejects.toMatchObject({ code: 'PLUGIN_REQUIRES', message: expect.stringContaining('watches the metric "val_mae", which is not measured; there are loss, val_loss.') as string });
    await expect(trainer.fit(point(2))).rejects.toMatchObject({ code: 'PLUGIN_REQUIRES' });
    await trainer.dispose();
  });

  test('carried over in getState after epoch 4, it stops in epoch 5 as without the break', async () => {
    const plugins = () => [earlyStopping({ patience: 2 })] as const;
    const first = new Trainer({ model: oneWeight(), optimizer: descent, loss: 'meanSquaredError', backend: 'keep', plugins: plugins() });
    let saved: ReturnType<typeof first.getState> | undefined;
    first.hook('epochEnd', (_, { epoch }) => {
      if (epoch === 4) saved = JSON.parse(JSON.stringify(first.getState())) as typeof saved;
    });
    await first.fit(point(2), { epochs: 50, validation: point(1) });
    await first.dispose();
    const model = oneWeight();
    const four = tf.tensor2d([[1.1808]]);
    model.setWeights([four]);
    four.dispose();
    const second = new Trainer({ model, optimizer: descent, loss: 'meanSquaredError', backend: 'keep', plugins: plugins() });
    if (saved === undefined) throw new Error('nothing was saved');
    second.setState(saved);
    const result = await second.fit(point(2), { epochs: 46, validation: point(1) });
    expect(result).toMatchObject({ reason: 'stopped', steps: 5, message: expect.stringContaining('of epoch 3 in 2 checks') as string });
    await second.dispose();
  });
});
