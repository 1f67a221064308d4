import * as tf from '@tensorflow/tfjs-core';
// Registers the gradients of TensorFlow.js, which core alone does not.
import '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it } from 'vitest';
import { filled } from '../../src/backend/filled.js';
import { testBackends, useBackend } from '../support/backends.js';

describe.each(testBackends)('a filled tensor on %s', (backend) => {
  beforeEach(() => useBackend(backend));

  it.each([
    ['float32', Float32Array, [0.5, -1, 2 ** 127, Number.NaN, 0, 7]],
    ['int32', Int32Array, [1, -2, 3, 4, 5, 2 ** 31 - 1]],
    ['bool', Uint8Array, [1, 0, 1, 1, 0, 0]],
  ] as const)('makes a tensor of %s of what is written, which ends as any other does', (dtype, array, numbers) => {
    const before = tf.memory();
    const tensor = filled([2, 3], dtype, (to) => {
      expect(to).toBeInstanceOf(array);
      to.set(numbers);
    });
    expect([tensor.shape, tensor.dtype, [...tensor.dataSync()]]).toEqual([[2, 3], dtype, [...numbers]]);
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors + 1, numDataBuffers: before.numDataBuffers + 1, numBytes: before.numBytes + 6 * tf.util.bytesPerElement(dtype) });
    tensor.dispose();
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numDataBuffers: before.numDataBuffers, numBytes: before.numBytes });
  });

  it('makes tensors that tidy ends, kernels take and gradients flow through', () => {
    const before = tf.memory().numTensors;
    const gradient = tf.tidy(() => {
      const x = filled([3], 'float32', (to) => to.set([1, 2, 3]));
      return tf.grad((each: tf.Tensor) => tf.sum(tf.square(each)))(x);
    });
    expect([...gradient.dataSync()]).toEqual([2, 4, 6]);
    gradient.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('of no numbers, and of one', () => {
    for (const shape of [[0, 4], []]) {
      const tensor = filled(shape, 'float32', (to) => to.fill(3));
      expect([tensor.shape, [...tensor.dataSync()]]).toEqual([shape, shape.length === 0 ? [3] : []]);
      tensor.dispose();
    }
  });

  it('leaves nothing where what fills it throws', () => {
    const before = tf.memory();
    const fill = (): void => {
      throw new RangeError('no such row');
    };
    const buffers = tf.engine().backend.numDataIds();
    for (let i = 0; i < 100; i += 1) expect(() => filled([1000], 'float32', fill)).toThrow('no such row');
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numDataBuffers: before.numDataBuffers, numBytes: before.numBytes });
    expect(tf.engine().backend.numDataIds(), backend).toBe(buffers);
  });
});
