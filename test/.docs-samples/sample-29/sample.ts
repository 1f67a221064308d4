import * as tf from '@tensorflow/tfjs-core';

const x = tf.ones([8, 5, 3]); // [batch, steps, features]
const swapped = tf.transpose(x, [0, 2, 1]); // Not tf.reshape(x, [8, 3, 5]).

export {};
