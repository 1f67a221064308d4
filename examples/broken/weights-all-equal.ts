/** The hidden weights begin as zeros: all units compute the same, and go on doing so. */
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { defineExperiment } from 'trainscope/diagnosis';
import { trainingDigits } from './digits.js';

export default defineExperiment({
  model: () =>
    sequential({
      layers: [
        // The bug: nothing tells the units apart.
        layers.dense({ units: 64, activation: 'tanh', kernelInitializer: 'zeros', inputShape: [784], name: 'hidden' }),
        layers.dense({ units: 10, activation: 'softmax', name: 'digit' }),
      ],
    }),
  loss: 'sparseCategoricalCrossentropy',
  optimizer: { name: 'sgd', learningRate: 0.1 },
  data: trainingDigits(),
  fit: { epochs: 3, batchSize: 64 },
});
