import type * as tf from '@tensorflow/tfjs-core';

/**
 * A loss: labels and predictions of one output, [batch, ...] each, to one number a sample ([batch], or [batch, ...time])
 * or to one number for the batch (a scalar). It is called inside a gradient computation, so it may use TensorFlow.js
 * operations alone: nothing that reads values.
 */
export type LossFunction = (labels: tf.Tensor, predictions: tf.Tensor) => tf.Tensor;

/** The mean of a loss over the batch in one step of the tape; undefined where that cannot be had, and `fn` is to be called. */
export type HostMean = (labels: tf.Tensor, predictions: tf.Tensor) => tf.Scalar | undefined;

/**
 * An output of the model, in the model's order. The batch is the first dimension of the shape, a null is a free
 * dimension, and an undefined shape is not known before the first batch.
 */
export interface OutputSpec {
  readonly name: string;
  readonly shape: readonly (number | null)[] | undefined;
  /** The activation that makes the output, where it is known: remedies mention it. */
  readonly activation?: string | undefined;
}

/**
 * What the labels look like beside predictions [batch, ..., width]:
 * `same` have the same shape, `distribution` too, with classes along the last axis, `class` are whole numbers
 * [batch, ...] or [batch, ..., 1], and of `free` ones nothing is known.
 */
export type LabelForm = 'same' | 'distribution' | 'class' | 'free';

/** What values labels may have: a class number, 0 to 1, not below 0, -1 or 1, or anything. */
export type LabelValues = 'class' | 'probability' | 'non-negative' | 'sign' | 'any';

/** A loss as one output uses it. */
export interface OutputLoss {
  readonly output: OutputSpec;
  /** The loss's name, or a function's own, or `custom`. */
  readonly name: string;
  readonly fn: LossFunction;
  readonly mean?: HostMean | undefined;
  readonly form: LabelForm;
  readonly values: LabelValues;
  /** Whether the predictions are logits: metrics put their threshold there. */
  readonly fromLogits: boolean;
  readonly custom: boolean;
  /** The output's share in the total. */
  readonly weight: number;
}
