import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { weightNorm } from 'trainscope/plugins';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 4, inputShape: [2] }), layers.dense({ units: 1 })] }),
  loss: 'meanSquaredError',
  optimizer: { name: 'sgd', learningRate: 0.01 },
  plugins: [weightNorm({ every: 2 })],
});
trainer.on('weight-norm', ({ step, data }) => {
  console.log(`step ${step}: norm ${data.norm}, update ratio ${data.updateRatio}`);
});
await trainer.fit({ inputs: [[0, 1], [1, 0]], labels: [[1], [-1]] }, { epochs: 6 });
await trainer.dispose();

export {};
