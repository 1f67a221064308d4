import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { WeightInfo } from '../measure/index.js';

/** One input or output of a model. A shape has the batch first; null is a free dimension; undefined is not known. */
export interface Port {
  readonly name: string;
  readonly shape: readonly (number | null)[] | undefined;
  readonly dtype: tf.DataType | undefined;
  /** The activation that ends in this output, where a layer tells. */
  readonly activation?: string;
}

/** Names a value inside a hand-written forward pass, so that measurements can ask for it. Returns what it is given. */
export type Tap = <T extends tf.Tensor>(name: string, value: T) => T;

type Several<T> = T | readonly T[] | Readonly<Record<string, T>>;

/**
 * A model written by hand: a forward pass and the variables to train.
 *
 * @example
 * const w = tf.variable(tf.randomNormal([4, 3])), b = tf.variable(tf.zeros([3]));
 * const model = { forward: (x) => tf.add(tf.matMul(x, w), b), trainableWeights: { w, b } };
 */
export interface HandwrittenModel<Input extends Several<tf.Tensor> = never> {
  /**
   * One input as a tensor; several as an array in the data's order, or as a record where `inputNames` are given.
   * Outputs likewise: a tensor, an array, or a record with `outputNames`.
   */
  forward(inputs: Input, options: { readonly training: boolean; readonly tap: Tap }): Several<tf.Tensor>;
  /** Read at every step, so leaving a variable out freezes it. */
  readonly trainableWeights: readonly tf.Variable[] | Readonly<Record<string, tf.Variable>>;
  /** All weights to be measured and saved, when there are some that are not trained. Default: the trainable ones. */
  readonly weights?: readonly tf.Variable[] | Readonly<Record<string, tf.Variable>>;
  /** The names by which the data is to give the inputs. */
  readonly inputNames?: readonly string[];
  /** The names of the outputs, by which the data is to give the labels. */
  readonly outputNames?: readonly string[];
  /** Added to the loss: regularisation. A scalar. */
  penalty?(): tf.Scalar;
}

export type ModelSource = LayersModel | HandwrittenModel;

export interface ModelWeight {
  readonly info: WeightInfo;
  readonly variable: tf.Variable;
}

export interface ForwardResult {
  readonly outputs: readonly tf.Tensor[];
  readonly activations: ReadonlyMap<string, tf.Tensor>;
}

export interface LayerSummary {
  readonly name: string;
  readonly className: string;
  readonly outputShape: readonly (number | null)[] | null;
  readonly parameters: number;
}

/** One face for both kinds of model: all that the loop needs. */
export interface ModelFace {
  readonly kind: 'layers' | 'handwritten';
  readonly source: unknown;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** The names that the data has to use, where the model has such. */
  readonly dataNames: { readonly inputs: readonly string[] | undefined; readonly labels: readonly string[] | undefined };
  /** Call in a tidy or a gradient scope. `layers`: whose outputs to hand out; undefined means none, 'all' every one. */
  forward(inputs: readonly tf.Tensor[], training: boolean, layers?: readonly string[] | 'all'): ForwardResult;
  /** Names that activations can be asked for by: layers, or the taps that a forward pass has come by so far. */
  tappable(): readonly string[];
  /** Regularisation losses, or undefined. */
  penalty(): tf.Scalar | undefined;
  /** All weights as they are at this moment: freezing shows at once. */
  weights(): readonly ModelWeight[];
  /** Names for the weights in a file, in their order: those that a Layers model of the same code has in any process. */
  savedNames(): readonly string[];
  /** Layers that keep more than weights from batch to batch, which no checkpoint holds. */
  statefulLayers(): readonly string[];
  /** What tf.loadLayersModel builds the model from, as JSON; null where it cannot. */
  topology(): unknown;
  layers(): readonly LayerSummary[];
}
