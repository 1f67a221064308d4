/** The model ends in softmax, and the loss applies softmax again. */
import { Trainer } from 'trainscope';
import { perceptron, trainingDigits, validationDigits } from './digits.js';

const trainer = new Trainer({
  model: () => perceptron('softmax'),
  // The bug: the loss wants logits.
  loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true },
  optimizer: { name: 'sgd', learningRate: 0.1 },
});
console.log((await trainer.fit(trainingDigits(), { epochs: 3, validation: validationDigits() })).metrics);
