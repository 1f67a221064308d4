import * as tf from '@tensorflow/tfjs-core';
import type { WeightSnapshots } from '../plugin/index.js';
import type { ModelFace } from './model.js';

/** Copies of all weights by key, on the device; the trainer owns them and ends them with itself. */
export class SnapshotShelf implements WeightSnapshots {
  readonly #kept = new Map<string, ReadonlyMap<string, tf.Tensor>>();

  constructor(readonly model: () => ModelFace) {}

  save(key: string): void {
    this.drop(key);
    this.#kept.set(key, copyWeights(this.model()));
  }

  restore(key: string): boolean {
    const copy = this.#kept.get(key);
    if (copy === undefined) return false;
    putWeights(this.model(), copy);
    return true;
  }

  has(key: string): boolean {
    return this.#kept.has(key);
  }

  drop(key: string): void {
    for (const tensor of this.#kept.get(key)?.values() ?? []) tensor.dispose();
    this.#kept.delete(key);
  }

  /** All copies by key, for a checkpoint; they stay the shelf's. */
  get entries(): ReadonlyMap<string, ReadonlyMap<string, tf.Tensor>> {
    return this.#kept;
  }

  /** Takes over copies that a checkpoint held, in the model's order of weights. */
  put(key: string, tensors: readonly tf.Tensor[]): void {
    this.drop(key);
    this.#kept.set(key, new Map(this.model().weights().flatMap(({ info }, i) => (tensors[i] === undefined ? [] : [[info.name, tensors[i]] as const]))));
  }

  dispose(): void {
    for (const key of [...this.#kept.keys()]) this.drop(key);
  }
}

/** A copy of every weight by name, its buffer its own: an update in place would show through a mere clone. */
export const copyWeights = (model: ModelFace): ReadonlyMap<string, tf.Tensor> =>
  new Map(model.weights().map(({ info, variable }) => [info.name, copyOf(variable)]));

/** tf.add gives a buffer of its own, where tf.clone and tf.variable share the one they were made from. */
const copyOf = (tensor: tf.Tensor): tf.Tensor => tf.tidy(() => (tensor.dtype === 'float32' || tensor.dtype === 'int32' ? tf.add(tensor, tf.scalar(0, tensor.dtype)) : tf.clone(tensor)));

/** Puts copies back into the weights of the same names; the copies stay the caller's. */
export function putWeights(model: ModelFace, copy: ReadonlyMap<string, tf.Tensor>): void {
  for (const { info, variable } of model.weights()) {
    const tensor = copy.get(info.name);
    if (tensor === undefined) continue;
    const own = copyOf(tensor);
    variable.assign(own);
    own.dispose();
  }
}
