import * as tf from '@tensorflow/tfjs-core';
import { floats, input, registered, type TrainingKernel } from './training-kernel.js';

/**
 * A cast to the same type is the same values, which the stock kernel copies: the gradient of relu asks for one.
 * A cast to bool asks whether a value is other than 0. The stock kernel cuts the fraction off first: 0.5 and NaN became false.
 */
export const cast: TrainingKernel = {
  name: tf.Cast,
  make: (stock) => (call) => {
    const x = input(call, 'x');
    if (call.attrs['dtype'] === x.dtype) return registered(tf.Identity)({ ...call, attrs: {} });
    if (call.attrs['dtype'] !== 'bool' || x.dtype !== 'float32') return stock(call);
    const { backend } = call;
    const out = backend.makeOutput(x.shape, 'bool');
    const to = backend.typedArrayFromHeap(out);
    const values = floats(backend, x);
    for (let at = 0; at < to.length; at++) to[at] = values[at] === 0 ? 0 : 1;
    return out;
  },
};
