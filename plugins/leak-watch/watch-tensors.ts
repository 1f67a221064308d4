import * as tf from '@tensorflow/tfjs-core';

/** Told of every tensor that TensorFlow.js makes, with the kernel that made it: null for one made of values. */
export type TensorListener = (tensor: tf.Tensor, kernel: string | null) => void;

/** What of the engine is put in place of its own; both are methods that all its makers of tensors go through. */
interface Patched {
  trackTensor: (this: unknown, tensor: tf.Tensor, backend: unknown) => void;
  runKernelFunc: (this: unknown, params: { readonly kernelName?: string }) => unknown;
}

interface Watching {
  readonly listeners: Set<TensorListener>;
  /** Takes the patch off, unless someone has patched over it: it stays as a mere passage then. */
  readonly restore: () => void;
}

/** One patch for all who watch an engine: the engine is one for all of a process. */
const watching = new WeakMap<object, Watching>();

function patch(engine: Patched): Watching {
  const listeners = new Set<TensorListener>();
  const { trackTensor, runKernelFunc } = engine;
  let kernel: string | null = null;
  const patched: Patched = {
    trackTensor(tensor, backend) {
      trackTensor.call(this, tensor, backend);
      for (const listener of listeners) listener(tensor, kernel);
    },
    runKernelFunc(params) {
      const outer = kernel;
      kernel = params.kernelName ?? outer;
      try {
        return runKernelFunc.call(this, params);
      } finally {
        kernel = outer;
      }
    },
  };
  Object.assign(engine, patched);
  return {
    listeners,
    restore: () => {
      const own = (name: keyof Patched): boolean => Object.hasOwn(engine, name) && engine[name] === patched[name];
      // Whoever has patched over ours since goes on to call it; it does nothing more without listeners.
      if (!own('trackTensor') || !own('runKernelFunc')) return;
      const methods = Object.getPrototypeOf(engine) as Patched;
      for (const [name, before] of [['trackTensor', trackTensor], ['runKernelFunc', runKernelFunc]] as const) {
        if (methods[name] === before) Reflect.deleteProperty(engine, name);
        else Object.assign(engine, { [name]: before });
      }
      watching.delete(engine);
    },
  };
}

/** Hears of every tensor that is made from now on. @returns what ends that; the engine is as it was when no one listens. */
export function watchTensors(listener: TensorListener): () => void {
  const engine = tf.engine() as unknown as Patched;
  const watch = watching.get(engine) ?? patch(engine);
  watching.set(engine, watch);
  // An own function, so that one who listens twice is two.
  const own: TensorListener = (tensor, kernel) => {
    listener(tensor, kernel);
  };
  watch.listeners.add(own);
  return () => {
    if (!watch.listeners.delete(own) || watch.listeners.size > 0) return;
    watch.restore();
  };
}
