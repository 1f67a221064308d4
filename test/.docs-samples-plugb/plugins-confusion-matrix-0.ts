import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { confusionMatrix } from 'trainscope/plugins';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 3, activation: 'softmax', inputShape: [2] })] }),
  loss: 'sparseCategoricalCrossentropy',
  plugins: [confusionMatrix({ classes: ['cat', 'dog', 'fox'] })],
});
trainer.on('confusion-matrix', ({ epoch, data }) => console.log(epoch, data.matrix, data.classes['fox']?.recall, data.neverPredicted));
const inputs = Array.from({ length: 60 }, (_, i) => [Math.sin(i), Math.cos(i)]);
const data = { inputs, labels: inputs.map((_, i) => i % 3) };
await trainer.fit(data, { epochs: 2, validation: data });
await trainer.dispose();

export {};
