import * as tf from '@tensorflow/tfjs-core';

export function down(variable: tf.Variable, gradient: tf.Tensor, rate: number): void {
  tf.tidy(() => {
    variable.assign(tf.sub(variable, tf.mul(gradient, rate)));
  });
}

export {};
