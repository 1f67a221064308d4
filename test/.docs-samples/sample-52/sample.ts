import * as tf from '@tensorflow/tfjs-core';

export const length = (x: tf.Tensor): tf.Tensor => tf.sqrt(tf.add(tf.sum(tf.square(x), -1), 1e-12));

export {};
