import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { compose, input, zeros, type TrainingKernel } from './training-kernel.js';

/** Whether slopes repeat in the order of x's values: [..., 4, 8] beside [8], [4, 8] or [1, 4, 8]. */
function repeats(alpha: readonly number[], x: readonly number[]): boolean {
  const first = alpha.findIndex((size) => size !== 1);
  if (first < 0) return alpha.length <= x.length;
  const own = alpha.slice(first);
  return alpha.length <= x.length && own.every((size, axis) => size === x[x.length - own.length + axis]);
}

/**
 * x where it is not negative, else slope times x. The stock kernel takes the slopes in turn, whatever their shape: those
 * of [3, 1] go to the wrong values of [3, 5], as those of a layer whose last axis is shared; and integers for floats.
 * Such slopes, and an x that they are larger than, are spread out first. Temporaries: those, and x as floats.
 */
export const prelu: TrainingKernel = {
  name: tf.Prelu,
  make: (stock) => (call) => {
    const { attrs, backend } = call;
    const [x, alpha] = [input(call, 'x'), input(call, 'alpha')];
    const shape = tf.broadcast_util.assertAndGetBroadcastShape(x.shape, alpha.shape);
    if (shape.includes(0)) return zeros(backend, shape);
    if (x.dtype === 'float32' && alpha.dtype === 'float32' && repeats(alpha.shape, x.shape)) return stock(call);
    return compose(backend, (run) => {
      const spread = (each: TensorInfo): TensorInfo => {
        const float = run(tf.Cast, { x: each }, { dtype: 'float32' });
        return tf.util.arraysEqual(float.shape, shape) ? float : run(tf.Add, { a: float, b: run(() => zeros(backend, shape), {}) });
      };
      return run(stock, { x: spread(x), alpha: spread(alpha) }, attrs);
    });
  },
};
