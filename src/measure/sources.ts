import type * as tf from '@tensorflow/tfjs-core';

/** What a weight is, as far as its name and shape tell: biases and normalisation weights are judged apart from kernels. */
export type WeightRole = 'kernel' | 'bias' | 'normalization' | 'statistic' | 'other';

/** One weight of the model, by the name that events use. */
export interface WeightInfo {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly role: WeightRole;
  /** The layer that holds it, where the model has layers. */
  readonly layer: string | undefined;
  /** Whether training may change it at this moment. */
  readonly trainable: boolean;
}

/**
 * What a step can be asked for, on the device. Only what some measurement declares is made; reading a source that
 * was not declared is an error of type.
 */
export interface StepSources {
  /** The batch as the model saw it, after the batch hooks: one tensor an input, [batch, ...]. */
  readonly inputs: readonly tf.Tensor[];
  /** One tensor an output, [batch, ...]. */
  readonly labels: readonly tf.Tensor[];
  /** What the model answered in this step's forward pass, in training mode: one tensor an output. */
  readonly predictions: readonly tf.Tensor[];
  /** Raw gradients by weight name: before any hook, clipping or penalty of the optimizer. */
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
  /** What was handed to the optimizer: after the gradients hooks and after clipping. */
  readonly clippedGradients: ReadonlyMap<string, tf.Tensor>;
  /** Every weight after the update, non-trainable ones included. */
  readonly weights: ReadonlyMap<string, tf.Tensor>;
  /** Every weight before the update, and before the forward pass, which moves statistics. */
  readonly weightsBefore: ReadonlyMap<string, tf.Tensor>;
  /** Weight after minus weight before the update, of every weight. */
  readonly updates: ReadonlyMap<string, tf.Tensor>;
  /** Outputs of the asked layers in this step's forward pass, [batch, ...] each. */
  readonly activations: ReadonlyMap<string, tf.Tensor>;
  /** The model's answer, in inference mode and after the update, to a fixed batch of validation samples. */
  readonly probe: readonly tf.Tensor[];
}

export type SourceName = keyof StepSources;

/** Facts known on the host without reading anything from the device. */
export interface StepFacts {
  /** Updates done since the first fit began, this one included: the first step is 1. */
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  readonly batchSize: number;
  readonly weights: readonly WeightInfo[];
  /** Names of the weights that got a gradient in this step, in the order of the gradients map. */
  readonly gradientNames: readonly string[];
  /** Names in the order of the clippedGradients map: a gradients hook may leave some out. */
  readonly clippedGradientNames: readonly string[];
  /** Layers whose activations were taken, in the order of the activations map. */
  readonly activationNames: readonly string[];
  /** Shapes of the probe's predictions, one an output; empty when there is no probe. */
  readonly probeShapes: readonly (readonly number[])[];
}

/** Intermediate results shared within one step, so that two measurements (or the clipping) compute a thing once. */
export interface StepMemo {
  /** Gives the tensor kept under `key`, making it the first time. The memo owns it. */
  memo(key: string, make: () => tf.Tensor): tf.Tensor;
}
