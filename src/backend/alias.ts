import * as tf from '@tensorflow/tfjs-core';

/** What the backends have and their common type does not promise. */
interface Counting {
  incRef(dataId: object): void;
}

/**
 * Another tensor of the same numbers, as tf.clone gives: what is written to the one's variable is not seen in the other. On
 * cpu and wasm without the kernel that tf.clone calls, which takes ten times as long as it has to do, and off the path of
 * any gradient.
 */
export function aliasOf(tensor: tf.Tensor): tf.Tensor {
  const engine = tf.engine();
  const { dataId, shape, dtype } = tensor;
  const name = tf.getBackend();
  // A tensor that was made on another backend is moved when a kernel asks for it.
  const isHere = (name === 'cpu' || name === 'wasm') && engine.state.tensorInfo.get(dataId)?.backend === engine.backend;
  if (!isHere || dtype === 'string' || dtype === 'complex64') return tf.clone(tensor);
  (engine.backend as unknown as Counting).incRef(dataId);
  return engine.makeTensorFromTensorInfo({ dataId, shape, dtype });
}
