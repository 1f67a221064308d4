import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, test } from 'vitest';
import { chooseBackend } from '../../src/backend/index.js';
import { loadFromSuite as load } from './packages.js';

afterEach(() => {
  if (Object.hasOwn(tf.engine().registry, 'webgpu')) tf.removeBackend('webgpu');
});

const thrown = async (f: () => unknown): Promise<unknown> => Promise.resolve().then(f).then(() => undefined, (error: unknown) => error);

describe('choosing webgpu', () => {
  test('says which adapter it is, and leaves no navigator.gpu', async () => {
    const choice = await chooseBackend('webgpu', { load });
    expect(choice).toMatchObject({ backend: 'webgpu', registeredAs: 'webgpu' });
    expect(choice.deviceName).toMatch(/\w/);
    expect((globalThis as { navigator?: { gpu?: unknown } }).navigator?.gpu).toBeUndefined();
  });

  test('by an adapter that no machine has lists those of this one', async () => {
    const error = await thrown(() => chooseBackend('webgpu', { load, webgpu: { adapter: 'no such adapter' } }));
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
    expect((error as Error).message).toMatch(/Dawn sees no adapter with "no such adapter" in its name; it sees ".+" \(\w+\)/);
  });

  test("passes Dawn's options on: an unknown backend is refused with those that Dawn knows", async () => {
    const error = await thrown(() => chooseBackend('webgpu', { load, webgpu: { dawn: ['backend=nothing'] } }));
    expect((error as Error).message).toMatch(/unrecognised backend 'nothing'; Possible backends : .*'vulkan'/);
  });
});

describe('choosing webgpu on a software driver', () => {
  test.runIf(process.env['TRAINSCOPE_SOFTWARE_DRIVER'] === '1')('is for its name alone: auto refuses it, and takes it when it is named', async () => {
    const { deviceName = '' } = await chooseBackend('webgpu', { load });
    tf.removeBackend('webgpu');
    Object.assign(tf.engine(), { backendName: undefined });
    const choice = await chooseBackend('auto', { load });
    expect(choice.backend).toBe('wasm');
    expect(choice.refusals.find(({ backend }) => backend === 'webgpu')?.reason).toContain(`the adapter "${deviceName}" computes on the CPU`);
    Object.assign(tf.engine(), { backendName: undefined });
    // SwiftShader and llvmpipe both have an s in their names' listing; a part of it is what the user would write.
    const named = await chooseBackend('auto', { load, webgpu: { adapter: /swiftshader/i.test(deviceName) ? 'swiftshader' : 'llvmpipe' } });
    expect(named).toMatchObject({ backend: 'webgpu', device: 'cpu' });
  });
});

describe('reading and failing', () => {
  test('dataSync() of what the GPU computed throws BACKEND_SYNC_READ, and data() has the values', async () => {
    await chooseBackend('webgpu', { load });
    const y = tf.tidy(() => tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])));
    expect(await thrown(() => y.dataSync())).toMatchObject({ code: 'BACKEND_SYNC_READ' });
    expect([...(await y.data())]).toEqual([11]);
    y.dispose();
  });

  test('a shader that does not compile throws BACKEND_DEVICE at the next read', async () => {
    await chooseBackend('webgpu', { load });
    const { device } = tf.backend() as unknown as { device: { createShaderModule: (of: { code: string }) => unknown } };
    device.createShaderModule({ code: 'not WGSL' });
    const y = tf.tidy(() => tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])));
    expect(await thrown(() => y.data())).toMatchObject({ code: 'BACKEND_DEVICE' });
    y.dispose();
  });

  test('a new device after the old one ended computes, and tensors that outlived theirs can be disposed of', async () => {
    await chooseBackend('webgpu', { load });
    const old = tf.tidy(() => tf.square(tf.tensor1d([3])));
    tf.removeBackend('webgpu');
    await chooseBackend('webgpu', { load });
    const y = tf.tidy(() => tf.square(tf.tensor1d([5])));
    expect([...(await y.data())]).toEqual([25]);
    tf.dispose([old, y]);
  });
});

describe('casting integers on webgpu', () => {
  test.each([['int32', [-2, 0, 3, 16_777_216]], ['bool', [0, 1, 1, 0]]] as const)('%s to float32 gives floats, also to a transpose, which reads them as they lie', async (dtype, values) => {
    await chooseBackend('webgpu', { load });
    const results = tf.tidy(() => {
      const x = tf.tensor2d([...values], [2, 2], dtype);
      const computed = dtype === 'bool' ? tf.logicalOr(x, x) : tf.add(x, tf.zeros([2, 2], 'int32'));
      const cast = tf.cast(computed, 'float32');
      // Three axes: two are transposed by a shader of their own, which converts.
      return [cast, tf.transpose(tf.reshape(cast, [1, 2, 2]), [2, 1, 0])];
    });
    const [cast, transposed] = await Promise.all(results.map(async (each) => [...(await each.data())]));
    expect(cast).toEqual([...values]);
    expect(transposed).toEqual([values[0], values[2], values[1], values[3]]);
    tf.dispose(results);
  });
});

describe('a process that trained on webgpu', () => {
  test.each(['leave', 'remove', 'fail'])('ends by itself (%s)', async (mode) => {
    const script = fileURLToPath(new URL('train-and-end.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, mode], { timeout: 60_000 });
    expect(stdout).toBe(mode === 'fail' ? 'BACKEND_DEVICE\n' : 'completed 6\n');
  }, 90_000);
});
