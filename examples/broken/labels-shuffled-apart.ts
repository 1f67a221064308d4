/** Inputs and labels are shuffled, each by itself: every image has some other image's label. */
import { Trainer } from 'trainscope';
import { perceptron, trainingDigits, validationDigits } from './digits.js';

const { inputs, labels } = trainingDigits();

/** Fisher-Yates. */
function shuffled(values: Int32Array): Int32Array {
  const result = values.slice();
  for (let end = result.length - 1; end > 0; end -= 1) {
    const at = Math.floor(Math.random() * (end + 1));
    [result[end], result[at]] = [result[at] ?? 0, result[end] ?? 0];
  }
  return result;
}

const pixels = 784;
const order = shuffled(Int32Array.from(labels.keys()));
const images = new Float32Array(inputs.values.length);
order.forEach((from, to) => images.set(inputs.values.subarray(from * pixels, (from + 1) * pixels), to * pixels));

const trainer = new Trainer({ model: () => perceptron(), loss: 'sparseCategoricalCrossentropy', optimizer: { name: 'adam', learningRate: 0.001 }, metrics: ['accuracy'] });
// The bug: the labels get an order of their own.
const { metrics } = await trainer.fit({ inputs: { values: images, shape: inputs.shape }, labels: shuffled(labels) }, { epochs: 3, validation: validationDigits() });
console.log(metrics);
