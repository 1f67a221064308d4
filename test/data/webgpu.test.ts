import * as tf from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openData, type Samples } from '../../src/data/index.js';
import { expectDataError, readAll, withoutLeak } from './batches.js';

const spec = { inputNames: ['x'], labelNames: ['y'] };

/** The cpu backend under the name of one that cannot be read at once. */
class ReadsLater extends MathBackendCPU {
  override readSync(): never {
    throw new Error('OffscreenCanvas is not defined');
  }

  override async read(dataId: object) {
    await Promise.resolve();
    return super.readSync(dataId);
  }
}

describe('on a backend that cannot be read at once', () => {
  beforeAll(async () => {
    tf.registerBackend('webgpu', () => new ReadsLater());
    tf.copyRegisteredKernels('cpu', 'webgpu');
    await tf.setBackend('webgpu');
  });
  afterAll(() => tf.setBackend('cpu').then(() => tf.removeBackend('webgpu')));

  it('tensors in memory are checked by ready()', async () => {
    const inputs = tf.tensor1d([1, NaN, NaN]);
    await withoutLeak(async () => {
      const data = openData({ inputs, labels: [1, 2, 3] }, spec);
      await expectDataError(() => data.ready(), 'DATA_NOT_FINITE', 'holds 2', 'sample 1');
    });
    await withoutLeak(async () => {
      await openData({ inputs, labels: [1, 2, 3] }, spec, { checkFinite: false }).ready();
    });
    inputs.dispose();
  });

  it('tensors that a function of the epoch gives are checked before its first batch', async () => {
    await withoutLeak(async () => {
      const cursor = openData(() => ({ inputs: tf.tensor1d([1, NaN]), labels: [1, 2] }), spec).epoch(0);
      await expectDataError(() => cursor.next(), 'DATA_NOT_FINITE', 'sample 1');
      await cursor.close();
    });
  });

  it('tensors of a generator are checked batch by batch, in time', async () => {
    const before = tf.memory().numTensors;
    const generate = function* (): Generator<Samples> {
      yield { inputs: tf.tensor1d([1, 2]), labels: tf.tensor1d([1, 2]) };
      yield { inputs: tf.tensor1d([1, NaN]), labels: tf.tensor1d([1, 2]) };
    };
    const cursor = openData(generate(), spec).epoch(0);
    const batch = await cursor.next();
    expect(await batch?.inputs[0]?.data()).toEqual(new Float32Array([1, 2]));
    tf.dispose([...(batch?.inputs ?? []), ...(batch?.labels ?? [])]);
    await expectDataError(() => cursor.next(), 'DATA_NOT_FINITE', 'batch 1 of epoch 0');
    await cursor.close();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('an epoch that is resumed skips batches there as well', async () => {
    const generate = function* (): Generator<Samples> {
      for (let index = 0; index < 3; index++) yield { inputs: tf.tensor1d([index]), labels: tf.tensor1d([index]) };
    };
    const before = tf.memory().numTensors;
    const cursor = openData(generate(), spec).epoch(0, 2);
    const batch = await cursor.next();
    expect([batch?.index, batch?.last]).toEqual([2, true]);
    tf.dispose([...(batch?.inputs ?? []), ...(batch?.labels ?? [])]);
    expect(await readAll(cursor)).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
