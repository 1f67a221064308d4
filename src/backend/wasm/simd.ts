import type { TensorInfo } from '@tensorflow/tfjs-core';
import { simdModule } from './simd-module.js';
import type { WasmBackend } from './training-kernel.js';

/** What wasm/index.ts exports. All take byte addresses in the heap and numbers, in the order that is written there. */
const names = [
  'adam', 'addPatches', 'addRow', 'depthwiseFilterGradient', 'depthwiseInputGradient', 'filterGradient', 'maxPoolGradient',
  'momentum', 'multiply', 'multiplyRow', 'rmsProp', 'sgd', 'statistics', 'subtractRow', 'sumColumns', 'sumOfSquaredDifferences', 'sumOfSquares', 'sumRows',
] as const;

export type SimdLoops = Readonly<Record<(typeof names)[number], (...numbers: readonly number[]) => void>>;

/** What is used of WebAssembly: the types of Node 20 have it as a namespace without values. */
interface Runtime {
  readonly Memory: abstract new () => object;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
}
const runtime = (globalThis as unknown as { readonly WebAssembly: Runtime }).WebAssembly;

/** By the instance of TensorFlow.js's module whose memory they work on; null where they can't. */
const instances = new WeakMap<object, SimdLoops | null>();

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;

function instantiate(wasm: object): SimdLoops | null {
  // Emscripten keeps the exports of its module, its memory among them, in `asm`.
  const memory = property(property(wasm, 'asm'), 'memory');
  if (!(memory instanceof runtime.Memory)) return null;
  try {
    const { exports } = new runtime.Instance(new runtime.Module(Buffer.from(simdModule, 'base64')), { env: { memory } });
    return names.every((name) => typeof exports[name] === 'function') ? (exports as unknown as SimdLoops) : null;
  } catch {
    // No vector instructions (processors before SSE 4.1), or a memory that is shared between threads.
    return null;
  }
}

/** The vectorised loops on a backend's heap; undefined where the machine has no such instructions: kernels then take their other way. */
export function simdOf(backend: WasmBackend): SimdLoops | undefined {
  let loops = instances.get(backend.wasm);
  if (loops === undefined) {
    loops = instantiate(backend.wasm);
    instances.set(backend.wasm, loops);
  }
  return loops ?? undefined;
}

/** Where a tensor's values begin. Unlike a view this stays right when the heap grows. */
export const address = (backend: WasmBackend, { dataId }: TensorInfo): number => backend.getMemoryOffset(dataId);
