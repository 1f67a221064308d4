import { layers } from '@tensorflow/tfjs-layers';

export const block = [layers.dense({ units: 64, kernelInitializer: 'heNormal' }), layers.leakyReLU({ alpha: 0.1 })];

export {};
