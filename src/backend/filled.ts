import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from './wasm/training-kernel.js';

type Numbers = Float32Array | Int32Array | Uint8Array;
type NumericDtype = 'float32' | 'int32' | 'bool';

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
  const numbers = new (dtype === 'float32' ? Float32Array : dtype === 'int32' ? Int32Array : Uint8Array)(tf.util.sizeFromShape(shape));
  fill(numbers);
  return tf.tensor(numbers, shape, dtype);
}
