/** The output lies between 0 and 1; the targets do not. */
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { houses } from './digits.js';

const { inputs, prices } = houses(800, 5);
const trainer = new Trainer({
  model: () =>
    sequential({
      layers: [
        layers.dense({ units: 32, activation: 'relu', inputShape: [5], kernelInitializer: 'heNormal' }),
        // The bug: copied from a classifier.
        layers.dense({ units: 1, activation: 'sigmoid', name: 'price' }),
      ],
    }),
  loss: 'meanSquaredError',
  optimizer: { name: 'adam', learningRate: 0.01 },
});
console.log((await trainer.fit({ inputs, labels: prices }, { epochs: 20 })).metrics);
