import * as tf from '@tensorflow/tfjs-core';

const towns = tf.tensor1d([0, 3, 1], 'int32');
const rows = tf.oneHot(towns, 4); // [3, 4]

export {};
