/**
 * Gradient clipping on the device: nothing is read. What is not finite stays visible, since zeros in its place would
 * make a broken step look like a calm one: NaN stays NaN by every way, and a norm that is NaN or infinite makes NaN of
 * every gradient that it would have scaled. (By norm, float32 overflows where gradients are above 1e19.)
 */
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { StepMemo } from '../../measure/index.js';
import { sumsOfSquares } from '../../measure/sums-of-squares.js';

type Gradients = ReadonlyMap<string, tf.Tensor>;

const limit = z.number().positive();

/** One way of clipping: each entry, each gradient's L2 norm, or the norm of all together. */
export const clippingSchema = z.union([
  z.strictObject({ value: limit.describe('Each entry into [-value, value].') }),
  z.strictObject({ norm: limit.describe('Each gradient to this L2 norm at most.') }),
  z.strictObject({ globalNorm: limit.describe('All gradients together to this L2 norm at most.') }),
]);
export type ClippingOptions = z.input<typeof clippingSchema>;

/**
 * Clips gradients into new tensors, which are the caller's to end.
 * @param memo Where the sums of squares of these gradients are shared with measurements; without it they are made and ended here.
 */
export type GradientClipping = (gradients: Gradients, memo?: StepMemo) => Gradients;

/** The clipping of the trainer's options; undefined for none. */
export function compileClipping(options: ClippingOptions | undefined): GradientClipping | undefined {
  if (options === undefined) return undefined;
  if ('value' in options) return (gradients) => clipByValue(gradients, options.value);
  if ('norm' in options) return (gradients, memo) => clipByNorm(gradients, options.norm, memo);
  return (gradients, memo) => {
    const { gradients: clipped, norm } = clipByGlobalNorm(gradients, options.globalNorm, memo);
    norm.dispose();
    return clipped;
  };
}

/**
 * Each entry into [-limit, limit]; infinities become the limits, NaN stays. Not tf.clipByValue, which makes `-limit`
 * of NaN on wasm; the gradient comes first, since tf.maximum and tf.minimum keep a NaN of their first argument there.
 */
export const clipByValue = (gradients: Gradients, limit: number): Gradients =>
  each(gradients, (gradient) => tf.minimum(tf.maximum(gradient, -limit), limit));

/** Each gradient scaled down to an L2 norm of at most `limit`. */
export function clipByNorm(gradients: Gradients, limit: number, memo?: StepMemo): Gradients {
  if (gradients.size === 0) return gradients;
  const scales = tf.tidy(() => tf.unstack(scaleTo(limit, tf.sqrt(squares(gradients, memo)))));
  const clipped = new Map([...gradients].map(([name, gradient], i) => [name, tf.mul(gradient, scales[i] ?? Number.NaN)]));
  tf.dispose(scales);
  return clipped;
}

/**
 * All gradients scaled by one factor, so that together, as one vector, they have an L2 norm of at most `limit`
 * (Pascanu et al. 2013). The factor is limit / max(norm, limit), TensorFlow's clip_by_global_norm; PyTorch's
 * clip_grad_norm_ divides by norm + 1e-6 and differs in the seventh digit.
 *
 * @returns The clipped gradients and the norm before clipping, a scalar on the device; all the caller's to end.
 */
export function clipByGlobalNorm(gradients: Gradients, limit: number, memo?: StepMemo): { readonly gradients: Gradients; readonly norm: tf.Scalar } {
  const norm = tf.tidy(() => tf.sqrt(tf.sum<tf.Scalar>(squares(gradients, memo))));
  const scale = tf.tidy(() => scaleTo(limit, norm));
  const clipped = each(gradients, (gradient) => tf.mul(gradient, scale));
  scale.dispose();
  return { gradients: clipped, norm };
}

/** limit / max(norm, limit), and NaN for a norm that is not finite: norm - norm is 0 for all others. */
const scaleTo = <T extends tf.Tensor>(limit: number, norm: T): T => tf.add<T>(tf.div(limit, tf.maximum(norm, limit)), tf.sub(norm, norm));

/** sum(x^2) of each gradient, [gradients]; from the memo where there is one, under the name that measurements use. */
const squares = (gradients: Gradients, memo: StepMemo | undefined): tf.Tensor =>
  sumsOfSquares('gradients', gradients, memo ?? { memo: (_, make) => make() });

const each = (gradients: Gradients, clip: (gradient: tf.Tensor) => tf.Tensor): Gradients =>
  new Map([...gradients].map(([name, gradient]) => [name, tf.tidy(() => clip(gradient))]));
