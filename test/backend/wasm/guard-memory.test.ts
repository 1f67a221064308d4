import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chooseBackend } from '../../../src/backend/index.js';
import { guardMemory, type Heap } from '../../../src/backend/wasm/guard-memory.js';
import { BackendError } from '../../../src/errors.js';

const heapOf = (): Heap => (tf.backend() as unknown as { wasm: Heap }).wasm;

beforeEach(async () => {
  await chooseBackend('wasm');
});

/** The heap's own, put back after each test. */
let own: { heap: Heap; malloc: Heap['_malloc'] } | undefined;
afterEach(() => {
  if (own !== undefined) own.heap._malloc = own.malloc;
  own = undefined;
});

/** A heap that is full from now on. */
function fill(): void {
  const heap = heapOf();
  own = { heap, malloc: heap._malloc };
  heap._malloc = () => 0;
  guardMemory(heap);
}

const thrownBy = (work: () => unknown): BackendError => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(BackendError);
    return error as BackendError;
  }
  throw new Error('nothing was thrown');
};

test('a heap that has no room is BACKEND_MEMORY, with what was asked for and what is in use: 3 MiB beside 2 MiB', () => {
  const [bytes, tensors] = [tf.memory().numBytes, tf.memory().numTensors];
  expect(bytes).toBe(0);
  const held = tf.ones([2 ** 19]);
  fill();
  const { code, message } = thrownBy(() => tf.tidy(() => tf.zeros([3 * 2 ** 18])));
  expect(code).toBe('BACKEND_MEMORY');
  expect(message).toContain(`asked for 3 MiB beside ${tensors + 1} tensors of 2 MiB`);
  expect(message).toContain('at most');
  expect(message).toContain('Use smaller batches');
  expect([...held.dataSync().slice(0, 2)]).toEqual([1, 1]);
  held.dispose();
});

test('a kernel that finds no room throws and leaves the tensors that there are', () => {
  const x = tf.tensor2d([[1, 2], [3, 4]]);
  const before = tf.memory().numTensors;
  fill();
  expect(thrownBy(() => tf.tidy(() => tf.matMul(x, x))).code).toBe('BACKEND_MEMORY');
  own!.heap._malloc = own!.malloc;
  expect(tf.memory().numTensors).toBe(before);
  expect(tf.tidy(() => [...tf.matMul(x, x).dataSync()])).toEqual([7, 10, 15, 22]);
  x.dispose();
});

test('more than addresses of 32 bits reach is refused before it is asked for: TensorFlow.js would get what is left over 4 GiB', () => {
  const asked: number[] = [];
  const heap: Heap = { HEAPU8: { length: 2 ** 32 }, _malloc: (bytes) => asked.push(bytes) };
  guardMemory(heap);
  expect(thrownBy(() => heap._malloc(2 ** 32 + 16)).message).toContain('asked for 4,096 MiB');
  expect(heap._malloc(2 ** 32 - 1)).toBe(1);
  expect(asked).toEqual([2 ** 32 - 1]);
});

test('a tensor of no elements needs no room, and addresses above 2 GiB, which malloc gives as negative, are none', () => {
  const heap: Heap = { HEAPU8: { length: 2 ** 32 }, _malloc: (bytes) => (bytes === 0 ? 0 : -2_000_000_000) };
  guardMemory(heap);
  expect([heap._malloc(0), heap._malloc(4)]).toEqual([0, -2_000_000_000]);
});

test('a block that goes beyond the end of the heap, as malloc has given near 4 GiB, is no room', () => {
  // Seen after tensors of 2^26 numbers had filled it and were gone, and 64,000,000 were asked for.
  const heap: Heap = { HEAPU8: { length: 4_294_901_760 }, _malloc: () => 4_096_109_368 | 0 };
  guardMemory(heap);
  expect(thrownBy(() => heap._malloc(256_000_000)).code).toBe('BACKEND_MEMORY');
  expect(heap._malloc(4_294_901_760 - 4_096_109_368) >>> 0).toBe(4_096_109_368);
});

test('the guard is put in front once', async () => {
  const { _malloc } = heapOf();
  await chooseBackend('wasm');
  await chooseBackend('auto');
  expect(heapOf()._malloc).toBe(_malloc);
  guardMemory(heapOf());
  expect(heapOf()._malloc).toBe(_malloc);
});
