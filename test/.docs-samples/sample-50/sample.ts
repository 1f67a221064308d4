import { layers, sequential } from '@tensorflow/tfjs-layers';

const model = sequential({
  layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [4] }), layers.dense({ units: 1 })],
});

export {};
