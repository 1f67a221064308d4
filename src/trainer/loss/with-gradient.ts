import * as tf from '@tensorflow/tfjs-core';

/**
 * tf.customGrad for a function of one tensor, with types: `value` is computed as one step of the tape, and `gradient`
 * gets dy and the tensors in `kept`, which stay alive until the backward pass (a tensor that is only closed over is
 * disposed of when the forward pass's tidy ends).
 */
export function withGradient<const Kept extends readonly tf.Tensor[]>(
  x: tf.Tensor,
  kept: Kept,
  value: () => tf.Tensor,
  gradient: (dy: tf.Tensor, kept: Kept) => tf.Tensor,
): tf.Tensor {
  const step = tf.customGrad((...args) => {
    // TensorFlow.js hands over the inputs, then the function that saves; its type says only that it is one of either.
    const save = args.at(-1) as tf.GradSaveFunc;
    save([...kept]);
    return { value: value(), gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => gradient(dy, saved as unknown as Kept) };
  });
  return step(x);
}
