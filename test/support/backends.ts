import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { chooseBackend } from '../../src/backend/index.js';

/** The backends on which everything is tested. */
export const testBackends = ['cpu', 'wasm'] as const;

export async function useBackend(name: (typeof testBackends)[number]): Promise<void> {
  await chooseBackend(name);
  if (tf.getBackend() !== name) throw new Error(`asked for ${name}, got ${tf.getBackend()}`);
}
