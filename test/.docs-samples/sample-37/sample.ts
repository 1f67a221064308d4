import { layers } from '@tensorflow/tfjs-layers';

const backwards = layers.lstm({ units: 32, returnSequences: true }); // Not layers.bidirectional(...).

export {};
