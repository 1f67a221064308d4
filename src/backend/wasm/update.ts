import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { BackendError } from '../../errors.js';
import { cpuKernel, cpuLoops } from '../cpu-update.js';
import { address, simdOf, type SimdLoops } from './simd.js';
import { input, type WasmBackend } from './training-kernel.js';

interface Decayed {
  /** Learning rate. */
  readonly rate: number;
  /** What decoupled decay leaves of a weight: 1 - rate x decay, 1 for none. */
  readonly kept: number;
  /** What l2 decay adds of a weight to its gradient, 0 for none. */
  readonly penalty: number;
}

/** One update of one weight, as TensorFlow.js's optimizer of the name does it. */
export type UpdateRule = Decayed &
  (
    | { readonly name: 'sgd' }
    | { readonly name: 'momentum'; readonly momentum: number; readonly nesterov: boolean }
    /** `correction` are 1 / (1 - beta^step). */
    | { readonly name: 'adam'; readonly beta1: number; readonly beta2: number; readonly correction1: number; readonly correction2: number; readonly epsilon: number }
    | { readonly name: 'rmsprop'; readonly decay: number; readonly momentum: number; readonly epsilon: number }
  );

type Rules = { readonly [Name in UpdateRule['name']]: Extract<UpdateRule, { name: Name }> };

interface Update<Rule> {
  readonly kernel: string;
  readonly loop: keyof SimdLoops & keyof typeof cpuLoops;
  /** How many slots a weight has: momenta, mean squares. */
  readonly slots: number;
  /** What the loop takes behind the addresses. */
  readonly numbers: (rule: Rule) => readonly number[];
}

const updates: { readonly [Name in keyof Rules]: Update<Rules[Name]> } = {
  sgd: { kernel: 'TrainscopeSgd', loop: 'sgd', slots: 0, numbers: ({ rate, kept, penalty }) => [rate, kept, penalty] },
  momentum: {
    kernel: 'TrainscopeMomentum',
    loop: 'momentum',
    slots: 1,
    numbers: ({ rate, momentum, nesterov, kept, penalty }) => [rate, momentum, nesterov ? 1 : 0, kept, penalty],
  },
  adam: {
    kernel: 'TrainscopeAdam',
    loop: 'adam',
    slots: 2,
    numbers: ({ rate, beta1, beta2, correction1, correction2, epsilon, kept, penalty }) => [rate, beta1, 1 - beta1, beta2, 1 - beta2, correction1, correction2, epsilon, kept, penalty],
  },
  rmsprop: {
    kernel: 'TrainscopeRmsProp',
    loop: 'rmsProp',
    slots: 2,
    numbers: ({ rate, decay, momentum, epsilon, kept, penalty }) => [rate, decay, 1 - decay, momentum, epsilon, kept, penalty],
  },
};

const slotName = (at: number): string => `slot${at}`;

/**
 * The kernel of an update: from a weight, its gradient and its slots to the new weight and the new slots. All results
 * are new buffers, never the ones that were read: clones of a weight share its buffer, and XNNPACK keeps a packed copy
 * of every filter by its identity, so that a weight which changed in place would go on being used as it was.
 * (In place gains nothing either: 0.195 ms against 0.197 for Adam of 235,000 parameters, where the stock optimizer's
 * 12 kernels take 1.2 ms and a loop in JavaScript 1.5.) Temporaries: none but the results.
 */
const updateKernel = ({ loop, slots }: Update<never>) => ({ inputs, attrs, backend }: { inputs: tf.NamedTensorInfoMap; attrs?: tf.NamedAttrMap; backend: object }): TensorInfo[] => {
  const wasm = backend as WasmBackend;
  const simd = simdOf(wasm);
  if (simd === undefined) throw new BackendError('BACKEND_KERNEL', { found: 'a fused update was asked for where there are no vector instructions' });
  const read = inputNames(slots).map((name) => input({ inputs }, name));
  const shape = read[0]?.shape ?? [];
  const made = Array.from({ length: 1 + slots }, () => wasm.makeOutput(shape, 'float32'));
  simd[loop](tf.util.sizeFromShape(shape), ...[...read, ...made].map((each) => address(wasm, each)), ...(attrs?.['numbers'] as number[]));
  return made;
};

/** Registers the updates as kernels of the wasm backend, so that profiles show them. Idempotent. */
export function registerUpdates(): void {
  for (const update of Object.values(updates)) {
    if ((tf.getKernel(update.kernel, 'wasm') as tf.KernelConfig | undefined) !== undefined) continue;
    tf.registerKernel({ kernelName: update.kernel, backendName: 'wasm', kernelFunc: updateKernel(update) });
  }
}

const inputNames = (slots: number): readonly string[] => ['weight', 'gradient', ...Array.from({ length: slots }, (_, at) => slotName(at))];

/** On cpu they are loops in JavaScript: one pass in place of the stock optimizers' dozen kernels. Idempotent. */
function registerOnCpu(): void {
  for (const { kernel, loop, slots } of Object.values(updates)) {
    if ((tf.getKernel(kernel, 'cpu') as tf.KernelConfig | undefined) !== undefined) continue;
    tf.registerKernel({ kernelName: kernel, backendName: 'cpu', kernelFunc: cpuKernel(cpuLoops[loop], inputNames(slots)) });
  }
}

/** Whether updates can be fused on the backend in use: it is cpu, or wasm with trainscope's kernels and vector instructions. */
export function fusesUpdates(): boolean {
  if (tf.getBackend() === 'cpu') {
    registerOnCpu();
    return true;
  }
  return fusesOnWasm();
}

const fusesOnWasm = (): boolean =>
  tf.getBackend() === 'wasm' && (tf.getKernel(updates.sgd.kernel, 'wasm') as tf.KernelConfig | undefined) !== undefined && simdOf(tf.backend() as unknown as WasmBackend) !== undefined;

/** How many slots a rule keeps for each weight. */
export const slotsOf = (name: UpdateRule['name']): number => updates[name].slots;

/**
 * Updates a weight and its slots in one kernel call: float32, all of one shape. The gradient stays the caller's.
 * Only where fusesUpdates().
 */
export function fusedUpdate(rule: UpdateRule, weight: tf.Variable, gradient: tf.Tensor, slots: readonly tf.Variable[]): void {
  const { kernel, numbers } = updates[rule.name] as Update<UpdateRule>;
  const inputs: tf.NamedTensorMap = { weight, gradient };
  slots.forEach((slot, at) => {
    inputs[slotName(at)] = slot;
  });
  const made = tf.engine().runKernel(kernel, inputs, { numbers: [...numbers(rule)] }) as unknown as tf.Tensor[];
  [weight, ...slots].forEach((variable, at) => {
    const value = made[at];
    if (value === undefined) return;
    variable.assign(value);
    value.dispose();
  });
}
