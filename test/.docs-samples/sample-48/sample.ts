import { defineExperiment } from 'trainscope/diagnosis';
import { layers, sequential } from '@tensorflow/tfjs-layers';

export default defineExperiment({
  model: () => sequential({ layers: [layers.dense({ units: 3, activation: 'softmax', inputShape: [2] })] }),
  loss: 'categoricalCrossentropy',
  data: { inputs: [[0, 1], [1, 0], [1, 1]], labels: [[1, 0, 0], [0, 1, 0], [0, 0, 1]] },
});

export {};
