import { layers } from '@tensorflow/tfjs-layers';

const norm = layers.batchNormalization({ axis: -1 });

export {};
