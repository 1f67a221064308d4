import * as tf from '@tensorflow/tfjs-core';
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { restoreFactory } from './factories.js';
import { exported, loadingFailed, versionOf, type LoadPackage } from './load-package.js';
import { supplyNullCheck } from './null-check.js';
import { withoutNewProcessListeners } from './wasm/process-listeners.js';
import { thrownText } from '../thrown-text.js';
import { guardMemoryInUse } from './wasm/guard-memory.js';
import { registerTrainingKernels } from './wasm/register.js';
import { findAdapter, type WebgpuOptions } from './webgpu/adapter.js';
import type { GpuAdapter } from './webgpu/gpu.js';
import { makeBackend, type BackendClass } from './webgpu/make-backend.js';
import { mendCast } from './webgpu/mend-cast.js';

/** In the order of 'auto': what computes fastest first, and the one that always works last. */
export const backendNames = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu'] as const;

export type BackendName = (typeof backendNames)[number];

/** A backend that works and is in use, or why it could not be had. */
export type Attempt =
  | {
      readonly works: true;
      readonly registeredAs: string;
      readonly version: string | undefined;
      readonly device: 'cpu' | 'gpu' | undefined;
      readonly deviceName?: string;
      readonly notes: readonly string[];
    }
  | { readonly works: false; readonly reason: string; readonly remedy: string | undefined };

const refused = (reason: string, remedy?: string): Attempt => ({ works: false, reason, remedy });

/** Kernels stay when their backend is removed: those of a package's own copy of TensorFlow.js are not seen here at all. */
const isRemoved = (name: string): boolean => (name === 'wasm' || name === 'cpu') && tf.getKernelsForBackend(name).length > 0;

/**
 * Makes a registered backend the one in use and has it multiply: [1 2; 3 4] x [5; 6] = [17; 39]. A backend that
 * initialises and then fails at its first kernel (a driver, a missing instruction set) is refused here rather than in step 1.
 */
async function useAndProbe(name: string): Promise<string | undefined> {
  // A package that brings a TensorFlow.js of its own registers with that one, and this one never sees it.
  if ((tf.findBackendFactory(name) as unknown) == null) return isRemoved(name) ? `tf.removeBackend took the backend "${name}" away before trainscope saw it, and its package registers it once alone` : `no backend "${name}" was registered with the copy of @tensorflow/tfjs-core that trainscope uses`;
  try {
    if (!(await tf.setBackend(name))) return `the backend "${name}" did not initialise`;
    const product = tf.tidy(() => tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6], [2, 1])));
    const values = await product.data().finally(() => product.dispose());
    return values[0] === 17 && values[1] === 39 ? undefined : `it multiplied [1 2; 3 4] by [5; 6] to [${[...values]}] where [17, 39] is right`;
  } catch (error) {
    return `the backend "${name}" failed: ${thrownText(error)}`;
  }
}

async function native(packageName: '@tensorflow/tfjs-node' | '@tensorflow/tfjs-node-gpu', load: LoadPackage): Promise<Attempt> {
  const note = supplyNullCheck();
  let module: unknown;
  try {
    module = await load(packageName);
  } catch (error) {
    return refused(loadingFailed(packageName, error));
  }
  const problem = await useAndProbe('tensorflow');
  if (problem !== undefined) return refused(problem);
  const device = exported(tf.backend(), 'isUsingGpuDevice') === true ? 'gpu' : 'cpu';
  if (packageName === '@tensorflow/tfjs-node-gpu' && device === 'cpu') {
    // Both packages register as "tensorflow"; the next one could not otherwise.
    tf.removeBackend('tensorflow');
    return refused('it sees no GPU and would compute on the CPU, as @tensorflow/tfjs-node does');
  }
  // Either package gives its version under tfjs-node's name.
  return { works: true, registeredAs: 'tensorflow', version: versionOf(module, 'tfjs-node'), device, notes: note === undefined ? [] : [note] };
}

/** How a backend is asked for. */
export interface Asked {
  readonly load: LoadPackage;
  readonly webgpu: WebgpuOptions;
  /** Whether by its name, rather than as one of those that 'auto' tries. */
  readonly byName: boolean;
}

