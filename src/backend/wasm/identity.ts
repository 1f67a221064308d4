import * as tf from '@tensorflow/tfjs-core';
import { input, type TrainingKernel } from './training-kernel.js';

/**
 * A second name for the same values, as on the other backends. The stock kernel copies them, for every clone and for
 * every tensor that is kept for the backward pass. No wasm kernel writes to a buffer that it did not make, so
 * nothing can tell the two apart. No temporaries.
 */
export const identity: TrainingKernel = {
  name: tf.Identity,
  make: (stock) => (call) => {
    const { dataId, shape, dtype } = input(call, 'x');
    if (dtype === 'string') return stock(call);
    call.backend.incRef(dataId);
    return { dataId, shape, dtype };
  },
};
