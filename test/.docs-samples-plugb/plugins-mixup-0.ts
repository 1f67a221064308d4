import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { mixup, seed } from 'trainscope/plugins';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 2, activation: 'softmax', inputShape: [2] })] }),
  loss: 'categoricalCrossentropy',
  plugins: [seed({ seed: 1 }), mixup({ alpha: 0.4 })],
});
trainer.on('mixup', ({ epoch, data }) => console.log(epoch, data.mixed, data.share));
const inputs = Array.from({ length: 64 }, (_, i) => [Math.sin(i), Math.cos(i)]);
await trainer.fit({ inputs, labels: inputs.map(([x = 0]) => (x > 0 ? [0, 1] : [1, 0])) }, { epochs: 2 });
await trainer.dispose();

export {};