async function webgpu({ load, webgpu: options, byName }: Asked): Promise<Attempt> {
  const packageName = '@tensorflow/tfjs-backend-webgpu';
  // The one that is there may have tensors of the caller's on it.
  if (Object.hasOwn(tf.engine().registry, 'webgpu')) {
    mendCast();
    const problem = await useAndProbe('webgpu');
    const notes = ['webgpu was set up before and stays on its device; tf.removeBackend("webgpu") ends it, for another to be chosen'];
    return problem === undefined ? { works: true, registeredAs: 'webgpu', version: undefined, device: undefined, notes } : refused(problem);
  }
  const found = await findAdapter(load, options);
  if ('reason' in found) return refused(found.reason, found.remedy);
  const { gpu, adapter, request, name, software } = found;
  if (software && !byName && options.adapter === undefined) {
    return refused(`the adapter "${name}" computes on the CPU, slower than wasm does; auto takes it when it is asked for by name (webgpu: { adapter: '...' })`);
  }
  let module: unknown;
  try {
    module = await load(packageName);
  } catch (error) {
    return refused(loadingFailed(packageName, error), `npm install ${packageName}`);
  }
  const Backend = exported(module, 'WebGPUBackend');
  if (typeof Backend !== 'function') return refused(`${packageName} exports no WebGPUBackend`, 'Install version 4.22.');
  if (tf.getKernelsForBackend('webgpu').length === 0) return refused(`${packageName} registered its kernels with another copy of @tensorflow/tfjs-core than the one trainscope uses`);
  mendCast();
  try {
    // Loaded before, from the cache; where navigator.gpu is the runtime's, the scope has the classes already.
    const globals = (exported(Object.hasOwn(globalThis, 'GPUBuffer') ? undefined : await load('webgpu'), 'globals') ?? {}) as Readonly<Record<string, unknown>>;
    const make = (from: GpuAdapter): Promise<tf.KernelBackend> => makeBackend(Backend as BackendClass, gpu, from, globals);
    // Made before it is registered: TensorFlow.js prints why a backend did not initialise, and answers with false alone.
    let first: tf.KernelBackend | undefined = await make(adapter);
    // With a navigator.gpu there, the package has registered itself, with whatever adapter comes first.
    if ((tf.findBackendFactory('webgpu') as unknown) != null) tf.removeBackend('webgpu');
    tf.registerBackend('webgpu', async () => {
      const made = first;
      first = undefined;
      if (made !== undefined) return made;
      const next = await request();
      if (next === null) throw new Error(`the WebGPU adapter "${name}" is gone`);
      return make(next);
    }, 3);
  } catch (error) {
    return refused(`the device of the adapter "${name}" could not be set up: ${thrownText(error)}`);
  }
  const problem = await useAndProbe('webgpu');
  if (problem !== undefined) {
    // Ends the device as well.
    tf.removeBackend('webgpu');
    return refused(problem);
  }
  const notes = software ? [`the WebGPU adapter "${name}" computes on the CPU, slower than wasm does`] : [];
  return { works: true, registeredAs: 'webgpu', version: versionOf(module, 'version_webgpu'), device: software ? 'cpu' : 'gpu', deviceName: name, notes };
}

async function wasm({ load }: Asked): Promise<Attempt> {
  let module: unknown;
  try {
    module = await load('@tensorflow/tfjs-backend-wasm');
    const initialised = Object.hasOwn(tf.engine().registry, 'wasm');
    const setWasmPaths = exported(module, 'setWasmPaths');
    if (!initialised && typeof setWasmPaths === 'function') {
      // Bundlers and loaders move the JavaScript away from the .wasm files; the package's own folder always has them.
      const binary = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm');
      (setWasmPaths as (prefix: string) => void)(`${dirname(binary)}${sep}`);
    }
    registerTrainingKernels();
    restoreFactory('wasm');
  } catch (error) {
    return refused(loadingFailed('@tensorflow/tfjs-backend-wasm', error));
  }
  const problem = await withoutNewProcessListeners(() => useAndProbe('wasm'));
  if (problem === undefined) guardMemoryInUse();
  return problem === undefined ? { works: true, registeredAs: 'wasm', version: versionOf(module, 'version_wasm'), device: 'cpu', notes: [] } : refused(problem);
}

async function cpu({ load }: Asked): Promise<Attempt> {
  let module: unknown;
  try {
    module = await load('@tensorflow/tfjs-backend-cpu');
  } catch (error) {
    return refused(loadingFailed('@tensorflow/tfjs-backend-cpu', error));
  }
  restoreFactory('cpu');
  const problem = await useAndProbe('cpu');
  return problem === undefined ? { works: true, registeredAs: 'cpu', version: versionOf(module, 'version_cpu'), device: 'cpu', notes: [] } : refused(problem);
}

/** Tries one backend. It is the one in use when this works; when it does not, any backend may be, or none. */
export const attempts: Readonly<Record<BackendName, (asked: Asked) => Promise<Attempt>>> = {
  'tfjs-node-gpu': ({ load }) => native('@tensorflow/tfjs-node-gpu', load),
  'tfjs-node': ({ load }) => native('@tensorflow/tfjs-node', load),
  webgpu,
  wasm,
  cpu,
};
