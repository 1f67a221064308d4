import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { earlyStopping, gradientNorm, seed } from 'trainscope/plugins';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }),
  loss: 'meanSquaredError',
  plugins: [seed({ seed: 1 }), gradientNorm({ every: 5 }), earlyStopping({ monitor: 'loss', patience: 5 })],
});
console.log(trainer.describe());
await trainer.fit({ inputs: [[1], [2]], labels: [[2], [4]] }, { epochs: 3 });
await trainer.dispose();

export {};
