/** A learning rate for SGD, given to Adam. */
import { defineExperiment } from 'trainscope/diagnosis';
import { perceptron, trainingDigits, validationDigits } from './digits.js';

export default defineExperiment({
  model: () => perceptron(),
  loss: 'sparseCategoricalCrossentropy',
  // The bug: a hundred times what Adam bears here.
  optimizer: { name: 'adam', learningRate: 0.5 },
  metrics: ['accuracy'],
  data: trainingDigits(),
  validation: validationDigits(),
  fit: { epochs: 3, batchSize: 64 },
});
