import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { chooseBackend } from '../../src/backend/index.js';

const product = (): number => tf.tidy(() => tf.matMul(tf.tensor2d([[2, 3]]), tf.tensor2d([[5], [7]])).dataSync()[0]!);

test.each(['wasm', 'cpu'] as const)('%s is had again after tf.removeBackend took it and its factory away', async (name) => {
  await chooseBackend(name);
  tf.removeBackend(name);
  expect(tf.findBackendFactory(name)).toBeNull();
  expect(await chooseBackend(name)).toMatchObject({ backend: name, registeredAs: name });
  expect([tf.getBackend(), product()]).toEqual([name, 31]);
});

test('auto takes wasm again after it was removed, and not cpu', async () => {
  await chooseBackend('wasm');
  tf.removeBackend('wasm');
  expect((await chooseBackend('auto')).backend).toBe('wasm');
});
