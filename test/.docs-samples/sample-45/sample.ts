import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 3, inputShape: [4] })] }),
  loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true },
});

export {};
