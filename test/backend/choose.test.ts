import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { BackendName, chooseBackend as ChooseBackend, LoadPackage } from '../../src/backend/index.js';
import { supplyNullCheck } from '../../src/backend/null-check.js';
import type { BackendError } from '../../src/errors.js';

let chooseBackend: typeof ChooseBackend;

/** Forgets what was chosen and set up, as in a new process. */
beforeEach(async () => {
  vi.resetModules();
  ({ chooseBackend } = await import('../../src/backend/index.js'));
  for (const name of ['tensorflow', 'webgpu', 'mine']) if ((tf.findBackendFactory(name) as unknown) != null) tf.removeBackend(name);
  Object.assign(tf.engine(), { backendName: undefined });
});

const absent = (name: string): Error => Object.assign(new Error(`Cannot find package '${name}' imported from somewhere`), { code: 'ERR_MODULE_NOT_FOUND' });

/** Only the packages given are installed; what is not a stand-in is the real thing. */
const installed = (standIns: Readonly<Record<string, () => unknown>>): LoadPackage => async (name) => {
  const standIn = standIns[name];
  if (standIn !== undefined) return standIn();
  if (name === '@tensorflow/tfjs-backend-wasm' || name === '@tensorflow/tfjs-backend-cpu') return import(name) as Promise<unknown>;
  throw absent(name);
};

/** The public surface of tfjs-node: importing it registers "tensorflow", sets it, and gives its version. */
const tfjsNode = (isUsingGpuDevice: boolean, broken?: string) => (): unknown => {
  const kernels = tf.getKernelsForBackend('cpu');
  for (const kernel of kernels) if ((tf.getKernel(kernel.kernelName, 'tensorflow') as unknown) == null) tf.registerKernel({ ...kernel, backendName: 'tensorflow' });
  tf.registerBackend('tensorflow', () => {
    if (broken !== undefined) throw new Error(broken);
    return Object.assign(new MathBackendCPU(), { isUsingGpuDevice });
  }, 3);
  return { version: { 'tfjs-core': '4.22.0', 'tfjs-node': '4.22.0' }, node: {} };
};

const failure = async (choice: unknown, load: LoadPackage = installed({})): Promise<BackendError> => {
  const error: unknown = await chooseBackend(choice as BackendName, { load }).then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  return error as BackendError;
};

