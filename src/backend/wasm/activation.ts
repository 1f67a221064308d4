import * as tf from '@tensorflow/tfjs-core';
import type { Attribute, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import { BackendError } from '../../errors.js';
import type { Run } from './training-kernel.js';

/**
 * Whether a fused kernel may carry this activation out itself. XNNPACK does relu and relu6 by clamping, and a clamped
 * NaN is a number: a model full of NaN would predict zeros. (Seen in the stock fused kernels; the plain Relu keeps NaN.)
 */
export const fusesSafely = (activation: Attribute | undefined): boolean => activation !== 'relu' && activation !== 'relu6';

const kernels: Readonly<Record<string, string>> = {
  relu: tf.Relu,
  relu6: tf.Relu6,
  elu: tf.Elu,
  sigmoid: tf.Sigmoid,
  leakyrelu: tf.LeakyRelu,
  prelu: tf.Prelu,
};

/** The activation of a fused kernel as a kernel of its own. `attrs` are the fused kernel's; slopes are prelu's. */
export function activate(run: Run, x: TensorInfo, attrs: NamedAttrMap, slopes: TensorInfo | undefined): TensorInfo {
  const activation = attrs['activation'] ?? 'linear';
  if (activation === 'linear') return x;
  const kernel = typeof activation === 'string' ? kernels[activation] : undefined;
  if (kernel === undefined) {
    throw new BackendError('BACKEND_KERNEL', { found: `a fused wasm kernel was asked for the activation ${JSON.stringify(activation)}`, expected: `it knows linear, ${Object.keys(kernels).join(', ')}` });
  }
  // Alpha 0.2 is the default of tf.fused and tf.leakyRelu.
  return run(kernel, { x, alpha: slopes }, { alpha: attrs['leakyreluAlpha'] ?? 0.2 });
}
