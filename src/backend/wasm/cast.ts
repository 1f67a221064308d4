import * as tf from '@tensorflow/tfjs-core';
import { input, registered, type TrainingKernel } from './training-kernel.js';

/**
 * A cast to the same type is the same values, which the stock kernel copies: the gradient of relu asks for one.
 * A cast to bool asks whether a value is other than 0. The stock kernel keeps the lowest 8 bits of its whole part: 0.5,
 * NaN and 256 became false.
 */
export const cast: TrainingKernel = {
  name: tf.Cast,
  make: (stock) => (call) => {
    const x = input(call, 'x');
    if (call.attrs['dtype'] === x.dtype) return registered(tf.Identity)({ ...call, attrs: {} });
    if (call.attrs['dtype'] !== 'bool' || x.dtype === 'string') return stock(call);
    const { backend } = call;
    const out = backend.makeOutput(x.shape, 'bool');
    const to = backend.typedArrayFromHeap(out);
    const values = backend.typedArrayFromHeap(x);
    for (let at = 0; at < to.length; at++) to[at] = values[at] === 0 ? 0 : 1;
    return out;
  },
};
