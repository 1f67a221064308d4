import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [2] })] }),
  loss: 'meanSquaredError',
});

// In memory: flat numbers with their shape.
const values = Float32Array.from({ length: 200 }, (_, i) => Math.sin(i));
await trainer.fit({ inputs: { values, shape: [100, 2] }, labels: { values: new Float32Array(100), shape: [100, 1] } }, { batchSize: 10 });

// Batches as they come: a generator function is called anew for each epoch.
async function* batches() {
  for (let i = 0; i < 5; i += 1) yield { inputs: [[i, 1], [i, 2]], labels: [[0], [1]] };
}
await trainer.fit(() => batches(), { epochs: 2 });
await trainer.dispose();

export {};
