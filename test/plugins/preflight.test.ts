import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { memorySink, Trainer } from 'trainscope';
import { preflight, seed } from 'trainscope/plugins';
import { clouds, smallClassifier } from '../support/small-run.js';
import { testBackends, useBackend } from '../support/backends.js';

/** Bytes of the weights after two epochs, and the losses of the steps. */
async function trained(plugins: readonly ReturnType<typeof preflight>[]): Promise<{ weights: string; losses: readonly unknown[]; tensors: number }> {
  const before = tf.memory().numTensors;
  let model: ReturnType<typeof smallClassifier> | undefined;
  const log = memorySink();
  const trainer = new Trainer({ model: () => (model = smallClassifier()), loss: 'sparseCategoricalCrossentropy', backend: 'keep', progress: false, logEvery: 1, plugins: [seed({ seed: 5 }), ...plugins], sinks: [log] });
  await trainer.fit(clouds(96), { epochs: 2 });
  await trainer.dispose();
  const weights = (model?.getWeights() ?? []).map((each) => [...each.dataSync()].join()).join(';');
  model?.dispose();
  return { weights, losses: log.events.filter(({ event }) => event === 'step').map(({ data }) => (data as { loss: number }).loss), tensors: tf.memory().numTensors - before };
}

describe.each(testBackends)('the plugin preflight on %s', (backend) => {
  test('changes nothing of a training: weights and losses are those of one without it, to the bit, and no tensor stays', async () => {
    await useBackend(backend);
    const without = await trained([]);
    expect(await trained([preflight({ stopOn: 'never' })])).toEqual(without);
    expect(without.tensors).toBe(0);
  });

  test('a training that cannot succeed ends before its first step, with the finding, and a second fit is not looked at', async () => {
    await useBackend(backend);
    const xs = Array.from({ length: 60 }, (_, i) => [i / 30 - 1]);
    const model = sequential({ layers: [layers.dense({ units: 4, activation: 'relu', inputShape: [1] }), layers.dense({ units: 1, activation: 'sigmoid' })] });
    const trainer = new Trainer({ model, loss: 'meanSquaredError', backend: 'keep', progress: false, plugins: [preflight({ only: ['loss-fit'] })] });
    const data = { inputs: xs, labels: xs.map(([x = 0]) => [10 * x]) };
    const { reason, stoppedBy, steps, findings } = await trainer.fit(data);
    expect([reason, stoppedBy, steps, findings.map(({ rule }) => rule)]).toEqual(['stopped', 'preflight', 0, ['output-range']]);
    expect((await trainer.fit(data)).steps).toBe(2);
    await trainer.dispose();
    model.dispose();
  });

  test('a generator of batches loses none to it', async () => {
    await useBackend(backend);
    function* batches(): Generator<{ inputs: number[][]; labels: number[] }> {
      for (let i = 0; i < 4; i += 1) yield { inputs: [[i, 0, 1, 2], [0, i, 2, 1]], labels: [0, 1] };
    }
    const model = smallClassifier();
    const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', backend: 'keep', progress: false, plugins: [preflight({ stopOn: 'never' })] });
    expect((await trainer.fit(batches())).steps).toBe(4);
    await trainer.dispose();
    model.dispose();
  });
});
