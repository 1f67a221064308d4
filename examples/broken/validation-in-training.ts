/** The split takes the validation rows from rows that are trained on. */
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { defineExperiment } from 'trainscope/diagnosis';
import { houses } from './digits.js';

const { inputs, prices } = houses(1000, 7);
// The bug: the training keeps the last 200 rows.
const [training, validation] = [{ inputs, labels: prices }, { inputs: inputs.slice(-200), labels: prices.slice(-200) }];

export default defineExperiment({
  model: () => sequential({ layers: [layers.dense({ units: 32, activation: 'relu', inputShape: [5], kernelInitializer: 'heNormal' }), layers.dense({ units: 1 })] }),
  loss: 'meanSquaredError',
  optimizer: { name: 'adam', learningRate: 0.01 },
  data: training,
  validation,
  fit: { epochs: 20, batchSize: 32 },
});
