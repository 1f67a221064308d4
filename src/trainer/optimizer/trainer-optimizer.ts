import * as tf from '@tensorflow/tfjs-core';
import { CheckpointError, TrainscopeError } from '../../errors.js';
import { fusedApply } from './fused-apply.js';
import { classOf, copySlots, fieldsOf, orderOf, putSlots, type OptimizerState } from './slots.js';
import { addPenalty, shrink, type WeightDecay } from './weight-decay.js';

/** A state whose tensors are the holder's to end, with `dispose`. */
export interface OptimizerSnapshot extends OptimizerState {
  dispose(): void;
}

/** Those whose slots are where a checkpoint looks for them. Not for instanceof: TensorFlow.js answers it with yes for whatever has an optimizer's methods. */
const knownOptimizers = [tf.SGDOptimizer, tf.MomentumOptimizer, tf.AdamOptimizer, tf.AdamaxOptimizer, tf.RMSPropOptimizer, tf.AdagradOptimizer, tf.AdadeltaOptimizer] as const;

/**
 * The order of the variables belongs to the optimizer, not to who uses it: two trainers that share one must not give
 * the same place to different weights.
 */
const orders = new WeakMap<tf.Optimizer, Set<string>>();

/**
 * A TensorFlow.js optimizer as the trainer uses it. TensorFlow.js pairs gradients with their slots (moments, sums of
 * squares) by their place in the list; here every variable keeps the place that it got first, for ever, and those
 * without a gradient are passed as null, which every stock optimizer skips. So freezing some weights and training
 * them again later never pairs a weight with another's moments.
 */
export class TrainerOptimizer {
  readonly #optimizer: tf.Optimizer;
  readonly #owned: boolean;
  readonly #decay: WeightDecay | undefined;
  readonly #config: Readonly<Record<string, unknown>>;
  /** Names of variables, each in the place of its slots. */
  readonly #order: Set<string>;
  /**
   * What the rate of a variable, by its name, is multiplied with; 1 for those not named. All updates, weight decay included,
   * are proportional to the rate, and gradients are not a way to the same: Adam's updates do not depend on their scale.
   */
  rateFactors: ReadonlyMap<string, number> = new Map();

  /** Use compileOptimizer. */
  constructor(parts: {
    readonly optimizer: tf.Optimizer;
    /** Whether `dispose` ends it: one of the user's stays. */
    readonly owned: boolean;
    readonly decay: WeightDecay | undefined;
    readonly config: Readonly<Record<string, unknown>>;
  }) {
    this.#optimizer = parts.optimizer;
    this.#owned = parts.owned;
    this.#decay = parts.decay;
    this.#config = parts.config;
    const known = orders.get(parts.optimizer) ?? new Set(orderOf(parts.optimizer));
    orders.set(parts.optimizer, known);
    this.#order = known;
  }

