import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs `work` as on a machine without vector instructions: the module whose memory they would work on shows none.
 * Everything else of it is there, so the kernels' other way computes with the same heap.
 */
export function withoutSimd<T>(work: () => T): T {
  const backend = tf.backend() as unknown as { wasm: object };
  const { wasm } = backend;
  backend.wasm = Object.create(wasm, { asm: { value: undefined } }) as object;
  try {
    return work();
  } finally {
    backend.wasm = wasm;
  }
}
