import { layers, sequential } from '@tensorflow/tfjs-layers';

const base = layers.dense({ units: 8, inputShape: [4], name: 'base' });
const model = sequential({ layers: [base, layers.dense({ units: 2, name: 'out' })] });
for (const layer of model.layers) layer.trainable = layer.name === 'out';

export {};
