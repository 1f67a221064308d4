import * as tf from '@tensorflow/tfjs-core';
import { aliasOf } from '../backend/index.js';
import { TrainscopeError } from '../errors.js';
import type { Due } from '../measure/plan.js';
import { isHostMemory, readTogether } from '../measure/pack.js';
import type { Measurement, StepFacts, StepMemo, StepSources } from '../measure/index.js';
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
  readonly extra: readonly ArrayLike<number>[];
  readonly values: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Askers that get no values, with what a measurement of theirs threw. */
  readonly failures: ReadonlyMap<string, unknown>;
}

/** A measurement under way: reduced to a tensor, had at once as numbers, or thrown. */
export interface Reduced {
  readonly measurement: Measurement<unknown>;
  readonly facts: StepFacts;
  readonly tensor: tf.Tensor | undefined;
  readonly numbers: Float32Array | undefined;
  readonly error: unknown;
}

/** Reduces all that is due on the device. The tensors are the caller's until they are read. */
export const reduceDue = (due: Due | null, sources: StepSources | undefined, memo: StepMemo, facts: StepFacts): readonly Reduced[] =>
  due === null || sources === undefined ? [] : due.measurements.map((measurement) => reduce(measurement, sources, memo, facts));

/**
 * Packs what was reduced with `extra` (the loss and metrics), reads it in one go, and ends the tensors of `reduced`.
 * `due` null reads the extra alone. A promise only where the backend's reads wait for a device.
 */
export function readReduced(due: Due | null, reduced: readonly Reduced[], extra: readonly tf.Tensor[]): Reading | Promise<Reading> {
  const tensors = reduced.flatMap(({ tensor }) => tensor ?? []);
  let vectors: Float32Array[] | Promise<Float32Array[]>;
  try {
    vectors = extra.length + tensors.length === 0 ? [] : readTogether([...extra, ...tensors]);
  } finally {
    for (const each of tensors) each.dispose();
  }
  const finish = (read: readonly Float32Array[]): Reading => ({ extra: read.slice(0, extra.length).map((each) => each.slice()), ...handOut(due, reduced, read.slice(extra.length)) });
  return Array.isArray(vectors) ? finish(vectors) : vectors.then(finish);
}

/**
 * Reduces and reads at once.
 * What a measurement throws is its askers' affair: the others get their values.
 */
export const readDue = (due: Due | null, sources: StepSources | undefined, memo: StepMemo, facts: StepFacts, extra: readonly tf.Tensor[]): Reading | Promise<Reading> =>
  readReduced(due, reduceDue(due, sources, memo, facts), extra);

function reduce(measurement: Measurement<unknown>, sources: StepSources, memo: StepMemo, facts: StepFacts): Reduced {
  const { layers } = measurement;
  try {
    if (layers === undefined || !measurement.sources.includes('activations')) {
      const numbers = isHostMemory() ? measurement.onHost?.(sources, facts) : undefined;
      if (numbers !== undefined) return { measurement, facts, tensor: undefined, numbers, error: undefined };
      return { measurement, facts, tensor: tf.tidy(() => aliasOf(measurement.reduce(sources, memo, facts))), numbers: undefined, error: undefined };
    }
    // Others may have asked for more layers: each measurement sees its own.
    const missing = layers.find((name) => !sources.activations.has(name));
    if (missing !== undefined) throw new TrainscopeError('MEASUREMENT_INVALID', { found: `the forward pass came by no layer or tap "${missing}"`, expected: `it came by ${[...sources.activations.keys()].join(', ') || 'none that was asked for'}` });
    const activations = new Map([...sources.activations].filter(([name]) => layers.includes(name)));
    const own = { ...facts, activationNames: [...activations.keys()] };
    return { measurement, facts: own, tensor: tf.tidy(() => aliasOf(measurement.reduce({ ...sources, activations }, memo, own))), numbers: undefined, error: undefined };
  } catch (error) {
    return { measurement, facts, tensor: undefined, numbers: undefined, error };
  }
}

/** Reads each vector, and gives the askers what they asked for. */
function handOut(due: Due | null, reduced: readonly Reduced[], vectors: readonly Float32Array[]): Pick<Reading, 'values' | 'failures'> {
  let at = 0;
  const results = reduced.map(({ measurement, facts, tensor, numbers, error }): { readonly value: unknown } | { readonly error: unknown } => {
    if (tensor === undefined && numbers === undefined) return { error };
    const vector = numbers ?? vectors[at] ?? new Float32Array(0);
    if (numbers === undefined) at += 1;
    try {
      return { value: measurement.read(vector, facts) };
    } catch (thrown) {
      return { error: thrown };
    }
  });
  const values = new Map<string, Readonly<Record<string, unknown>>>();
  const failures = new Map<string, unknown>();
  for (const { owner, names } of due?.askers ?? []) {
    const own: Record<string, unknown> = {};
    for (const [name, place] of names) {
      const result = results[place];
      if (result === undefined) continue;
      if ('error' in result) failures.set(owner, result.error);
      else own[name] = result.value;
    }
    if (!failures.has(owner)) values.set(owner, Object.freeze(own));
  }
  return { values, failures };
}
