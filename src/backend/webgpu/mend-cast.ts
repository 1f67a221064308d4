import * as tf from '@tensorflow/tfjs-core';

const mended = new WeakSet<tf.KernelFunc>();

/**
 * Has the webgpu backend convert integers and booleans to floats, rather than call the same buffer by another type.
 *
 * As of 4.22 its Cast to float32 shares the buffer of integers with the result. Kernels that read an input without a
 * conversion of their own then make a shader that does not compile (`expected 'f32', got 'i32'`) or take the bits of an
 * integer for a float: the transpose of a mask, which every recurrent layer after Masking or a masked Embedding does.
 * Floor leaves every integer as it is, and its shader converts. Does nothing when it was done, or where webgpu has no Cast.
 */
export function mendCast(): void {
  const stock = tf.getKernel('Cast', 'webgpu') as tf.KernelConfig | undefined;
  const floor = tf.getKernel('Floor', 'webgpu') as tf.KernelConfig | undefined;
  if (stock === undefined || floor === undefined || mended.has(stock.kernelFunc)) return;
  const kernelFunc: tf.KernelFunc = (call) => {
    const { x } = call.inputs;
    const integers = x?.dtype === 'int32' || x?.dtype === 'bool';
    if (x === undefined || !integers || call.attrs?.['dtype'] !== 'float32') return stock.kernelFunc(call);
    return floor.kernelFunc({ inputs: { x: { dataId: x.dataId, shape: x.shape, dtype: 'float32' } }, backend: call.backend, attrs: {} });
  };
  mended.add(kernelFunc);
  tf.unregisterKernel('Cast', 'webgpu');
  tf.registerKernel({ ...stock, kernelFunc });
}