describe('auto', () => {
  test('with nothing optional installed takes wasm, and refuses three before it as not installed', async () => {
    const choice = await chooseBackend('auto', { load: installed({}) });
    expect(choice).toMatchObject({ backend: 'wasm', registeredAs: 'wasm', kept: false, version: '4.22.0', device: 'cpu', notes: [] });
    expect(choice.refusals).toEqual([
      { backend: 'tfjs-node-gpu', reason: '@tensorflow/tfjs-node-gpu is not installed' },
      { backend: 'tfjs-node', reason: '@tensorflow/tfjs-node is not installed' },
      { backend: 'webgpu', reason: 'webgpu is not installed' },
    ]);
    expect(tf.getBackend()).toBe('wasm');
  });

  test('is the default, with the packages that are really installed', async () => {
    const choice = await chooseBackend();
    expect(choice.backend).toBe('wasm');
    expect(choice.refusals.map(({ reason }) => reason)).toEqual(['@tensorflow/tfjs-node-gpu is not installed', '@tensorflow/tfjs-node is not installed', 'webgpu is not installed']);
  });

  test('asked twice gives the same choice, not one kept from the caller', async () => {
    const first = await chooseBackend('auto', { load: installed({}) });
    expect(await chooseBackend('auto', { load: installed({}) })).toBe(first);
  });

  test('keeps a backend that the caller set up, and says so', async () => {
    await tf.setBackend('cpu');
    expect(await chooseBackend('auto', { load: installed({}) })).toEqual({
      backend: 'cpu', registeredAs: 'cpu', kept: true, version: undefined, device: undefined, deviceName: undefined, refusals: [], notes: ['the backend "cpu" was already set up and is kept'],
    });
  });

  test('keeps a wasm that the caller set up, with the training kernels added', async () => {
    await import('@tensorflow/tfjs-backend-wasm');
    await tf.setBackend('wasm');
    const choice = await chooseBackend('auto', { load: installed({}) });
    expect(choice).toMatchObject({ backend: 'wasm', kept: true });
    expect(choice.notes).toContain('the kernels that training needs were added to it');
    expect(tf.getKernel('Conv2DBackpropFilter', 'wasm')).toBeDefined();
  });

  test('takes tfjs-node-gpu when it sees a GPU (stand-in)', async () => {
    const choice = await chooseBackend('auto', { load: installed({ '@tensorflow/tfjs-node-gpu': tfjsNode(true) }) });
    expect(choice).toMatchObject({ backend: 'tfjs-node-gpu', registeredAs: 'tensorflow', version: '4.22.0', device: 'gpu', refusals: [] });
    expect(tf.getBackend()).toBe('tensorflow');
  });

  test('passes over tfjs-node-gpu without a GPU, and takes tfjs-node, which registers under the same name (stand-ins)', async () => {
    const choice = await chooseBackend('auto', { load: installed({ '@tensorflow/tfjs-node-gpu': tfjsNode(false), '@tensorflow/tfjs-node': tfjsNode(false) }) });
    expect(choice).toMatchObject({ backend: 'tfjs-node', registeredAs: 'tensorflow', device: 'cpu' });
    expect(choice.refusals).toEqual([{ backend: 'tfjs-node-gpu', reason: 'it sees no GPU and would compute on the CPU, as @tensorflow/tfjs-node does' }]);
  });

  test('goes on to wasm when tfjs-node cannot be loaded, with the first line of why', async () => {
    const load = installed({ '@tensorflow/tfjs-node': () => { throw new Error('libtensorflow.so.2: cannot open shared object file\n  at bindings'); } });
    const choice = await chooseBackend('auto', { load });
    expect(choice.backend).toBe('wasm');
    expect(choice.refusals[1]!.reason).toBe('@tensorflow/tfjs-node failed to load: libtensorflow.so.2: cannot open shared object file');
  });

  test('tells a package that is there and lacks one of its own from one that is not there', async () => {
    const choice = await chooseBackend('auto', { load: installed({ '@tensorflow/tfjs-node': () => { throw absent('@mapbox/node-pre-gyp'); } }) });
    expect(choice.refusals[1]!.reason).toBe("@tensorflow/tfjs-node failed to load: Cannot find package '@mapbox/node-pre-gyp' imported from somewhere");
  });

  test('goes on to wasm when tfjs-node loads and does not initialise', async () => {
    const choice = await chooseBackend('auto', { load: installed({ '@tensorflow/tfjs-node': tfjsNode(false, 'illegal instruction') }) });
    expect(choice.backend).toBe('wasm');
    expect(choice.refusals[1]!.reason).toMatch(/"tensorflow" (failed: .*illegal instruction|did not initialise)/);
  });

  test('refuses a package that registers with another copy of TensorFlow.js', async () => {
    const choice = await chooseBackend('auto', { load: installed({ '@tensorflow/tfjs-node': () => ({ version: {} }) }) });
    expect(choice.refusals[1]!.reason).toBe('no backend "tensorflow" was registered with the copy of @tensorflow/tfjs-core that trainscope uses');
  });

  test('refuses a backend that multiplies wrongly: [1 2; 3 4] by [5; 6] to [0, 0]', async () => {
    const load = installed({
      '@tensorflow/tfjs-node': () => {
        const module = tfjsNode(false)();
        tf.unregisterKernel('BatchMatMul', 'tensorflow');
        tf.registerKernel({ kernelName: 'BatchMatMul', backendName: 'tensorflow', kernelFunc: ({ backend }) => (backend as Pick<MathBackendCPU, 'makeTensorInfo'>).makeTensorInfo([2, 1], 'float32', new Float32Array(2)) });
        return module;
      },
    });
    const choice = await chooseBackend('auto', { load });
    tf.unregisterKernel('BatchMatMul', 'tensorflow');
    expect(choice.backend).toBe('wasm');
    expect(choice.refusals[1]!.reason).toBe('it multiplied [1 2; 3 4] by [5; 6] to [0,0] where [17, 39] is right');
  });

  test('falls back to cpu when wasm cannot be had', async () => {
    const choice = await chooseBackend('auto', { load: installed({ '@tensorflow/tfjs-backend-wasm': () => { throw new Error('no WebAssembly'); } }) });
    expect(choice).toMatchObject({ backend: 'cpu', version: '4.22.0' });
    expect(choice.refusals.map(({ backend }) => backend)).toEqual(['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm']);
  });

  test('leaves no tensor behind', async () => {
    await tf.setBackend('cpu');
    const before = tf.memory().numTensors;
    await chooseBackend('wasm');
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a name', () => {
  test('takes that backend even when another is set up', async () => {
    await tf.setBackend('wasm');
    expect(await chooseBackend('cpu', { load: installed({}) })).toMatchObject({ backend: 'cpu', kept: false, refusals: [] });
    expect(tf.getBackend()).toBe('cpu');
  });

  test('that cannot be had is BACKEND_UNAVAILABLE with the refusal, and what was in use stays', async () => {
    await tf.setBackend('cpu');
    const error = await failure('tfjs-node', installed({ '@tensorflow/tfjs-node': tfjsNode(false, 'broken') }));
    expect(error.code).toBe('BACKEND_UNAVAILABLE');
    expect(error.refusals.map(({ backend }) => backend)).toEqual(['tfjs-node']);
    expect(tf.getBackend()).toBe('cpu');
  });

  test('that is unknown is BACKEND_UNKNOWN with the nearest', async () => {
    const error = await failure('wasmm');
    expect(error.code).toBe('BACKEND_UNKNOWN');
    expect(error.message).toBe('"wasmm" is not a backend; known are auto, tfjs-node-gpu, tfjs-node, webgpu, wasm, cpu. Did you mean "wasm"?');
    expect(error.refusals).toEqual([]);
  });

  test('wasm is found from any working directory', async () => {
    const before = process.cwd();
    const wasm = (await import('@tensorflow/tfjs-backend-wasm')) as unknown;
    expect(wasm).toBeDefined();
    const factory = tf.findBackendFactory('wasm');
    tf.removeBackend('wasm');
    tf.registerBackend('wasm', factory, 2);
    try {
      // Worker threads cannot change directory; the tests run in processes.
      process.chdir(mkdtempSync(join(tmpdir(), 'trainscope-')));
      expect((await chooseBackend('wasm')).backend).toBe('wasm');
    } finally {
      process.chdir(before);
    }
  });
});

describe('the function that Node 23 took away', () => {
  test('is supplied where it is missing, once, and says so', () => {
    const util: { isNullOrUndefined?: (value: unknown) => boolean } = {};
    expect(supplyNullCheck(util)).toMatch(/util.isNullOrUndefined.*was supplied/);
    expect([null, undefined, 0, ''].map((value) => util.isNullOrUndefined?.(value))).toEqual([true, true, false, false]);
    expect(supplyNullCheck(util)).toBeUndefined();
  });

  test('is left alone where it is there', () => {
    const own = (): boolean => true;
    const util = { isNullOrUndefined: own };
    expect(supplyNullCheck(util)).toBeUndefined();
    expect(util.isNullOrUndefined).toBe(own);
  });
});
