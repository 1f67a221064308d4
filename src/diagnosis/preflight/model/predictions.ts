import * as tf from '@tensorflow/tfjs-core';
import { disposeBatch } from '../../../data/index.js';
import type { Lab } from '../lab.js';

/** Numbers of inputs that go through the model at once: a recurrent net takes its time by the call, an image net memory. */
const numbersAtOnce = 400_000;

/** Values of tensors on the host; the tensors are ended. */
export async function valuesOf(tensors: readonly tf.Tensor[]): Promise<Float32Array[]> {
  try {
    return await Promise.all(tensors.map(async (each) => Float32Array.from(await each.data())));
  } finally {
    tf.dispose([...tensors]);
  }
}

export interface Outputs {
  /** One an output, row-major. */
  readonly values: readonly Float32Array[];
  /** One an output, without the batch. */
  readonly rests: readonly (readonly number[])[];
}

export type ChangeInputs = (inputs: readonly tf.Tensor[]) => readonly tf.Tensor[];

/** Outputs in inference mode of some samples, their inputs changed by `change` where it is given (run in a tidy). */
export async function predict(lab: Lab, indices: ArrayLike<number>, change?: ChangeInputs): Promise<Outputs> {
  const parts: Float32Array[][] = [];
  const width = lab.training.inputs.reduce((sum, each) => sum + each.width, 0);
  const chunk = Math.max(16, Math.floor(numbersAtOnce / Math.max(1, width)));
  let rests: readonly (readonly number[])[] = [];
  for (let from = 0; from < indices.length; from += chunk) {
    const batch = lab.batch(Array.from(indices).slice(from, from + chunk));
    let outputs: tf.Tensor[];
    try {
      outputs = tf.tidy(() => lab.model.forward(change === undefined ? batch.inputs : change(batch.inputs), false).outputs.map((each) => tf.clone(each)));
    } finally {
      disposeBatch(batch);
    }
    rests = outputs.map(({ shape }) => shape.slice(1));
    const values = await valuesOf(outputs);
    for (const [i, each] of values.entries()) (parts[i] ??= []).push(each);
  }
  return { values: parts.map(joined), rests };
}

/** Outputs in inference mode for inputs that the caller made and keeps. */
export async function predictInputs(lab: Lab, inputs: readonly tf.Tensor[]): Promise<Outputs> {
  const { outputs } = lab.forward(inputs);
  const rests = outputs.map(({ shape }) => shape.slice(1));
  return { values: await valuesOf(outputs), rests };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const each of parts) {
    whole.set(each, at);
    at += each.length;
  }
  return whole;
}

export function rms(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += (values[i] ?? 0) ** 2;
  return values.length === 0 ? 0 : Math.sqrt(sum / values.length);
}

export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[i] ?? 0;
  return values.length === 0 ? 0 : sum / values.length;
}

export function spreadOf(values: ArrayLike<number>): number {
  const mean = meanOf(values);
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += ((values[i] ?? 0) - mean) ** 2;
  return values.length === 0 ? 0 : Math.sqrt(sum / values.length);
}

/** The largest difference between two rows of numbers. */
export function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < a.length; i += 1) {
    const apart = Math.abs((a[i] ?? 0) - (b[i] ?? 0));
    // NaN beside a number counts as far apart.
    if (!(apart <= most)) most = Number.isNaN(apart) ? (Object.is(a[i], b[i]) ? most : Infinity) : apart;
  }
  return most;
}

/** Whether all are numbers. */
export const allFinite = (values: Float32Array): boolean => values.every((each) => Number.isFinite(each));
