import { layers, sequential } from '@tensorflow/tfjs-layers';
import { formatSummary, Trainer } from 'trainscope';
import { earlyStopping, gradientNorm, seed } from 'trainscope/plugins';

const inputs = Array.from({ length: 320 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]);
const labels = inputs.map(([x = 0, y = 0]) => (x > y ? 1 : 0));

const trainer = new Trainer({
  model: () =>
    sequential({
      layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [2] }), layers.dense({ units: 2, activation: 'softmax' })],
    }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
  optimizer: { name: 'adam', learningRate: 0.01 },
  plugins: [seed({ seed: 1 }), gradientNorm({ every: 5 }), earlyStopping({ monitor: 'val_loss', patience: 3 })],
});
trainer.on('gradient-norm', ({ step, data }) => console.log(step, data.norm));

const part = (from: number, to: number) => ({ inputs: inputs.slice(from, to), labels: labels.slice(from, to) });
const result = await trainer.fit(part(0, 256), { epochs: 10, validation: part(256, 320) });
console.log(formatSummary(result));
await trainer.dispose();

export {};
