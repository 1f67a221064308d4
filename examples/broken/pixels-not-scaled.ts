/** Grey values go from 0 to 255, and nobody divides them. */
import { defineExperiment } from 'trainscope/diagnosis';
import { perceptron, trainingDigits, validationDigits } from './digits.js';

const raw = ({ inputs, labels }: ReturnType<typeof trainingDigits>): ReturnType<typeof trainingDigits> => ({
  // The bug: as the file has them.
  inputs: { values: inputs.values.map((grey) => Math.round(grey * 255)), shape: inputs.shape },
  labels,
});

export default defineExperiment({
  model: () => perceptron(),
  loss: 'sparseCategoricalCrossentropy',
  optimizer: { name: 'sgd', learningRate: 0.01 },
  data: raw(trainingDigits()),
  validation: raw(validationDigits()),
  fit: { epochs: 5, batchSize: 32 },
});
