import * as tf from '@tensorflow/tfjs-core';
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { exported, loadingFailed, versionOf, type LoadPackage } from './load-package.js';
import { supplyNullCheck } from './null-check.js';
import { withoutNewProcessListeners } from './wasm/process-listeners.js';
import { registerTrainingKernels } from './wasm/register.js';

/** In the order of 'auto': what computes fastest first, and the one that always works last. */
export const backendNames = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu'] as const;

export type BackendName = (typeof backendNames)[number];

/** A backend that works and is in use, or why it could not be had. */
export type Attempt =
  | { readonly works: true; readonly registeredAs: string; readonly version: string | undefined; readonly device: 'cpu' | 'gpu'; readonly notes: readonly string[] }
  | { readonly works: false; readonly reason: string };

const refused = (reason: string): Attempt => ({ works: false, reason });

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Makes a registered backend the one in use and has it multiply: [1 2; 3 4] x [5; 6] = [17; 39]. A backend that
 * initialises and then fails at its first kernel (a driver, a missing instruction set) is refused here rather than in step 1.
 */
async function useAndProbe(name: string): Promise<string | undefined> {
  // A package that brings a TensorFlow.js of its own registers with that one, and this one never sees it.
  if ((tf.findBackendFactory(name) as unknown) == null) return `no backend "${name}" was registered with the copy of @tensorflow/tfjs-core that trainscope uses`;
  try {
    if (!(await tf.setBackend(name))) return `the backend "${name}" did not initialise`;
    const product = tf.tidy(() => tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6], [2, 1])));
    const values = await product.data().finally(() => product.dispose());
    return values[0] === 17 && values[1] === 39 ? undefined : `it multiplied [1 2; 3 4] by [5; 6] to [${[...values]}] where [17, 39] is right`;
  } catch (error) {
    return `the backend "${name}" failed: ${text(error)}`;
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

async function webgpu(load: LoadPackage): Promise<Attempt> {
  const { navigator } = globalThis as { readonly navigator?: { readonly gpu?: unknown } };
  if (navigator?.gpu === undefined) {
    try {
      await load('webgpu');
    } catch (error) {
      return refused(loadingFailed('webgpu', error));
    }
    return refused('navigator.gpu is not there; Dawn through the package webgpu is not supported yet: set up the backend before training, and auto will keep it');
  }
  let module: unknown;
  try {
    module = await load('@tensorflow/tfjs-backend-webgpu');
  } catch (error) {
    return refused(loadingFailed('@tensorflow/tfjs-backend-webgpu', error));
  }
  const problem = await useAndProbe('webgpu');
  return problem === undefined ? { works: true, registeredAs: 'webgpu', version: versionOf(module, 'version_webgpu'), device: 'gpu', notes: [] } : refused(problem);
}

async function wasm(load: LoadPackage): Promise<Attempt> {
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
  } catch (error) {
    return refused(loadingFailed('@tensorflow/tfjs-backend-wasm', error));
  }
  const problem = await withoutNewProcessListeners(() => useAndProbe('wasm'));
  return problem === undefined ? { works: true, registeredAs: 'wasm', version: versionOf(module, 'version_wasm'), device: 'cpu', notes: [] } : refused(problem);
}

async function cpu(load: LoadPackage): Promise<Attempt> {
  let module: unknown;
  try {
    module = await load('@tensorflow/tfjs-backend-cpu');
  } catch (error) {
    return refused(loadingFailed('@tensorflow/tfjs-backend-cpu', error));
  }
  const problem = await useAndProbe('cpu');
  return problem === undefined ? { works: true, registeredAs: 'cpu', version: versionOf(module, 'version_cpu'), device: 'cpu', notes: [] } : refused(problem);
}

/** Tries one backend. It is the one in use when this works; when it does not, any backend may be, or none. */
export const attempts: Readonly<Record<BackendName, (load: LoadPackage) => Promise<Attempt>>> = {
  'tfjs-node-gpu': (load) => native('@tensorflow/tfjs-node-gpu', load),
  'tfjs-node': (load) => native('@tensorflow/tfjs-node', load),
  webgpu,
  wasm,
  cpu,
};
