import * as tf from '@tensorflow/tfjs-core';
import { TrainscopeError } from '../errors.js';
import type { WeightSnapshots } from '../plugin/index.js';
import type { ModelFace } from './model.js';

/** Copies of all weights by key, on the device; the trainer owns them and ends them with itself. */
export class SnapshotShelf implements WeightSnapshots {
  readonly #kept = new Map<string, ReadonlyMap<string, tf.Tensor>>();
  #exchanged: string | undefined;

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
    if (this.#exchanged === key) this.#exchanged = undefined;
  }

  average(key: string, share: number, { statistics }: { readonly statistics: 'average' | 'copy' }): void {
    const before = this.#kept.get(key);
    if (before === undefined || share === 1) {
      this.save(key);
      return;
    }
    const after = new Map<string, tf.Tensor>();
    for (const { info, variable } of this.model().weights()) {
      const copy = before.get(info.name);
      const isAveraged = (info.trainable || statistics === 'average') && variable.dtype === 'float32';
      after.set(info.name, copy === undefined || !isAveraged ? copyOf(variable) : tf.tidy(() => tf.add(copy, tf.mul(tf.sub(variable, copy), share))));
    }
    this.drop(key);
    this.#kept.set(key, after);
  }

  exchange(key: string): boolean {
    const copy = this.#kept.get(key);
    if (copy === undefined) return false;
    if (this.#exchanged !== undefined && this.#exchanged !== key) {
      throw new TrainscopeError('STATE_INVALID', { found: `the weights "${key}" are to stand in the model, and "${this.#exchanged}" stand there`, expected: 'one exchange at a time', remedy: 'Let one plugin alone use its average in the validation.' });
    }
    const model = this.model();
    const aside = copyWeights(model);
    putWeights(model, copy);
    const isBack = this.#exchanged === key;
    this.drop(key);
    this.#kept.set(key, aside);
    this.#exchanged = isBack ? undefined : key;
    return true;
  }

  get exchanged(): string | undefined {
    return this.#exchanged;
  }

  settle(key: string): void {
    if (this.#exchanged === key) this.drop(key);
  }

  /** The weights, while a copy stands in the model for them. */
  get aside(): ReadonlyMap<string, tf.Tensor> | undefined {
    return this.#exchanged === undefined ? undefined : this.#kept.get(this.#exchanged);
  }

  /** All copies by key, for a checkpoint; they stay the shelf's, or the model's. */
  get entries(): ReadonlyMap<string, ReadonlyMap<string, tf.Tensor>> {
    const exchanged = this.#exchanged;
    if (exchanged === undefined) return this.#kept;
    const inModel = new Map(this.model().weights().map(({ info, variable }) => [info.name, variable as tf.Tensor]));
    return new Map([...this.#kept].map(([key, tensors]) => [key, key === exchanged ? inModel : tensors]));
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

/** tf.mul gives a buffer of its own, where tf.clone and tf.variable share the one they were made from. Times 1 keeps every bit, where plus 0 makes 0 of -0. */
const copyOf = (tensor: tf.Tensor): tf.Tensor => tf.tidy(() => (tensor.dtype === 'float32' || tensor.dtype === 'int32' ? tf.mul(tensor, tf.scalar(1, tensor.dtype)) : tf.clone(tensor)));

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
