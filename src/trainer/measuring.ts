import * as tf from '@tensorflow/tfjs-core';
import type { Due, } from '../measure/plan.js';
import { readTogether } from '../measure/pack.js';
import type { StepFacts, StepMemo, StepSources } from '../measure/index.js';
import type { TensorBag } from './tensor-bag.js';

/** Results shared within a step: a memo whose tensors end with the step's bag. */
export const stepMemo = (bag: TensorBag): StepMemo => {
  const made = new Map<string, tf.Tensor>();
  return {
    memo(key, make) {
      let tensor = made.get(key);
      // Kept, since the first asker may run in a tidy of its own.
      if (tensor === undefined) made.set(key, (tensor = bag.put(tf.keep(make()))));
      return tensor;
    },
  };
};

/** What one readback brought: the extra vectors that rode along, and the values by asker. */
export interface Reading {
  readonly extra: readonly Float32Array[];
  readonly values: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/**
 * Reduces all that is due on the device, packs it with `extra` (the loss and metrics), and reads it in one go.
 * `due` null reads the extra alone. A promise only where the backend's reads wait for a device.
 */
export function readDue(due: Due | null, sources: StepSources | undefined, memo: StepMemo, facts: StepFacts, extra: readonly tf.Tensor[]): Reading | Promise<Reading> {
  const measurements = due === null || sources === undefined ? [] : due.measurements;
  const reduced = measurements.map((measurement) => tf.tidy(() => (sources === undefined ? tf.scalar(0) : tf.clone(measurement.reduce(sources, memo, facts)))));
  const finish = (vectors: readonly Float32Array[]): Reading => {
    const read = measurements.map((measurement, i) => measurement.read(vectors[extra.length + i] ?? new Float32Array(0), facts));
    const values = new Map<string, Readonly<Record<string, unknown>>>();
    for (const { owner, names } of due?.askers ?? []) {
      values.set(owner, Object.freeze(Object.fromEntries([...names].map(([name, place]) => [name, read[place]]))));
    }
    return { extra: vectors.slice(0, extra.length).map((each) => each.slice()), values };
  };
  let vectors: Float32Array[] | Promise<Float32Array[]>;
  try {
    vectors = readTogether([...extra, ...reduced]);
  } finally {
    for (const each of reduced) each.dispose();
  }
  return Array.isArray(vectors) ? finish(vectors) : vectors.then(finish);
}
