import { layers } from '@tensorflow/tfjs-layers';

const hidden = layers.dense({ units: 64, activation: 'relu', kernelInitializer: 'heNormal' });

export {};
