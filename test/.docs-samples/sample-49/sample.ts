import * as tf from '@tensorflow/tfjs-core';
import type { LossSpec } from 'trainscope';

export const loss: LossSpec = (labels: tf.Tensor, predictions: tf.Tensor) => tf.mean(tf.squaredDifference(labels, predictions));

export {};
