import { layers, sequential } from '@tensorflow/tfjs-layers';
import type { Ladder } from 'trainscope/diagnosis';

const ladder: Ladder = {
  sizes: [4, 16, 64],
  model: (units) => sequential({ layers: [layers.dense({ units, activation: 'relu', inputShape: [8] }), layers.dense({ units: 1 })] }),
};
console.log(ladder.sizes);

export {};
