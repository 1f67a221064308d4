import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from './wasm/training-kernel.js';

type Numbers = Float32Array | Int32Array | Uint8Array;
/** The dtypes that can be trained on. */
export type NumericDtype = 'float32' | 'int32' | 'bool';

/**
 * A new tensor whose numbers `fill` writes, all of them: on wasm straight into the backend's memory, elsewhere into an array
 * that the backend is given. `fill` is handed an array of the tensor's size for that time alone, and must not make tensors.
 */
export function filled(shape: number[], dtype: NumericDtype, fill: (numbers: Numbers) => void): tf.Tensor {
  if (tf.getBackend() === 'wasm') {
    const wasm = tf.backend() as unknown as WasmBackend;
    const info = wasm.makeOutput(shape, dtype);
    try {
      fill(wasm.typedArrayFromHeap(info));
    } catch (error) {
      wasm.disposeData(info.dataId, true);
      throw error;
    }
    return tf.engine().makeTensorFromTensorInfo(info);
  }
  const numbers = tf.util.makeZerosTypedArray(tf.util.sizeFromShape(shape), dtype);
  fill(numbers);
  return tf.tensor(numbers, shape, dtype);
}
