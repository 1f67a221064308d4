import * as tf from '@tensorflow/tfjs-core';

const w = tf.variable(tf.randomNormal([4, 1]));
const model = {
  trainableWeights: { w },
  forward: (x: tf.Tensor, { training }: { training: boolean }): tf.Tensor =>
    tf.matMul(training ? tf.dropout(x, 0.3) : x, w),
};

export {};
