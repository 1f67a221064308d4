import * as tf from '@tensorflow/tfjs-core';

/** Backends whose `dataSync` does not wait for a device: there a promise would only cost. */
const readsAtOnce = new Set(['cpu', 'wasm', 'tensorflow']);

/** On the cpu backend dataSync() gives the backend's own array, which a kernel may write to later: so a copy. */
function readAtOnce(part: tf.Tensor): Float32Array {
  if (part.dtype === 'float32') {
    const values = part.dataSync<'float32'>();
    return tf.getBackend() === 'cpu' ? values.slice() : values;
  }
  return Float32Array.from(part.dataSync());
}

/** Whether tensors lie in memory of the host: a read is a copy of a few bytes. */
export function isHostMemory(): boolean {
  const backend = tf.getBackend();
  return backend === 'cpu' || backend === 'wasm';
}

/**
 * Many tensors read in one go: they are flattened and joined on the device, and the host gets one view of the joined
 * vector for each, in order; on cpu and wasm each is read by itself. The tensors stay the caller's.
 *
 * @returns float32 views, in the order of `parts`; a promise only on a backend whose reads wait (WebGPU, WebGL).
 */
export function readTogether(parts: readonly tf.Tensor[]): Float32Array[] | Promise<Float32Array[]> {
  // Where the memory is the host's own, joining costs kernels and saves nothing.
  if (isHostMemory()) return parts.map(readAtOnce);
  const sizes = parts.map(({ size }) => size);
  const joined = tf.tidy(() => {
    const flat = parts.map((part) => tf.reshape(part.dtype === 'float32' ? part : tf.cast(part, 'float32'), [part.size]));
    // A single part is copied by reshape as well, so that disposing of `joined` never touches the caller's tensor.
    return flat.length === 1 && flat[0] !== undefined ? flat[0] : tf.concat1d(flat as tf.Tensor1D[]);
  });
  const split = (all: Float32Array): Float32Array[] => {
    let at = 0;
    return sizes.map((size) => all.subarray(at, (at += size)));
  };
  if (readsAtOnce.has(tf.getBackend())) {
    try {
      return split(joined.dataSync<'float32'>());
    } finally {
      joined.dispose();
    }
  }
  return joined
    .data<'float32'>()
    .then(split)
    .finally(() => joined.dispose());
}
