import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../../errors.js';

/** What is used of the Emscripten module behind the backend. */
export interface Heap {
  readonly HEAPU8: { readonly length: number };
  _malloc: (bytes: number) => number;
}

/** Functions that are ours, so that a second call does not put them in front of themselves. */
const ours = new WeakSet<Heap['_malloc']>();

/** Addresses of WebAssembly have 32 bits. */
const most = 2 ** 32;

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toLocaleString('en-GB', { maximumFractionDigits: 1 })} MiB`;

/**
 * Makes a heap that is full an error. Its malloc answers with 0 then, TensorFlow.js takes that for an address, and the
 * new tensor is laid over whatever is there; of a size of 4 GiB or more it gives what is left over 4 GiB; and near its end
 * it has been seen to give a block that goes beyond it. Throws nothing
 * itself; the heap's `_malloc` then throws BackendError BACKEND_MEMORY.
 */
export function guardMemory(heap: Heap): void {
  const { _malloc } = heap;
  if (ours.has(_malloc)) return;
  const guarded = (bytes: number): number => {
    const at = bytes < most ? _malloc(bytes) : 0;
    // Addresses above 2 GiB may come as negative numbers. What is beyond the end stays lost: to free it would write there.
    if (bytes === 0 || (at !== 0 && (at >>> 0) + bytes <= heap.HEAPU8.length)) return at;
    const { numBytes, numTensors } = tf.memory();
    throw new BackendError('BACKEND_MEMORY', {
      found: `the wasm backend was asked for ${mebibytes(bytes)} beside ${numTensors} tensors of ${mebibytes(numBytes)}, and its heap of ${mebibytes(heap.HEAPU8.length)} has no room for it`,
      expected: `WebAssembly addresses ${mebibytes(most)} at most, and less where the machine or the process has less`,
      remedy: 'Use smaller batches, for the evaluation too (its batchSize), dispose of what is not needed, or take a backend without this bound.',
    });
  };
  ours.add(guarded);
  heap._malloc = guarded;
}

/** The same of the wasm backend in use. */
export function guardMemoryInUse(): void {
  const { wasm } = tf.backend() as unknown as { readonly wasm?: Heap };
  // A stand-in under the name of wasm has none.
  if (typeof wasm?._malloc === 'function') guardMemory(wasm);
}
