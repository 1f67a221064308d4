import * as tf from '@tensorflow/tfjs-core';
import { compose, input, type TrainingKernel } from './training-kernel.js';

/** A cast to bool asks whether a value is other than 0. The stock kernel cuts the fraction off first: 0.5 and NaN became false. */
export const cast: TrainingKernel = {
  name: tf.Cast,
  make: (stock) => (call) => {
    const x = input(call, 'x');
    if (call.attrs['dtype'] !== 'bool' || x.dtype !== 'float32') return stock(call);
    const { backend } = call;
    return compose(backend, (run) => {
      const zero = run(() => backend.makeOutput([], 'float32', undefined, new Float32Array(1)), {});
      return run(tf.NotEqual, { a: x, b: zero });
    });
  },
};
