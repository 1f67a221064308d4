import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { earlyStopping } from 'trainscope/plugins';

const data = { inputs: [[1], [2], [3], [4]], labels: [[2], [4], [6], [8]] };
const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }),
  loss: 'meanSquaredError',
  optimizer: { name: 'sgd', learningRate: 0.05 },
  plugins: [earlyStopping({ monitor: 'val_loss', patience: 5, minDelta: 0.001, restoreBestWeights: true })],
});
const { reason, stoppedBy, message } = await trainer.fit(data, { epochs: 500, validation: data });
console.log(reason, stoppedBy, message);
await trainer.dispose();

export {};
