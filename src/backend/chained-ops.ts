import * as tf from '@tensorflow/tfjs-core';

type Chained = (this: tf.Tensor, ...args: never[]) => tf.Tensor;

/**
 * The methods of tensors that TensorFlow.js's own code calls, though only the union package @tensorflow/tfjs adds them:
 * tfjs-layers' orthogonal initialiser, the default of recurrent kernels, throws `flatten is not a function` without.
 */
const called: Readonly<Record<string, Chained>> = {
  flatten() {
    return tf.reshape(this, [this.size]);
  },
  stridedSlice(begin: number[], end: number[], strides: number[]) {
    return tf.stridedSlice(this, begin, end, strides);
  },
  sign() {
    return tf.sign(this);
  },
  transpose(permutation?: number[]) {
    return tf.transpose(this, permutation);
  },
  reshape(shape: number[]) {
    return tf.reshape(this, shape);
  },
};

/** Adds those that are missing; the union package's own stay. */
export function supplyChainedOps(): void {
  const prototype = tf.Tensor.prototype as unknown as Record<string, unknown>;
  for (const [name, method] of Object.entries(called)) prototype[name] ??= method;
}
