/** A loss of one's own with a sign too few: what training makes smaller is the likelihood of the right class. */
import * as tf from '@tensorflow/tfjs-core';
import { Trainer } from 'trainscope';
import { perceptron, trainingDigits } from './digits.js';

const trainer = new Trainer({
  model: () => perceptron('linear'),
  // The bug: the mean log-likelihood, without its minus.
  loss: (labels, logits) => tf.mean(tf.sum(tf.mul(tf.cast(tf.oneHot(tf.cast(labels, 'int32'), 10), 'float32'), tf.logSoftmax(logits)), -1)),
  optimizer: { name: 'adam', learningRate: 0.001 },
});
console.log((await trainer.fit(trainingDigits(), { epochs: 3, batchSize: 64 })).metrics);
