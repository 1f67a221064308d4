import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { diagnosis } from 'trainscope/plugins';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 4, activation: 'relu', inputShape: [2] }), layers.dense({ units: 1 })] }),
  loss: 'meanSquaredError',
  optimizer: { name: 'sgd', learningRate: 0.01 },
  plugins: [diagnosis({ autoFix: 'suggest' })],
});
trainer.on('diagnosis', ({ data }) => {
  console.log(data.findings.length === 0 ? 'nothing found' : data.findings[0]?.message);
});
await trainer.fit({ inputs: [[0, 1], [1, 0]], labels: [[1], [-1]] }, { epochs: 6 });
await trainer.dispose();

export {};
