import * as tf from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { BackendChoice, chooseBackend as ChooseBackend, LoadPackage, WebgpuOptions } from '../../src/backend/index.js';
import type { BackendError } from '../../src/errors.js';

let chooseBackend: typeof ChooseBackend;

interface Card {
  readonly backend: string;
  readonly name: string;
  readonly vendor?: string;
  readonly fallback?: boolean;
}

const geforce: Card = { backend: 'vulkan', name: 'NVIDIA GeForce RTX 3070', vendor: 'nvidia' };
const radeon: Card = { backend: 'vulkan', name: 'AMD Radeon RX 6600', vendor: 'amd' };
const swiftshader: Card = { backend: 'vulkan', name: 'SwiftShader Device (Subzero)', vendor: 'google', fallback: true };
const llvmpipe: Card = { backend: 'vulkan', name: 'llvmpipe (LLVM 15.0.6, 256 bits)', vendor: 'mesa' };

class Device {
  destroyed = false;
  readonly lost = new Promise<never>(() => undefined);
  #listener: ((event: { error: { message: string } }) => void) | undefined;
  constructor(readonly asked: { requiredFeatures: string[]; requiredLimits: Record<string, unknown> }) {}
  addEventListener(_: 'uncapturederror', listener: (event: { error: { message: string } }) => void): void {
    this.#listener = listener;
  }
  report(message: string): void {
    this.#listener?.({ error: { message } });
  }
  destroy(): void {
    this.destroyed = true;
  }
}

/** The public surface of the package webgpu on a machine with these cards, and what was asked of it. */
function machine(...cards: readonly Card[]) {
  const created: string[][] = [];
  const preferences: string[] = [];
  const devices: Device[] = [];
  const create = (options: string[]): unknown => {
    created.push(options);
    return {
      requestAdapter: async ({ powerPreference }: { powerPreference: string }) => {
        preferences.push(powerPreference);
        const wanted = options.find((option) => option.startsWith('adapter='))?.slice('adapter='.length);
        const card = wanted === undefined ? cards[0] : cards.find(({ name }) => name === wanted);
        if (card === undefined && wanted !== undefined) throw new Error(`no suitable backends found\nAvailable adapters:\n${cards.map(({ backend, name }) => ` * backend: '${backend}', name: '${name}'\n`).join('')}`);
        if (card === undefined) return null;
        return {
          info: { vendor: card.vendor ?? '', architecture: '', device: '', description: card.name, isFallbackAdapter: card.fallback === true },
          features: new Set(['timestamp-query']),
          limits: { maxBufferSize: 4096, maxBindGroups: 4 },
          requestDevice: async (asked: ConstructorParameters<typeof Device>[0]) => {
            const device = new Device(asked);
            devices.push(device);
            return device;
          },
        };
      },
    };
  };
  let constructedWithGpu = false;
  let reading: (() => never) | undefined;
  const load: LoadPackage = async (name) => {
    if (name === 'webgpu') return { create, globals: { GPUBuffer: class { size = 0; }, GPUBufferUsage: { MAP_READ: 1 } } };
    if (name === '@tensorflow/tfjs-backend-wasm' || name === '@tensorflow/tfjs-backend-cpu') return import(name) as Promise<unknown>;
    if (name !== '@tensorflow/tfjs-backend-webgpu') throw Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' });
    for (const kernel of tf.getKernelsForBackend('cpu')) if ((tf.getKernel(kernel.kernelName, 'webgpu') as unknown) == null) tf.registerKernel({ ...kernel, backendName: 'webgpu' });
    return {
      WebGPUBackend: class extends MathBackendCPU {
        constructor(readonly device: Device) {
          super();
          constructedWithGpu = (globalThis as { navigator?: { gpu?: unknown } }).navigator?.gpu !== undefined;
        }
        override readSync(id: object): ReturnType<MathBackendCPU['readSync']> {
          reading?.();
          return super.readSync(id);
        }
      },
    };
  };
  return {
    created, preferences, devices, load,
    constructedWithGpu: () => constructedWithGpu,
    failReads: (message: string) => {
      reading = () => { throw new ReferenceError(message); };
    },
    choose: (choice: 'auto' | 'webgpu', webgpu?: WebgpuOptions): Promise<BackendChoice> => chooseBackend(choice, { load, ...(webgpu === undefined ? {} : { webgpu }) }),
  };
}

const failure = async (promise: Promise<unknown>): Promise<BackendError> => {
  const error: unknown = await promise.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  return error as BackendError;
};

beforeEach(async () => {
  vi.resetModules();
  ({ chooseBackend } = await import('../../src/backend/index.js'));
  if ((tf.findBackendFactory('webgpu') as unknown) != null) tf.removeBackend('webgpu');
  Object.assign(tf.engine(), { backendName: undefined });
});

