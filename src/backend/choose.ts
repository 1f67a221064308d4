import * as tf from '@tensorflow/tfjs-core';
import { BackendError, type BackendRefusal } from '../errors.js';
import { supplyChainedOps } from './chained-ops.js';
import { attempts, backendNames, type BackendName } from './candidate.js';
import { checkBackendName, checkChooseOptions } from './choose-options.js';
import { supplyConv3DTransposeGradient } from './conv3d-transpose-gradient.js';
import { noteFactories } from './factories.js';
import { loadInstalled, type LoadPackage } from './load-package.js';
import { guardMemoryInUse } from './wasm/guard-memory.js';
import { registerTrainingKernels } from './wasm/register.js';
import type { WebgpuOptions } from './webgpu/adapter.js';
import { mendCast } from './webgpu/mend-cast.js';

export { backendNames, type BackendName } from './candidate.js';

export interface BackendChoice {
  /** The name that was chosen; for a backend that the caller had set up, the name TensorFlow.js knows it by. */
  readonly backend: string;
  /** What tf.getBackend() answers: tfjs-node and tfjs-node-gpu both register as "tensorflow". */
  readonly registeredAs: string;
  /** Whether the caller had set it up and it was kept. */
  readonly kept: boolean;
  /** Of the backend's package, where it gives one. */
  readonly version: string | undefined;
  /** Where it computes, where that is known. */
  readonly device: 'cpu' | 'gpu' | undefined;
  /** The device's own name, where the backend has a choice of several: of webgpu, the adapter's. */
  readonly deviceName: string | undefined;
  /** Those tried before it, in order, each with its reason. */
  readonly refusals: readonly BackendRefusal[];
  /** What was done beyond choosing, for the run's log. */
  readonly notes: readonly string[];
}

export interface ChooseBackendOptions {
  /**
   * Loads the packages of backends; `import()` by default. A stand-in that has the same public surface (it registers
   * its backend with tf.registerBackend) is how the native choices are tested without their binaries.
   */
  readonly load?: LoadPackage;
  /** The device of webgpu, where that is chosen or 'auto' comes to it. */
  readonly webgpu?: WebgpuOptions;
}

/** The last choice of this process, to tell a backend that we set up from one that the caller did. */
let lastChoice: BackendChoice | undefined;

/** The name in use, if any: before the first tensor there is none, which the types of TensorFlow.js leave out. */
const inUse = (): string | undefined => {
  const name = tf.getBackend() as string | undefined;
  return name !== undefined && Object.hasOwn(tf.engine().registry, name) ? name : undefined;
};

function keep(name: string): BackendChoice {
  const notes = [`the backend "${name}" was already set up and is kept`];
  if (name === 'wasm') {
    registerTrainingKernels();
    guardMemoryInUse();
    notes.push('the kernels that training needs were added to it');
  }
  if (name === 'webgpu') {
    mendCast();
    notes.push('its cast of integers to floats was mended');
  }
  return { backend: name, registeredAs: name, kept: true, version: undefined, device: undefined, deviceName: undefined, refusals: [], notes };
}

/**
 * Sets up the TensorFlow.js backend to train on and says which it is, and why not the others.
 *
 * 'auto' (the default) keeps a backend that the caller has set up already; else it takes the first that works of
 * tfjs-node-gpu, tfjs-node, webgpu, wasm and cpu. Working means: it loads, initialises, and multiplies two small
 * matrices rightly. A package that is not installed is a refusal, never an error. A name takes that backend or none.
 * wasm gets the training kernels; tfjs-node on Node 23 and later gets the one util function that it misses (in `notes`).
 *
 * webgpu takes navigator.gpu where that is there, else Dawn from the package webgpu; `webgpu` says which adapter. 'auto'
 * takes none that computes on the CPU unless `webgpu.adapter` names it. Its tensors can be read with await alone, and its
 * device ends with tf.removeBackend('webgpu').
 *
 * The choices tfjs-node and tfjs-node-gpu are tested against stand-ins of the same public surface, as their binaries are
 * downloaded at installation; wasm and cpu against the packages themselves, webgpu against both.
 *
 * Throws BackendError: BACKEND_UNKNOWN for a name that is none of these, BACKEND_UNAVAILABLE, with `refusals`,
 * when what was asked for cannot be had; and ConfigError OPTIONS_INVALID.
 *
 * @example
 * const { backend, refusals } = await chooseBackend('auto');
 * @example
 * const { deviceName } = await chooseBackend('webgpu', { webgpu: { adapter: 'nvidia' } });
 */
export function chooseBackend(choice: 'auto' | BackendName = 'auto', options: ChooseBackendOptions = {}): Promise<BackendChoice> {
  // One choice at a time: TensorFlow.js has one backend in use, and two that are set up at once break each other.
  const chosen = lastTurn.then(() => choose(choice, options));
  lastTurn = chosen.catch(() => undefined);
  return chosen;
}

let lastTurn: Promise<unknown> = Promise.resolve();

async function choose(given: unknown, options: ChooseBackendOptions): Promise<BackendChoice> {
  const choice = checkBackendName(given);
  checkChooseOptions(options);
  const { load = loadInstalled, webgpu = {} } = options;
  supplyChainedOps();
  supplyConv3DTransposeGradient();
  noteFactories();
  const current = inUse();
  if (choice === 'auto' && current !== undefined) {
    if (current !== lastChoice?.registeredAs) return keep(current);
    // It may have been taken down and set up anew since.
    if (current === 'wasm') guardMemoryInUse();
    return lastChoice;
  }

  const refusals: BackendRefusal[] = [];
  let remedy: string | undefined;
  for (const backend of choice === 'auto' ? backendNames : [choice]) {
    const attempt = await attempts[backend]({ load, webgpu, byName: choice !== 'auto' });
    if (attempt.works) {
      const { registeredAs, version, device, deviceName, notes } = attempt;
      lastChoice = { backend, registeredAs, kept: false, version, device, deviceName, refusals, notes };
      return lastChoice;
    }
    refusals.push({ backend, reason: attempt.reason });
    remedy = attempt.remedy;
  }
  // A failed attempt may have left its backend, or none, in use.
  if (current !== undefined && tf.getBackend() !== current) await tf.setBackend(current);
  throw new BackendError('BACKEND_UNAVAILABLE', {
    found: choice === 'auto' ? 'no backend could be set up' : `the backend ${choice} cannot be had`,
    expected: refusals.map(({ backend, reason }) => `${backend}: ${reason}`).join('; '),
    remedy: choice === 'auto' ? 'Reinstall @tensorflow/tfjs-backend-cpu, which needs nothing but JavaScript.' : (remedy ?? "Install what is missing, or use 'auto' to take the first backend that works."),
    refusals,
  });
}
