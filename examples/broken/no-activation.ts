/** Three dense layers and nothing between them: together they are one. */
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { defineExperiment } from 'trainscope/diagnosis';
import { houses } from './digits.js';

const { inputs, prices } = houses(1000, 11);

export default defineExperiment({
  // The bug: `activation` is missing in the hidden layers.
  model: () => sequential({ layers: [layers.dense({ units: 64, inputShape: [5] }), layers.dense({ units: 64 }), layers.dense({ units: 1 })] }),
  loss: 'meanSquaredError',
  optimizer: { name: 'adam', learningRate: 0.003 },
  data: { inputs: inputs.slice(0, 800), labels: prices.slice(0, 800) },
  validation: { inputs: inputs.slice(800), labels: prices.slice(800) },
  fit: { epochs: 30, batchSize: 32 },
});
