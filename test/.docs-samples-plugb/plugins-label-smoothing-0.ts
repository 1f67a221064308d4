import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { labelSmoothing } from 'trainscope/plugins';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 2, activation: 'softmax', inputShape: [2] })] }),
  loss: 'categoricalCrossentropy',
  plugins: [labelSmoothing({ factor: 0.1 })],
});
const inputs = Array.from({ length: 64 }, (_, i) => [Math.sin(i), Math.cos(i)]);
const data = { inputs, labels: inputs.map(([x = 0]) => (x > 0 ? [0, 1] : [1, 0])) };
const { history } = await trainer.fit(data, { epochs: 2, validation: data });
console.log(history[1]?.metrics.loss, history[1]?.validation?.loss);
await trainer.dispose();

export {};
