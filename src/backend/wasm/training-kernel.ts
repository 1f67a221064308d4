import * as tf from '@tensorflow/tfjs-core';
import type { KernelFunc, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { BackendError } from '../../errors.js';

/** What training kernels use of the wasm backend. */
export type WasmBackend = Pick<BackendWasm, 'makeOutput' | 'typedArrayFromHeap' | 'disposeData' | 'getMemoryOffset' | 'incRef' | 'wasm'>;

/** What a kernel is called with, once the types of TensorFlow.js are made exact. */
export interface KernelCall {
  readonly inputs: Readonly<Record<string, TensorInfo | undefined>>;
  readonly attrs: NamedAttrMap;
  readonly backend: WasmBackend;
}

export type Kernel = (call: KernelCall) => TensorInfo;

/** A kernel that trainscope adds to the wasm backend, or puts in front of the one that is there. */
export interface TrainingKernel {
  readonly name: string;
  /** `stock` is the kernel that wasm came with; a kernel that has none gets a function that says so when called. */
  readonly make: (stock: Kernel) => Kernel;
}

/** Runs a registered wasm kernel and notes its output as a temporary. */
export type Run = (kernel: string | Kernel, inputs: KernelCall['inputs'], attrs?: NamedAttrMap) => TensorInfo;

/** TensorFlow.js types a kernel's backend as `{}` and its attributes as optional. */
export function fromKernelFunc(name: string, func: KernelFunc): Kernel {
  return ({ inputs, attrs, backend }) => {
    const out = func({ inputs, attrs, backend });
    if (!Array.isArray(out)) return out;
    const [only] = out;
    if (only === undefined || out.length > 1) {
      throw new BackendError('BACKEND_KERNEL', { found: `the wasm kernel ${name} returned ${out.length} tensors`, expected: 'training kernels compose those that return 1' });
    }
    return only;
  };
}

export function toKernelFunc(kernel: Kernel): KernelFunc {
  return ({ inputs, attrs, backend }) => kernel({ inputs, attrs: attrs ?? {}, backend: backend as WasmBackend });
}

/** The wasm kernel that is registered now, which may be one of trainscope's. */
export function registered(name: string): Kernel {
  const config = tf.getKernel(name, 'wasm') as tf.KernelConfig | undefined;
  if (config === undefined) {
    throw new BackendError('BACKEND_KERNEL', {
      found: `the wasm backend has no kernel ${name}`,
      expected: 'training kernels are composed of it',
      remedy: 'Import @tensorflow/tfjs-backend-wasm 4.22 before registerTrainingKernels().',
    });
  }
  return fromKernelFunc(name, config.kernelFunc);
}

/**
 * Composes kernels below the level of tensors: every output of `run` is freed when `body` ends, however it ends,
 * but for the one it returns.
 */
export function compose(backend: WasmBackend, body: (run: Run) => TensorInfo): TensorInfo {
  const made: TensorInfo[] = [];
  const run: Run = (kernel, inputs, attrs = {}) => {
    const out = (typeof kernel === 'string' ? registered(kernel) : kernel)({ inputs, attrs, backend });
    made.push(out);
    return out;
  };
  let kept: TensorInfo | undefined;
  try {
    kept = body(run);
    return kept;
  } finally {
    for (const each of made) if (each !== kept) backend.disposeData(each.dataId);
  }
}

/** A required input; TensorFlow.js checks presence at the level of the op, so its absence is a kernel called by hand. */
export function input({ inputs }: Pick<KernelCall, 'inputs'>, name: string): TensorInfo {
  const found = inputs[name];
  if (found === undefined) throw new BackendError('BACKEND_KERNEL', { found: `a wasm kernel was called without its input ${name}` });
  return found;
}

/**
 * The values of a float32 tensor, in place in the wasm heap.
 * Take views after the last allocation: growing the heap detaches every view taken before.
 * Loops read them as `values[at] as number`, within bounds by construction: with `?? 0` V8 runs them 7 times slower
 * (a sum of 346,000 values 0.70 ms against 0.10, Node 20).
 */
export function floats(backend: WasmBackend, info: TensorInfo): Float32Array {
  const view = backend.typedArrayFromHeap(info);
  if (!(view instanceof Float32Array)) {
    throw new BackendError('BACKEND_KERNEL', { found: `a wasm training kernel was given ${info.dtype} values of shape [${info.shape}]`, expected: 'it works on float32', remedy: "Cast with tf.cast(x, 'float32')." });
  }
  return view;
}

/** A new float32 tensor of zeros: the heap is handed out with whatever it held before. */
export function zeros(backend: WasmBackend, shape: readonly number[]): TensorInfo {
  const out = backend.makeOutput([...shape], 'float32');
  floats(backend, out).fill(0);
  return out;
}

/** A tensor that starts as zeros and is handed over once `fill` is done; freed when `fill` throws. */
export function filled(backend: WasmBackend, shape: readonly number[], fill: (out: TensorInfo) => void): TensorInfo {
  const out = zeros(backend, shape);
  try {
    fill(out);
    return out;
  } catch (error) {
    backend.disposeData(out.dataId);
    throw error;
  }
}
