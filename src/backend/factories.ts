import * as tf from '@tensorflow/tfjs-core';

type Factory = Parameters<typeof tf.registerBackend>[1];

/** As their packages register them. */
const priorities = { wasm: 2, cpu: 1 } as const;

/**
 * By the backend's name. tf.removeBackend takes the factory away with the backend, and a package registers its own only
 * once, when it is first loaded.
 */
const factories = new Map<string, Factory>();

/** Notes the factories of wasm and cpu where they are registered. */
export function noteFactories(): void {
  for (const name of ['wasm', 'cpu'] as const) {
    const registered = tf.findBackendFactory(name) as Factory | null | undefined;
    if (registered != null) factories.set(name, registered);
  }
}

/** Registers again what was removed since it was noted. */
export function restoreFactory(name: keyof typeof priorities): void {
  noteFactories();
  const factory = factories.get(name);
  if (factory !== undefined && (tf.findBackendFactory(name) as unknown) == null) tf.registerBackend(name, factory, priorities[name]);
}
