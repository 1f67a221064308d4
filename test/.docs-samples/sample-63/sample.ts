import { layers } from '@tensorflow/tfjs-layers';

const yesOrNo = layers.dense({ units: 1, activation: 'sigmoid' });

export {};
