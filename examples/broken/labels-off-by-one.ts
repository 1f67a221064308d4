/** Each image has the label of the next: a header line was dropped from one file and not from the other. */
import { Trainer } from 'trainscope';
import { perceptron, trainingDigits } from './digits.js';

const { inputs, labels } = trainingDigits(4001);
const count = labels.length - 1;
const data = {
  inputs: { values: inputs.values.subarray(0, count * 784), shape: [count, 784] },
  // The bug: one place further on.
  labels: labels.subarray(1),
};

const trainer = new Trainer({ model: () => perceptron(), loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'adam', learningRate: 0.001 } });
const { metrics } = await trainer.fit(data, { epochs: 3, batchSize: 64 });
console.log(metrics);
