import type * as tf from '@tensorflow/tfjs-core';

/** What an output of the model is trained for, as far as its loss tells. */
export interface OutputInfo {
  readonly name: string;
  /** [batch, ...], null where a dimension is free; undefined where a model written by hand has not said. */
  readonly shape: readonly (number | null)[] | undefined;
  /** Name of the loss, or of the function. */
  readonly loss: string;
  /**
   * What labels stand beside predictions [batch, ..., width]: `same`: of their shape; `distribution`: too, with classes
   * along the last axis; `class`: class numbers, [batch, ...] or [batch, ..., 1]; `free`: a loss of one's own, not known.
   */
  readonly form: 'same' | 'distribution' | 'class' | 'free';
  /** Whether the predictions are logits, without softmax or sigmoid. */
  readonly fromLogits: boolean;
}

/** An input of the model. */
export interface InputInfo {
  readonly name: string;
  /** [batch, ...], null where a dimension is free; undefined where a model written by hand has not said. */
  readonly shape: readonly (number | null)[] | undefined;
}

/** A batch of the validation data with the model's answer, in inference mode. One tensor an output, [batch, ...]. */
export interface ValidationBatch {
  readonly labels: readonly tf.Tensor[];
  readonly predictions: readonly tf.Tensor[];
  /** One an output, [batch]. */
  readonly sampleWeights: readonly tf.Tensor[] | undefined;
  readonly size: number;
}

/** What a validation is of, known without reading anything. */
export interface ValidationFacts {
  readonly outputs: readonly OutputInfo[];
  /** Shapes of the last batch's predictions, one an output. */
  readonly shapes: readonly (readonly number[])[];
}

/**
 * Something to count over the whole validation data: what each batch adds, reduced on the device and summed there; read
 * once, at the end. For what a mean over batches cannot say: a confusion matrix, a calibration curve.
 *
 * @example
 * const labelSum: ValidationMeasurement<number> = {
 *   key: 'labelSum',
 *   reduce: ({ labels }) => labels.map((each) => tf.reshape(tf.sum(tf.cast(each, 'float32')), [1])),
 *   read: ([sum]) => sum?.[0] ?? NaN,
 * };
 */
export interface ValidationMeasurement<Value> {
  readonly key: string;
  /**
   * What a batch adds, as tensors that have the same shapes and types for every batch. Runs in a tidy. int32 sums are
   * exact up to 2^31, float32 ones up to 2^24.
   */
  reduce(batch: ValidationBatch, facts: ValidationFacts): readonly tf.Tensor[];
  /** The sums over all batches, in the order of `reduce`. */
  read(sums: readonly ArrayLike<number>[], facts: ValidationFacts): Value;
}