describe('webgpu through Dawn (stand-ins)', () => {
  test('takes the adapter that Dawn gives first and says which, with the limits and features that the shaders need alone', async () => {
    const pc = machine(geforce, swiftshader);
    expect(await pc.choose('webgpu')).toEqual({ backend: 'webgpu', registeredAs: 'webgpu', kept: false, version: undefined, device: 'gpu', deviceName: 'nvidia NVIDIA GeForce RTX 3070', refusals: [], notes: [] });
    expect(pc.created).toEqual([[]]);
    expect(pc.preferences).toEqual(['high-performance']);
    expect(pc.devices.map(({ asked }) => asked.requiredFeatures)).toEqual([['timestamp-query']]);
    expect(Object.keys(pc.devices[0]!.asked.requiredLimits)).toContain('maxBufferSize');
    expect(Object.keys(pc.devices[0]!.asked.requiredLimits)).not.toContain('maxBindGroups');
  });

  test('has a navigator.gpu while the backend is made, none after, and the two globals that it was given', async () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    const pc = machine(geforce);
    await pc.choose('webgpu');
    expect(pc.constructedWithGpu()).toBe(true);
    expect(Object.getOwnPropertyDescriptor(globalThis, 'navigator')).toEqual(before);
    expect((globalThis as { navigator?: { gpu?: unknown } }).navigator?.gpu).toBeUndefined();
    expect((globalThis as { GPUBufferUsage?: unknown }).GPUBufferUsage).toEqual({ MAP_READ: 1 });
  });

  test('finds an adapter by a part of its name in any case, and asks Dawn for that one on its backend', async () => {
    const pc = machine(geforce, radeon, swiftshader);
    expect(await pc.choose('webgpu', { adapter: 'radeon', powerPreference: 'low-power', dawn: ['enable-dawn-features=dump_shaders'] })).toMatchObject({ device: 'gpu', deviceName: 'AMD Radeon RX 6600' });
    expect(pc.created.at(-1)).toEqual(['enable-dawn-features=dump_shaders', 'backend=vulkan', 'adapter=AMD Radeon RX 6600']);
    expect(pc.preferences.at(-1)).toBe('low-power');
  });

  test('an adapter that is not there is BACKEND_UNAVAILABLE with the names of those that are', async () => {
    const error = await failure(machine(geforce, swiftshader).choose('webgpu', { adapter: 'arc' }));
    expect(error.code).toBe('BACKEND_UNAVAILABLE');
    expect(error.message).toContain('no adapter with "arc" in its name; it sees "NVIDIA GeForce RTX 3070" (vulkan), "SwiftShader Device (Subzero)" (vulkan)');
  });

  test('no adapter at all is BACKEND_UNAVAILABLE that says what was asked for and what to install', async () => {
    const error = await failure(machine().choose('webgpu', { powerPreference: 'low-power', dawn: ['backend=vulkan'] }));
    expect(error.code).toBe('BACKEND_UNAVAILABLE');
    expect(error.message).toContain('webgpu: no WebGPU adapter was found (asked for: powerPreference low-power, backend=vulkan)');
    expect(error.remedy).toMatch(process.platform === 'linux' ? /^Install a Vulkan driver and its loader/ : /driver/);
    expect((globalThis as { navigator?: { gpu?: unknown } }).navigator?.gpu).toBeUndefined();
  });

  test('no adapter under auto is a refusal, and wasm is taken', async () => {
    const choice = await machine().choose('auto');
    expect(choice.backend).toBe('wasm');
    expect(choice.refusals[2]).toEqual({ backend: 'webgpu', reason: 'no WebGPU adapter was found (asked for: powerPreference high-performance)' });
  });

  test.each([['one that says so', swiftshader], ['one that is known by its name', llvmpipe]])('auto takes no adapter that computes on the CPU: %s', async (_, card) => {
    const pc = machine(card);
    const choice = await pc.choose('auto');
    expect(choice.backend).toBe('wasm');
    expect(choice.refusals[2]!.reason).toMatch(/computes on the CPU, slower than wasm does; auto takes it when it is asked for by name/);
    expect(choice.refusals[2]!.reason).toContain(card.name);
    expect(pc.devices).toEqual([]);
  });

  test('auto takes one that computes on the CPU when it is named, and the choice says so', async () => {
    expect(await machine(swiftshader).choose('auto', { adapter: 'SwiftShader' })).toMatchObject({
      backend: 'webgpu', device: 'cpu', deviceName: 'SwiftShader Device (Subzero)', notes: ['the WebGPU adapter "SwiftShader Device (Subzero)" computes on the CPU, slower than wasm does'],
    });
  });

  test('webgpu asked for by name takes one that computes on the CPU', async () => {
    expect(await machine(llvmpipe).choose('webgpu')).toMatchObject({ backend: 'webgpu', device: 'cpu' });
  });

  test('auto takes a GPU before wasm', async () => {
    expect(await machine(geforce).choose('auto')).toMatchObject({ backend: 'webgpu', device: 'gpu' });
  });

  test('a navigator.gpu that is there is used, and Dawn is not loaded', async () => {
    const pc = machine(geforce);
    const gpu = (await pc.load('webgpu') as { create: (options: string[]) => unknown }).create([]);
    const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
    try {
      const load: LoadPackage = async (name) => (name === 'webgpu' ? Promise.reject(new Error('Dawn was loaded')) : pc.load(name));
      expect(await chooseBackend('webgpu', { load })).toMatchObject({ deviceName: 'nvidia NVIDIA GeForce RTX 3070' });
      expect((globalThis as { navigator?: { gpu?: unknown } }).navigator?.gpu).toBe(gpu);
      tf.removeBackend('webgpu');
      expect((await failure(chooseBackend('webgpu', { load, webgpu: { adapter: 'radeon' } }))).message).toContain('navigator.gpu gives the adapter "nvidia NVIDIA GeForce RTX 3070", which has no "radeon" in its name');
    } finally {
      if (before === undefined) Reflect.deleteProperty(globalThis, 'navigator');
      else Object.defineProperty(globalThis, 'navigator', before);
    }
  });
});

