import { layers, regularizers } from '@tensorflow/tfjs-layers';

const hidden = layers.dense({ units: 32, activation: 'relu', kernelRegularizer: regularizers.l2({ l2: 1e-4 }) });

export {};
