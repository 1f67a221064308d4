import { layers, sequential } from '@tensorflow/tfjs-layers';

const model = sequential({
  layers: [
    layers.dense({ units: 32, activation: 'relu', inputShape: [8] }),
    layers.dropout({ rate: 0.3 }),
    layers.dense({ units: 3, activation: 'softmax' }),
  ],
});

export {};
