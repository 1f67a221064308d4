import * as tf from '@tensorflow/tfjs-core';

/** Counts how often values are read from the backend in use, and which kernels run, until `stop`. */
export function countReads(): { readonly reads: () => number; readonly kernels: () => number; stop(): void } {
  const backend = tf.backend() as unknown as { readSync: (id: object) => unknown; read: (id: object) => unknown };
  const { readSync, read } = backend;
  let reads = 0;
  let inner = 0;
  const counted = (original: (id: object) => unknown) =>
    function count(this: unknown, id: object): unknown {
      // Backends read through themselves: read calls readSync.
      if (inner === 0) reads += 1;
      inner += 1;
      try {
        return original.call(this, id);
      } finally {
        inner -= 1;
      }
    };
  backend.readSync = counted(readSync);
  backend.read = counted(read);
  const engine = tf.engine() as unknown as { runKernel: (...args: unknown[]) => unknown };
  const { runKernel } = engine;
  let kernels = 0;
  engine.runKernel = function count(this: unknown, ...args: unknown[]): unknown {
    kernels += 1;
    return runKernel.apply(this, args);
  };
  return {
    reads: () => reads,
    kernels: () => kernels,
    stop: () => {
      backend.readSync = readSync;
      backend.read = read;
      engine.runKernel = runKernel;
    },
  };
}
