import * as tf from '@tensorflow/tfjs-core';

const training = tf.tensor2d([[60, 1], [75, 3], [48, 2]]);
const { mean, variance } = tf.moments(training, 0);
const scale = (x: tf.Tensor2D): tf.Tensor => tf.div(tf.sub(x, mean), tf.sqrt(variance));

export {};
