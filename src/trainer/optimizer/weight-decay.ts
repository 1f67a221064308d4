import * as tf from '@tensorflow/tfjs-core';

/** A weight as far as a decision about it needs. */
export interface DecayedWeight {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface WeightDecay {
  /** Share of a weight that goes in a step: times the learning rate where decoupled. */
  readonly rate: number;
  /**
   * `decoupled`: w <- (1 - learning rate x rate) w before the update (Loshchilov & Hutter 2019, as PyTorch's AdamW).
   * `l2`: rate x w is added to the gradient, after clipping (PyTorch's weight_decay of SGD and Adam).
   */
  readonly mode: 'decoupled' | 'l2';
  /** Which weights stay out of it; default: `isExempt`. */
  readonly exempt?: ((weight: DecayedWeight) => boolean) | undefined;
}

/**
 * Biases and the scales and shifts of normalisation layers: they are few, and pulling them to 0 (a scale of 1!) helps
 * nothing. Told by a shape of one axis or less, or by the name that tfjs-layers gives.
 */
export const isExempt = ({ name, shape }: DecayedWeight): boolean => shape.length <= 1 || /(^|\/)(bias|gamma|beta)(_\d+)?$/.test(name);

/** Names that models give their weights: a variable that a hand-written model calls 'dense/bias' may itself be called Variable_7. */
const names = new WeakMap<tf.Variable, string>();

/** Lets exemption go by this name, as events do, and not by the variable's own. */
export const rememberName = (variable: tf.Variable, name: string): void => {
  names.set(variable, name);
};

/** Whether decay leaves the variable alone. */
export const isSpared = (variable: tf.Variable, { exempt = isExempt }: WeightDecay): boolean =>
  exempt({ name: names.get(variable) ?? variable.name, shape: variable.shape });

/** Shrinks the weights in place. */
export function shrink(variables: Iterable<tf.Variable>, decay: WeightDecay, learningRate: number): void {
  const kept = 1 - learningRate * decay.rate;
  if (kept === 1) return;
  for (const variable of variables) {
    if (isSpared(variable, decay)) continue;
    tf.tidy(() => {
      variable.assign(tf.mul(variable, kept));
    });
  }
}

/** The gradients with rate x w added. New tensors where something was added, which are the caller's to end. */
export function addPenalty(
  gradients: ReadonlyMap<tf.Variable, tf.Tensor>,
  decay: WeightDecay,
): { readonly gradients: ReadonlyMap<tf.Variable, tf.Tensor>; readonly made: readonly tf.Tensor[] } {
  const made: tf.Tensor[] = [];
  const penalized = new Map<tf.Variable, tf.Tensor>();
  for (const [variable, gradient] of gradients) {
    if (decay.rate === 0 || isSpared(variable, decay)) {
      penalized.set(variable, gradient);
      continue;
    }
    const sum = tf.tidy(() => tf.add(gradient, tf.mul(variable, decay.rate)));
    made.push(sum);
    penalized.set(variable, sum);
  }
  return { gradients: penalized, made };
}
