import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, KernelConfig } from '@tensorflow/tfjs-core';

/** All that TensorFlow.js has registered for wasm, and the one gradient that trainscope's kernels replace. */
export interface KernelSet {
  readonly kernels: readonly KernelConfig[];
  readonly tileGradient: GradConfig;
}

export const takeKernels = (): KernelSet => ({ kernels: tf.getKernelsForBackend('wasm'), tileGradient: tf.getGradient(tf.Tile) });

/**
 * Puts a set in place of all that is registered, in both directions: kernels are registered for the whole process,
 * and two sets in one process can be timed by turns. Nothing of the other set stays.
 */
export function useKernels({ kernels, tileGradient }: KernelSet): void {
  for (const { kernelName } of tf.getKernelsForBackend('wasm')) tf.unregisterKernel(kernelName, 'wasm');
  for (const kernel of kernels) tf.registerKernel(kernel);
  tf.unregisterGradient(tf.Tile);
  tf.registerGradient(tileGradient);
}