describe('the device of webgpu (stand-ins)', () => {
  test('is destroyed with the backend, and choosing again makes another', async () => {
    const pc = machine(geforce);
    await pc.choose('webgpu');
    tf.removeBackend('webgpu');
    expect(pc.devices.map(({ destroyed }) => destroyed)).toEqual([true]);
    await pc.choose('webgpu');
    expect(pc.devices.map(({ destroyed }) => destroyed)).toEqual([true, false]);
  });

  test('stays when webgpu is chosen a second time: tensors live on it', async () => {
    const pc = machine(geforce);
    await pc.choose('webgpu');
    const again = await pc.choose('webgpu', { adapter: 'radeon' });
    expect(pc.devices.length).toBe(1);
    expect(again.notes[0]).toMatch(/was set up before and stays on its device/);
  });

  test('is let go when the backend multiplies wrongly', async () => {
    const pc = machine(geforce);
    await pc.load('@tensorflow/tfjs-backend-webgpu');
    const stock = tf.getKernel('BatchMatMul', 'webgpu');
    tf.unregisterKernel('BatchMatMul', 'webgpu');
    tf.registerKernel({ ...stock, kernelFunc: ({ backend }) => (backend as Pick<MathBackendCPU, 'makeTensorInfo'>).makeTensorInfo([2, 1], 'float32', new Float32Array(2)) });
    const error = await failure(pc.choose('webgpu'));
    tf.unregisterKernel('BatchMatMul', 'webgpu');
    tf.registerKernel(stock);
    expect(error.message).toContain('it multiplied [1 2; 3 4] by [5; 6] to [0,0]');
    expect(pc.devices.map(({ destroyed }) => destroyed)).toEqual([true]);
    expect(Object.hasOwn(tf.engine().registryFactory, 'webgpu')).toBe(false);
  });

  test('that reports an error makes the next read throw BACKEND_DEVICE with what it said', async () => {
    const pc = machine(geforce);
    await pc.choose('webgpu');
    const x = tf.tensor1d([1, 2]);
    expect([...(await x.data())]).toEqual([1, 2]);
    pc.devices[0]!.report('out of memory');
    const error = await failure(x.data());
    expect(error.code).toBe('BACKEND_DEVICE');
    expect(error.message).toBe("the webgpu device reported: out of memory; what is computed after that cannot be trusted. Train on another backend, for one with backend: 'wasm'.");
    x.dispose();
  });

  test('that cannot be read at once makes dataSync() throw BACKEND_SYNC_READ with what to write instead', async () => {
    const pc = machine(geforce);
    await pc.choose('webgpu');
    const x = tf.tensor1d([1, 2]);
    pc.failReads('OffscreenCanvas is not defined');
    const error = await failure(Promise.resolve().then(() => x.dataSync()));
    expect(error).toMatchObject({ code: 'BACKEND_SYNC_READ', remedy: 'Write await tensor.data() or await tensor.array().' });
    expect(error.message).toContain('OffscreenCanvas is not defined');
    x.dispose();
  });
});
