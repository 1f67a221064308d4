/** A smooth ReLU with a gradient of its own, which forgets the chain rule's factor. */
import * as tf from '@tensorflow/tfjs-core';
import { chooseBackend, Trainer } from 'trainscope';
import { trainingDigits } from './digits.js';

/** x * sigmoid(x) */
const swish = tf.customGrad((x, save) => {
  (save as (tensors: tf.Tensor[]) => void)([x as tf.Tensor]);
  const given = x as tf.Tensor;
  return {
    value: tf.mul(given, tf.sigmoid(given)),
    // The bug: the derivative of the sigmoid alone, and of the wrong sign.
    gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => {
      const s = tf.sigmoid(saved ?? dy);
      return tf.mul(dy, tf.neg(tf.mul(s, tf.sub(1, s))));
    },
  };
});

await chooseBackend();
const first = tf.variable(tf.randomNormal([784, 64], 0, 0.05), true, 'first');
const second = tf.variable(tf.randomNormal([64, 10], 0, 0.15), true, 'second');
const model = {
  trainableWeights: { first, second },
  forward: (x: tf.Tensor): tf.Tensor => tf.matMul(swish(tf.matMul(x as tf.Tensor2D, first as tf.Tensor2D)), second),
};

const trainer = new Trainer({ model, loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true }, optimizer: { name: 'adam', learningRate: 0.001 } });
console.log((await trainer.fit(trainingDigits(), { epochs: 3, batchSize: 64 })).metrics);
