import * as tf from '@tensorflow/tfjs-core';

const loss = (labels: tf.Tensor, logits: tf.Tensor): tf.Tensor => tf.losses.softmaxCrossEntropy(labels, logits);

export {};
