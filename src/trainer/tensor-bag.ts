import type * as tf from '@tensorflow/tfjs-core';

/** Tensors that end together: each once, however often it was put in. */
export class TensorBag {
  readonly #held = new Set<tf.Tensor>();

  put<T extends tf.Tensor>(tensor: T): T {
    this.#held.add(tensor);
    return tensor;
  }

  putAll(tensors: Iterable<tf.Tensor>): void {
    for (const tensor of tensors) this.#held.add(tensor);
  }

  dispose(): void {
    for (const tensor of this.#held) tensor.dispose();
    this.#held.clear();
  }
}
