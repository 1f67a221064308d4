/** A reshape where a transpose belongs: after it, each row holds pieces of several samples. */
import * as tf from '@tensorflow/tfjs-core';
import { chooseBackend, Trainer } from 'trainscope';
import { trainingDigits } from './digits.js';

await chooseBackend();
const kernel = tf.variable(tf.randomNormal([28, 16], 0, 0.2), true, 'kernel');
const head = tf.variable(tf.randomNormal([28 * 16, 10], 0, 0.05), true, 'head');

const model = {
  trainableWeights: { kernel, head },
  forward(x: tf.Tensor): tf.Tensor {
    const [batch = 0] = x.shape;
    // Rows first, so that one product serves all: [28, batch, 28].
    const rows = tf.transpose(tf.reshape(x, [batch, 28, 28]), [1, 0, 2]);
    const features = tf.relu(tf.matMul(tf.reshape(rows, [28 * batch, 28]), kernel as tf.Tensor2D));
    // The bug: back to a row a sample by reshape alone, where the two first axes have to change places first.
    return tf.matMul(tf.reshape(features, [batch, 28 * 16]), head);
  },
};

const trainer = new Trainer({ model, loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true }, optimizer: { name: 'adam', learningRate: 0.001 } });
console.log((await trainer.fit(trainingDigits(), { epochs: 3, batchSize: 64 })).metrics);
