import * as tf from '@tensorflow/tfjs-core';
import type { Attached } from '../plugin/runner.js';

/**
 * A plugin that keeps state makes tensors once or replaces them; one that leaks grows call after call. Five growing
 * calls with a positive balance tell the two apart (a snapshot or two of the weights grows at most once a key).
 */
const growingCalls = 5;

export interface Leak {
  /** The plugin, or null for the model, loss or metric functions. */
  readonly plugin: string | null;
  readonly tensors: number;
  readonly times: number;
}

/** Knows whose calls leave tensors behind. Each leak is told once. */
export class LeakLedger {
  readonly #told: Set<string | null>;
  #steps = 0;
  #stepGrowths = 0;
  #stepNet = 0;

  constructor(told: readonly (string | null)[] = []) {
    this.#told = new Set(told);
  }

  /** Those whose leak was told. */
  get told(): readonly (string | null)[] {
    return [...this.#told];
  }

  /** Tensors alive now. */
  static get live(): number {
    return tf.engine().state.numTensors;
  }

  /** Takes in what the trainer's own part of a step (forward pass, loss, metrics) left behind. */
  countStep(grown: number): void {
    this.#steps += 1;
    this.#stepNet += grown;
    if (grown > 0) this.#stepGrowths += 1;
  }

  /** Leaks that were not told before. */
  news(attached: readonly Attached[]): readonly Leak[] {
    const found: Leak[] = [];
    for (const { plugin, tensors } of attached) {
      if (tensors.growths >= growingCalls && tensors.net >= growingCalls && !this.#told.has(plugin.name)) {
        this.#told.add(plugin.name);
        found.push({ plugin: plugin.name, tensors: tensors.net, times: tensors.growths });
      }
    }
    // In half of the steps at least: an optimizer that makes its slots, or a source that fills its queue, grows but a few times.
    if (this.#stepGrowths >= growingCalls && this.#stepGrowths * 2 >= this.#steps && this.#stepNet >= growingCalls && !this.#told.has(null)) {
      this.#told.add(null);
      found.push({ plugin: null, tensors: this.#stepNet, times: this.#stepGrowths });
    }
    return found;
  }
}
