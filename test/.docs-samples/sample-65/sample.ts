import * as tf from '@tensorflow/tfjs-core';

export const meanLength = (x: tf.Tensor): tf.Tensor => tf.tidy(() => tf.mean(tf.norm(x, 'euclidean', -1)));

export {};
