import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { predictionDynamics } from 'trainscope/plugins';

const inputs = Array.from({ length: 64 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]);
const labels = inputs.map(([x = 0, y = 0]) => (x > y ? 1 : 0));
const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 8, activation: 'relu', inputShape: [2] }), layers.dense({ units: 2, activation: 'softmax' })] }),
  loss: 'sparseCategoricalCrossentropy',
  plugins: [predictionDynamics({ samples: 8 })],
});
trainer.on('prediction-dynamics', ({ epoch, data }) => {
  console.log(epoch, data.trend.label, data.change?.meanAbsolute, data.change?.flipped);
});
await trainer.fit({ inputs, labels }, { epochs: 9, validation: { inputs, labels } });
await trainer.dispose();

export {};
