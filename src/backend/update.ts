import * as tf from '@tensorflow/tfjs-core';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { BackendError } from '../errors.js';
import { cpuLoops, cpuUpdate } from './cpu-update.js';
import { address, simdOf, type SimdLoops } from './wasm/simd.js';
import { input, type WasmBackend } from './wasm/training-kernel.js';

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

/**
 * The kernel of an update: from weights, their gradients and slots to the new weights and the new slots, one after the
 * other as `inputNames` has them. Of all weights in one call, since a call of any kernel takes some 10 us. All results
 * are new buffers, never the ones that were read: clones of a weight share its buffer, and XNNPACK keeps a packed copy
 * of every filter by its identity, so that a weight which changed in place would go on being used as it was.
 * (In place gains nothing either: 0.195 ms against 0.197 for Adam of 235,000 parameters, where the stock optimizer's
 * 12 kernels take 1.2 ms and a loop in JavaScript 1.5.) Temporaries: none but the results.
 */
const updateKernel = ({ loop, slots }: Update<never>) => ({ inputs, attrs, backend }: { inputs: tf.NamedTensorInfoMap; attrs?: tf.NamedAttrMap; backend: object }): TensorInfo[] => {
  const wasm = backend as WasmBackend;
  const simd = simdOf(wasm);
  if (simd === undefined) throw new BackendError('BACKEND_KERNEL', { found: 'a fused update was asked for where there are no vector instructions' });
  return updateAll(inputs, attrs, slots, (read, numbers) => {
    const shape = read[0]?.shape ?? [];
    const made = Array.from({ length: 1 + slots }, () => wasm.makeOutput(shape, 'float32'));
    simd[loop](tf.util.sizeFromShape(shape), ...[...read, ...made].map((each) => address(wasm, each)), ...numbers);
    return made;
  });
};

/** Weight by weight: `update` gets a weight, its gradient and its slots, and the numbers of its rule. */
function updateAll(inputs: tf.NamedTensorInfoMap, attrs: tf.NamedAttrMap | undefined, slots: number, update: (read: readonly TensorInfo[], numbers: readonly number[]) => TensorInfo[]): TensorInfo[] {
  const all = attrs?.['numbers'] as unknown as readonly (readonly number[])[];
  return all.flatMap((numbers, at) => update(inputNames(slots, at).map((name) => input({ inputs }, name)), numbers));
}

/** Registers the updates as kernels of the wasm backend, so that profiles show them. Idempotent. */
export function registerUpdates(): void {
  for (const update of Object.values(updates)) {
    if ((tf.getKernel(update.kernel, 'wasm') as tf.KernelConfig | undefined) !== undefined) continue;
    tf.registerKernel({ kernelName: update.kernel, backendName: 'wasm', kernelFunc: updateKernel(update) });
  }
}

const namesBySlots = new Map<number, (readonly string[])[]>();

/** Of the weight of that place: made once, since they are wanted for each weight in each step. */
function inputNames(slots: number, place: number): readonly string[] {
  const known = namesBySlots.get(slots) ?? [];
  namesBySlots.set(slots, known);
  return (known[place] ??= ['weight', 'gradient', ...Array.from({ length: slots }, (_, at) => `slot${String(at)}`)].map((name) => `${name}/${String(place)}`));
}

/** On cpu they are loops in JavaScript: one pass in place of the stock optimizers' dozen kernels. Idempotent. */
function registerOnCpu(): void {
  for (const { kernel, loop, slots } of Object.values(updates)) {
    if ((tf.getKernel(kernel, 'cpu') as tf.KernelConfig | undefined) !== undefined) continue;
    tf.registerKernel({ kernelName: kernel, backendName: 'cpu', kernelFunc: ({ inputs, attrs, backend }) => updateAll(inputs, attrs, slots, (read, numbers) => cpuUpdate(cpuLoops[loop], backend, read, numbers)) });
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

/** One weight to be updated with its slots: float32, all of one shape. */
export interface WeightUpdate {
  readonly rule: UpdateRule;
  readonly weight: tf.Variable;
  readonly gradient: tf.Tensor;
  readonly slots: readonly tf.Variable[];
}

/**
 * Updates weights and their slots in one kernel call, all by the rule of one name. The gradients stay the caller's.
 * Only where fusesUpdates().
 */
export function fusedUpdate(name: UpdateRule['name'], each: readonly WeightUpdate[]): void {
  if (each.length === 0) return;
  const { kernel, numbers, slots: perWeight } = updates[name] as Update<UpdateRule>;
  const inputs: tf.NamedTensorMap = {};
  each.forEach(({ weight, gradient, slots }, place) => {
    const [weightName = '', gradientName = '', ...slotNames] = inputNames(perWeight, place);
    inputs[weightName] = weight;
    inputs[gradientName] = gradient;
    slots.forEach((slot, at) => {
      inputs[slotNames[at] ?? ''] = slot;
    });
  });
  const attrs = { numbers: each.map(({ rule }) => [...numbers(rule)]) } as unknown as tf.NamedAttrMap;
  const made = tf.engine().runKernel(kernel, inputs, attrs) as unknown as tf.Tensor[];
  each
    .flatMap(({ weight, slots }) => [weight, ...slots])
    .forEach((variable, at) => {
      const value = made[at];
      if (value === undefined) return;
      variable.assign(value);
      value.dispose();
    });
}
