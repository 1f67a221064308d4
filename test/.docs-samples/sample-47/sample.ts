import * as tf from '@tensorflow/tfjs-core';

const loss = (labels: tf.Tensor, predictions: tf.Tensor): tf.Tensor =>
  tf.mean(tf.square(tf.sub(tf.reshape(labels, predictions.shape), predictions)));

export {};
