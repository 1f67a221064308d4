import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
// Registers the gradients of TensorFlow.js, which core alone does not.
import '@tensorflow/tfjs-layers';
import { chooseBackend, registerTrainingKernels } from '../../src/backend/index.js';
import { loadFromSuite } from '../webgpu/packages.js';

/** A fixed sequence of values in -1 .. 1 that share no factor with the shapes under test: no two runs differ. */
export function fixedValues(count: number, seed = 1): Float32Array {
  let state = seed * 7919 + 17;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2_147_483_648 - 1;
  });
}

export const fixed = (shape: readonly number[], seed = 1): tf.Tensor => tf.tensor(fixedValues(shape.reduce((all, each) => all * each, 1), seed), [...shape]);

export async function useWasm(): Promise<void> {
  registerTrainingKernels();
  await tf.setBackend('wasm');
}

/** Largest difference, relative to the magnitude where that is above 1; NaN on one side alone is Infinity. */
export function difference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  let worst = 0;
  for (let at = 0; at < expected.length; at++) {
    const x = found[at]!;
    const y = expected[at]!;
    if (Object.is(x, y) || x === y) continue;
    const off = Math.abs(x - y) / Math.max(1, Math.abs(y));
    worst = Number.isNaN(off) ? Infinity : Math.max(worst, off);
  }
  return worst;
}

export interface Result {
  readonly shape: number[];
  readonly dtype: string;
  readonly values: number[];
}

/** What `f` returns on the backend in use; checks that it leaves neither tensors nor data behind. */
export function leavingNothing(f: () => tf.Tensor | tf.Tensor[]): Result[] {
  const before = [tf.memory().numTensors, tf.backend().numDataIds()];
  let results: Result[] = [];
  tf.tidy(() => {
    const out = f();
    results = (Array.isArray(out) ? out : [out]).map((each) => ({ shape: each.shape, dtype: each.dtype, values: [...each.dataSync()] }));
  });
  const after = [tf.memory().numTensors, tf.backend().numDataIds()];
  if (before.join() !== after.join()) throw new Error(`tensors and data ids before: ${before.join(', ')}; after: ${after.join(', ')}`);
  return results;
}

export async function onBoth(f: () => tf.Tensor | tf.Tensor[]): Promise<{ cpu: Result[]; wasm: Result[] }> {
  await tf.setBackend('cpu');
  const cpu = leavingNothing(f);
  await useWasm();
  return { cpu, wasm: leavingNothing(f) };
}

/** The backend that is held against cpu where a suite runs on several: wasm, unless TRAINSCOPE_TEST_BACKEND says webgpu. */
export const testedBackend = process.env['TRAINSCOPE_TEST_BACKEND'] === 'webgpu' ? 'webgpu' : 'wasm';

/** As leavingNothing, on a backend whose values have to be waited for. */
async function leavingNothingAwaited(f: () => tf.Tensor | tf.Tensor[]): Promise<Result[]> {
  const before = [tf.memory().numTensors, tf.backend().numDataIds()];
  const out = tf.tidy(f);
  const tensors = Array.isArray(out) ? out : [out];
  const results = await Promise.all(tensors.map(async (each) => ({ shape: each.shape, dtype: each.dtype, values: [...(await each.data())] })));
  tf.dispose(tensors);
  const after = [tf.memory().numTensors, tf.backend().numDataIds()];
  if (before.join() !== after.join()) throw new Error(`tensors and data ids before: ${before.join(', ')}; after: ${after.join(', ')}`);
  return results;
}

export async function onCpuAndTested(f: () => tf.Tensor | tf.Tensor[]): Promise<{ cpu: Result[]; tested: Result[] }> {
  await tf.setBackend('cpu');
  const cpu = leavingNothing(f);
  if (testedBackend === 'wasm') await useWasm();
  else await chooseBackend('webgpu', { load: loadFromSuite });
  try {
    return { cpu, tested: await leavingNothingAwaited(f) };
  } catch (error) {
    // A device that has reported an error refuses every later read: the next test gets a new one.
    if (testedBackend === 'webgpu') tf.removeBackend('webgpu');
    throw error;
  }
}