  /** The rate of the next update. 0 is a rate: moments go on, weights stay. */
  get learningRate(): number {
    return Number(fieldsOf(this.#optimizer).learningRate);
  }

  /** @throws TrainscopeError OPTIMIZER_INVALID for a rate that is negative or not finite */
  set learningRate(rate: number) {
    if (!Number.isFinite(rate) || rate < 0) {
      throw new TrainscopeError('OPTIMIZER_INVALID', { found: `the learning rate was set to ${rate}`, expected: 'it is a finite number from 0 up' });
    }
    // SGD and momentum keep the rate as a tensor as well and make a new one at every call.
    if (rate === this.learningRate) return;
    const fields = fieldsOf(this.#optimizer) as { learningRate: unknown; setLearningRate?: unknown };
    if (typeof fields.setLearningRate === 'function') fields.setLearningRate.call(fields, rate);
    else fields.learningRate = rate;
  }

  /** Updates done by the optimizer, those before it came here included. */
  get iterations(): number {
    return this.#optimizer.iterations;
  }

  /**
   * One update in place of the variables given, decay included; all others stay as they are. The gradients stay the
   * caller's; what the optimizer keeps for a variable that it sees for the first time is its own.
   *
   * @throws TrainscopeError WEIGHTS_MISMATCH when a variable was disposed of
   */
  apply(gradients: ReadonlyMap<tf.Variable, tf.Tensor>): void {
    for (const variable of gradients.keys()) {
      if (variable.isDisposed) {
        throw new TrainscopeError('WEIGHTS_MISMATCH', { found: `the weight "${variable.name}" was disposed of`, expected: 'a weight lives as long as it is trained' });
      }
      this.#order.add(variable.name);
    }
    const decay = this.#decay;
    if (fusedApply(this.#optimizer, [...this.#order], gradients, decay, this.rateFactors)) return;
    // The stock optimizers have one rate for all: what they changed is scaled afterwards.
    const scaled = [...gradients.keys()].flatMap((variable) => {
      const factor = this.rateFactors.get(variable.name) ?? 1;
      return factor === 1 ? [] : [{ variable, factor, before: tf.tidy(() => tf.mul(variable, 1)) }];
    });
    if (decay?.mode === 'decoupled') shrink(gradients.keys(), decay, this.learningRate);
    const { gradients: given, made } = decay?.mode === 'l2' ? addPenalty(gradients, decay) : { gradients, made: [] };
    try {
      const byName = new Map([...given].map(([{ name }, gradient]) => [name, gradient]));
      // The type wants a tensor everywhere; the implementations skip null, and keep its place.
      const list: unknown = [...this.#order].map((name) => ({ name, tensor: byName.get(name) ?? null }));
      this.#optimizer.applyGradients(list as Parameters<tf.Optimizer['applyGradients']>[0]);
    } finally {
      tf.dispose([...made]);
      for (const { variable, factor, before } of scaled) {
        tf.tidy(() => variable.assign(tf.add(before, tf.mul(tf.sub(variable, before), factor))));
        before.dispose();
      }
    }
  }

  /** @throws CheckpointError CHECKPOINT_FORMAT for an optimizer of one's own that does not say where its slots are */
  checkSaves(): void {
    const own = this.#optimizer;
    if (knownOptimizers.some(({ prototype }) => Object.prototype.isPrototypeOf.call(prototype, own)) || fieldsOf(own).slotsAreVariables === true) return;
    throw new CheckpointError('CHECKPOINT_FORMAT', {
      found: `the optimizer ${classOf(own)} is none of TensorFlow.js', and a checkpoint cannot know what it keeps`,
      expected: 'all that it keeps from step to step are numbers that follow from the step, and tf.Variables in fields of its own or in lists of { originalName, variable }',
      remedy: 'Keep them so, and set slotsAreVariables = true on it; or extend one of the optimizers of tf.train.',
    });
  }

  /** All that it knows beside its slots. */
  get facts(): Omit<OptimizerState, 'slots'> {
    return { optimizer: classOf(this.#optimizer), iterations: this.iterations, learningRate: this.learningRate, order: [...this.#order] };
  }

  /** Copies of all slots and counters. To end with its dispose(). */
  snapshot(): OptimizerSnapshot {
    const slots = copySlots(this.#optimizer);
    return {
      ...this.facts,
      slots,
      dispose: () => {
        for (const { tensor } of slots) tensor.dispose();
      },
    };
  }

  /**
   * Goes on from a state: slots, counters, learning rate and order. Its tensors stay the caller's. A state of a model
   * whose variables have other names here is mapped first: `{ ...state, order: state.order.map(nameHere) }`.
   *
   * @throws CheckpointError WEIGHTS_MISMATCH when it is another optimizer's or of other weights; nothing is changed then
   */
  restore(state: OptimizerState): void {
    const own = classOf(this.#optimizer);
    if (state.optimizer !== own) {
      throw new CheckpointError('WEIGHTS_MISMATCH', {
        found: `the saved optimizer is ${state.optimizer}`,
        expected: `this one is ${own}`,
        remedy: 'Restore with the optimizer that was saved.',
      });
    }
    putSlots(this.#optimizer, state);
    this.#order.clear();
    for (const name of state.order) this.#order.add(name);
    fieldsOf(this.#optimizer).iterations_ = state.iterations;
    this.learningRate = state.learningRate;
  }

  /** As it was configured, as plain data. */
  config(): Readonly<Record<string, unknown>> {
    return this.#config;
  }

  /** Ends the optimizer with its slots if it was made from a name or configuration. */
  dispose(): void {
    if (!this.#owned) return;
    this.#optimizer.dispose();
    // TensorFlow.js' momentum forgets the tensor of its learning rate.
    for (const value of Object.values(fieldsOf(this.#optimizer))) if (value instanceof tf.Tensor) value.dispose();
  }
}
