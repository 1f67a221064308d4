import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { Trainer } from '../../../src/index.js';
import { tensorsLeftBy } from '../../../src/testing/index.js';
import { predictionDynamics } from '../../../plugins/prediction-dynamics.js';
import { useBackend } from '../../support/backends.js';

const column = (...values: number[]) => ({ values: Float32Array.from(values), shape: [values.length, 1] });

/**
 * Trains y = w x from w = 0 on the one point (1, 2), a step an epoch: w - 2 is multiplied by 1 - 2 * rate each time.
 * The validation has x = 1 and x = -1, so that the predictions are w and -w.
 */
async function train(rate: number, epochs: number) {
  const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [1], useBias: false, kernelInitializer: 'zeros' })] });
  const trainer = new Trainer({ model, optimizer: { name: 'sgd', learningRate: rate }, loss: 'meanSquaredError', backend: 'keep', plugins: [predictionDynamics({ task: 'regression' })] });
  const looks: { epoch: number | null; prediction: number[]; change: number | null; label: string; cosine: number | null; growth: number | null }[] = [];
  trainer.on('prediction-dynamics', ({ epoch, data: { samples, change, trend } }) =>
    looks.push({ epoch, prediction: samples.map(({ prediction }) => prediction[0] ?? NaN), change: change?.meanAbsolute ?? null, label: trend.label, cosine: trend.cosine, growth: trend.growth }),
  );
  const { findings } = await trainer.fit({ inputs: column(1), labels: column(2) }, { epochs, validation: { inputs: column(1, -1), labels: column(2, -2) } });
  await trainer.dispose();
  model.dispose();
  return { looks, findings };
}

beforeAll(() => useBackend('cpu'));

describe('predictionDynamics with a trainer', () => {
  test('at rate 0.1 the predictions close in: after the update, by 0.8 each time, which is settling', async () => {
    const { looks, findings } = await train(0.1, 7);
    expect(looks.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(looks[0]).toMatchObject({ prediction: [expect.closeTo(0.4, 6), expect.closeTo(-0.4, 6)], change: null });
    expect(looks[1]).toMatchObject({ prediction: [expect.closeTo(0.72, 6), expect.closeTo(-0.72, 6)], change: expect.closeTo(0.32, 6) as number });
    expect(looks[6]).toMatchObject({ label: 'settling', cosine: expect.closeTo(1, 5) as number, growth: expect.closeTo(0.8 ** 5, 4) as number });
    expect(findings).toEqual([]);
  });

  test('at rate 0.001 they drift, at rate 1 they swing between 4 and 0 and are found out in the fourteenth epoch', async () => {
    const slow = await train(0.001, 20);
    expect(slow.looks.at(-1)).toMatchObject({ label: 'drifting' });
    expect(slow.findings).toEqual([]);
    const fast = await train(1, 20);
    expect(fast.looks.at(-1)).toMatchObject({ label: 'oscillating', change: expect.closeTo(4, 5) as number });
    expect(fast.findings.map(({ rule, severity, where }) => ({ rule, severity, where }))).toEqual([{ rule: 'predictions-oscillating', severity: 'warning', where: { steps: { from: 7, to: 14 } } }]);
  });

  test('leaves no tensor behind', async () => {
    expect(await tensorsLeftBy(() => train(0.1, 3))).toBe(0);
  });
});
