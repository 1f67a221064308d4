/** Trains for 6 steps on webgpu, then does nothing more: the process has to end by itself, and with code 0. */
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { chooseBackend } from '../../src/backend/index.js';
import { Trainer } from '../../src/trainer/trainer.js';
import { loadFromSuite } from './packages.js';

const mode = process.argv[2];
await chooseBackend('webgpu', { load: loadFromSuite });
const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [2] })] });
const trainer = new Trainer({ model, loss: 'meanSquaredError', backend: 'keep' });
if (mode === 'fail') {
  const { device } = tf.backend() as unknown as { device: { destroy: () => void } };
  trainer.hook('stepEnd', () => device.destroy(), { once: 2 });
}
const data = { inputs: { values: new Float32Array(24), shape: [12, 2] }, labels: { values: new Float32Array(12), shape: [12, 1] } };
try {
  const { reason, steps } = await trainer.fit(data, { epochs: 3, batchSize: 6 });
  console.log(`${reason} ${steps}`);
} catch (error) {
  console.log((error as { code?: string }).code ?? error);
}
if (mode === 'remove') tf.removeBackend('webgpu');
