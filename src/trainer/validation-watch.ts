import * as tf from '@tensorflow/tfjs-core';
import type { OutputInfo, ValidationBatch, ValidationFacts, ValidationMeasurement } from '../measure/index.js';

/** Who wants what of each validation. */
export interface ValidationAsk {
  readonly owner: string;
  readonly measurement: ValidationMeasurement<unknown>;
  readonly got: (value: unknown) => void;
  readonly isDue: () => boolean;
}

interface Counted {
  readonly ask: ValidationAsk;
  sums: readonly tf.Tensor[] | undefined;
}

/** One validation as plugins measure it: what each batch adds, summed on the device. Its tensors are its own to end. */
export class ValidationWatch {
  readonly #counted: Counted[];
  readonly #outputs: readonly OutputInfo[];
  readonly #failed: (owner: string, error: unknown) => void;
  #shapes: readonly (readonly number[])[] = [];

  /** @param failed Told what a measurement threw; the others go on. */
  constructor(asks: readonly ValidationAsk[], outputs: readonly OutputInfo[], failed: (owner: string, error: unknown) => void) {
    this.#counted = asks.map((ask) => ({ ask, sums: undefined }));
    this.#outputs = outputs;
    this.#failed = failed;
  }

  /** Adds a batch. The tensors stay the caller's. */
  add(batch: ValidationBatch): void {
    this.#shapes = batch.predictions.map(({ shape }) => shape);
    for (const counted of [...this.#counted]) {
      this.#attempt(counted, () => {
        const before = counted.sums;
        const sums = tf.tidy(() =>
          counted.ask.measurement.reduce(batch, this.#facts).map((each, i): tf.Tensor => {
            const sum = before?.[i];
            // Kept, since the forward pass around this is in a tidy.
            return tf.keep(sum === undefined ? tf.clone(each) : tf.add(sum, each));
          }),
        );
        for (const each of before ?? []) each.dispose();
        counted.sums = sums;
      });
    }
  }

  /** Reads the sums, and hands out what they say. Nothing is told of a validation without batches. */
  async handOut(): Promise<void> {
    for (const counted of [...this.#counted]) {
      const { ask, sums } = counted;
      if (sums === undefined) continue;
      const read = await Promise.all(sums.map((each) => each.data()));
      this.#attempt(counted, () => {
        ask.got(ask.measurement.read(read, this.#facts));
      });
    }
  }

  dispose(): void {
    for (const counted of this.#counted) for (const each of counted.sums ?? []) each.dispose();
    this.#counted.length = 0;
  }

  get #facts(): ValidationFacts {
    return { outputs: this.#outputs, shapes: this.#shapes };
  }

  #attempt(counted: Counted, act: () => void): void {
    try {
      act();
    } catch (error) {
      for (const each of counted.sums ?? []) each.dispose();
      this.#counted.splice(this.#counted.indexOf(counted), 1);
      this.#failed(counted.ask.owner, error);
    }
  }
}
