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

/** Shrinks the weights in place. */
export function shrink(variables: Iterable<tf.Variable>, { rate, exempt = isExempt }: WeightDecay, learningRate: number): void {
  const kept = 1 - learningRate * rate;
  if (kept === 1) return;
  for (const variable of variables) {
    if (exempt(variable)) continue;
    tf.tidy(() => {
      variable.assign(tf.mul(variable, kept));
    });
  }
}

/** The gradients with rate x w added. New tensors where something was added, which are the caller's to end. */
export function addPenalty(
  gradients: ReadonlyMap<tf.Variable, tf.Tensor>,
  { rate, exempt = isExempt }: WeightDecay,
): { readonly gradients: ReadonlyMap<tf.Variable, tf.Tensor>; readonly made: readonly tf.Tensor[] } {
  const made: tf.Tensor[] = [];
  const penalized = new Map<tf.Variable, tf.Tensor>();
  for (const [variable, gradient] of gradients) {
    if (rate === 0 || exempt(variable)) {
      penalized.set(variable, gradient);
      continue;
    }
    const sum = tf.tidy(() => tf.add(gradient, tf.mul(variable, rate)));
    made.push(sum);
    penalized.set(variable, sum);
  }
  return { gradients: penalized, made };
}
