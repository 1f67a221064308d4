import * as tf from '@tensorflow/tfjs-core';

const logits = tf.tensor2d([[1, 2, 3], [4, 5, 6]]);
const probabilities = tf.softmax(logits, -1);

export {};
