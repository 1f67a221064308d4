import * as tf from '@tensorflow/tfjs-core';
import { callbacks as tfCallbacks, layers, sequential, CustomCallback, type LayersModel, type Sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { memorySink } from 'trainscope';
import { trainscopeCallbacks } from 'trainscope/layers';
import { tensorsLeftBy } from 'trainscope/testing';
import { useBackend, testBackends } from '../support/backends.js';

const model = (): Sequential => {
  const made = sequential({
    layers: [
      layers.dense({ units: 3, activation: 'tanh', inputShape: [2], kernelInitializer: tf.initializers ?? 'glorotUniform' } as never),
      layers.dense({ units: 1 }),
    ],
  });
  made.compile({ loss: 'meanSquaredError', optimizer: 'sgd', metrics: ['mae'] });
  return made;
};
test('x', async () => {
  await useBackend('cpu');
  const m = sequential({ layers: [layers.dense({ units: 3, activation: 'tanh', inputShape: [2] }), layers.dense({ units: 1 })] });
  m.compile({ loss: 'meanSquaredError', optimizer: 'adam', metrics: ['mae'] });
  const x = tf.randomNormal([20, 2]);
  const y = tf.randomNormal([20, 1]);
  const sink = memorySink();
  const t = trainscopeCallbacks({ sinks: [sink] });
  const left = await tensorsLeftBy(async () => {
    const h = await m.fit(x, y, { epochs: 2, batchSize: 8, validationData: [x, y], callbacks: t });
    console.log(h.history);
  });
  console.log(left);
  for (const e of sink.events) console.log(e.seq, e.event, e.epoch, e.step, JSON.stringify(e.data).slice(0, 200));
  console.log(t.findings);
  await expect(m.fit(x, y, { epochs: 2, batchSize: 8, callbacks: t.with({ onBatchEnd: () => { throw new Error('mine'); } }) })).rejects.toThrow('mine');
  await t.settled();
  console.log(sink.events.at(-1));
  console.log(Object.getOwnPropertyNames(m.layers[0]).includes('call'), Object.getOwnPropertyNames(m.optimizer).includes('applyGradients'));
});
