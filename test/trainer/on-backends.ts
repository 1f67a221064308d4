import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
// For the gradients, which TensorFlow.js' core does not register alone.
import '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect } from 'vitest';

/** Runs the same tests on TensorFlow.js' cpu and wasm backends. */
export function onBackends(what: string, tests: (backend: 'cpu' | 'wasm') => void): void {
  describe.each(['cpu', 'wasm'] as const)(`${what} on %s`, (backend) => {
    beforeAll(async () => {
      await tf.setBackend(backend);
      await tf.ready();
    });
    tests(backend);
  });
}

/** The values of a tensor, which is ended. */
export function read(tensor: tf.Tensor): number[] {
  const values = Array.from(tensor.dataSync());
  tensor.dispose();
  return values;
}

/** float32 arithmetic against double precision: relative to the size of the values, and absolute near 0. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    if (Number.isFinite(e) && Math.abs(a - e) <= tolerance * Math.max(1, Math.abs(e))) continue;
    if (Object.is(a, e)) continue;
    expect.fail(`value ${i} is ${a}, expected ${e} (all: ${Array.from(actual).join(', ')} against ${Array.from(expected).join(', ')})`);
  }
}

/** Runs `work` and expects as many tensors after it as before. */
export function expectNoLeak<T>(work: () => T): T {
  const before = tf.memory().numTensors;
  const result = work();
  expect(tf.memory().numTensors).toBe(before);
  return result;
}
