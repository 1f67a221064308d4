import type { DataId, KernelBackend } from '@tensorflow/tfjs-core';
import { BackendError } from '../../errors.js';
import { thrownText } from '../../thrown-text.js';
import type { AdapterInfo, Gpu, GpuAdapter, GpuDevice } from './gpu.js';

export type BackendClass = new (device: GpuDevice, info: AdapterInfo | undefined) => KernelBackend;

/** What the backend reads of the global scope while it computes; the package webgpu has them under `globals`. */
const globalsRead = ['GPUBuffer', 'GPUBufferUsage', 'GPUMapMode', 'GPUTexture', 'GPUTextureUsage'] as const;

/**
 * Supplies those that are missing. They stay, as a tensor may outlive its backend and be looked at with `instanceof
 * GPUBuffer` when it is disposed of; none of them keeps a process alive.
 */
function supplyGlobals(globals: Readonly<Record<string, unknown>>): void {
  const scope = globalThis as Record<string, unknown>;
  for (const name of globalsRead) {
    if (scope[name] === undefined) Object.defineProperty(globalThis, name, { value: globals[name], configurable: true, writable: true, enumerable: false });
  }
}

/** Runs `f` with a navigator.gpu, which the backend's constructor asks for and nothing later does, and leaves none behind. */
function withNavigatorGpu<T>(gpu: Gpu, f: () => T): T {
  const scope = globalThis as { navigator?: { gpu?: unknown } };
  if (scope.navigator?.gpu !== undefined) return f();
  // Node has a navigator from version 21 on.
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  const own = scope.navigator;
  if (own === undefined) Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true, writable: true });
  else Object.defineProperty(own, 'gpu', { value: gpu, configurable: true });
  try {
    return f();
  } finally {
    if (own !== undefined) delete own.gpu;
    else if (before !== undefined) Object.defineProperty(globalThis, 'navigator', before);
    else delete scope.navigator;
  }
}

/** What the shaders of tfjs-backend-webgpu 4.22 count on beyond a device's defaults, as its own registration asks for them. */
const limits = [
  'maxComputeWorkgroupStorageSize', 'maxComputeWorkgroupsPerDimension', 'maxStorageBufferBindingSize',
  'maxBufferSize', 'maxComputeWorkgroupSizeX', 'maxComputeInvocationsPerWorkgroup',
] as const;
const features = ['timestamp-query', 'bgra8unorm-storage'] as const;

/**
 * A backend on a device of its own, which ends with it. Beyond what TensorFlow.js does:
 * - what the device reports (a shader it refuses, memory it lacks, its loss) makes the next read throw BackendError
 *   BACKEND_DEVICE, where it would else be a line on stderr and zeros in the tensor;
 * - dataSync(), which needs a canvas to read from the device, throws BackendError BACKEND_SYNC_READ where there is none.
 */
export async function makeBackend(Backend: BackendClass, gpu: Gpu, adapter: GpuAdapter, globals: Readonly<Record<string, unknown>>): Promise<KernelBackend> {
  const device = await adapter.requestDevice({
    requiredFeatures: features.filter((name) => adapter.features.has(name)),
    requiredLimits: Object.fromEntries(limits.map((name) => [name, adapter.limits[name]])),
  });
  supplyGlobals(globals);
  const backend = withNavigatorGpu(gpu, () => new Backend(device, adapter.info));

  let trouble: string | undefined;
  let disposed = false;
  device.addEventListener?.('uncapturederror', ({ error }) => {
    trouble ??= error?.message ?? 'an error without a message';
  });
  void device.lost?.then(({ reason, message }) => {
    if (!disposed) trouble ??= `the device was lost (${reason}): ${message}`;
  });
  const check = (cause?: unknown): void => {
    if (trouble === undefined) return;
    throw new BackendError('BACKEND_DEVICE', {
      found: `the webgpu device reported: ${trouble.trim()}`,
      expected: 'what is computed after that cannot be trusted',
      remedy: "Train on another backend, for one with backend: 'wasm'.",
      ...(cause === undefined ? {} : { cause }),
    });
  };

  const read = backend.read.bind(backend);
  const readSync = backend.readSync.bind(backend);
  const dispose = backend.dispose.bind(backend);
  backend.read = async (dataId: DataId) => {
    const values = await read(dataId).catch((error: unknown) => {
      check(error);
      throw error;
    });
    check();
    return values;
  };
  backend.readSync = (dataId: DataId) => {
    try {
      return readSync(dataId);
    } catch (error) {
      if (Object.hasOwn(globalThis, 'OffscreenCanvas')) throw error;
      throw new BackendError('BACKEND_SYNC_READ', {
        found: `a tensor on the GPU was read with dataSync() or arraySync(): ${thrownText(error)}`,
        expected: 'webgpu in Node can only be waited for',
        remedy: 'Write await tensor.data() or await tensor.array().',
        cause: error,
      });
    }
  };
  backend.dispose = () => {
    disposed = true;
    dispose();
    device.destroy();
  };
  return backend;
}
