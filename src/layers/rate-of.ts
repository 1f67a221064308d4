import type * as tf from '@tensorflow/tfjs-core';
import { TrainscopeError } from '../errors.js';
import { compileOptimizer, type TrainerOptimizer } from '../trainer/optimizer/index.js';

/** The learning rate of the optimizer that a model was compiled with. */
export class RateOf {
  readonly #optimizer: TrainerOptimizer | undefined;

  constructor(optimizer: tf.Optimizer) {
    try {
      this.#optimizer = compileOptimizer(optimizer);
    } catch (error) {
      // One of the user's own may have none that could be read: model.fit trains with it all the same.
      if (!(error instanceof TrainscopeError)) throw error;
    }
  }

  /** NaN where it cannot be read. */
  get value(): number {
    return this.#optimizer?.learningRate ?? NaN;
  }

  /** @throws TrainscopeError OPTIMIZER_NO_LEARNING_RATE, OPTIMIZER_INVALID */
  set value(rate: number) {
    if (this.#optimizer === undefined) {
      throw new TrainscopeError('OPTIMIZER_NO_LEARNING_RATE', { found: "the optimizer's learningRate is no number", expected: 'it is one that can be read and set', remedy: 'Give the optimizer a property learningRate that it uses at every update.' });
    }
    this.#optimizer.learningRate = rate;
  }
}
