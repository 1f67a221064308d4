import type * as tf from '@tensorflow/tfjs-core';
import type { Experiment } from 'trainscope/diagnosis';
import type { DataSource, HandwrittenModel, LossSpec, OptimizerSpec } from 'trainscope';
import type { AnyPlugin } from 'trainscope/plugin';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Architecture } from './architecture.js';

/** Numbers of many samples, row-major, samples first. */
export interface Rows {
  readonly values: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** Samples with their labels; several inputs in the model's order. */
export interface Part {
  readonly inputs: readonly Rows[];
  readonly labels: Rows;
}

export type Model = LayersModel | HandwrittenModel<tf.Tensor>;

/** An optimizer by name. The options are checked when the trainer is made. */
export interface Optimizer {
  readonly name: string;
  readonly learningRate: number;
  readonly [option: string]: unknown;
}

/**
 * A training with its parts still apart, so that a fault can change one of them: what an Experiment becomes in the end.
 */
export interface Recipe {
  readonly setup: string;
  readonly seed: number;
  readonly train: Part;
  readonly held: Part;
  readonly architecture: Architecture;
  readonly build: (architecture: Architecture) => Model;
  readonly loss: LossSpec;
  readonly optimizer: Optimizer;
  readonly epochs: number;
  readonly batchSize: number;
  /** Other options of the trainer: clip, weightDecay, metrics. */
  readonly options: Pick<Experiment, 'clip' | 'weightDecay' | 'metrics' | 'causal'>;
  /** How the data comes. Default: in memory. */
  readonly source?: ((part: Part, recipe: Recipe) => DataSource) | undefined;
  /** Plugins that belong to the training itself, as a schedule does. Made anew for each trainer. */
  readonly plugins?: (() => readonly AnyPlugin[]) | undefined;
}

/** Samples of a part. */
export const countOf = ({ labels }: Part): number => labels.shape[0] ?? 0;
/** Numbers of one sample. */
export const widthOf = ({ shape }: Rows): number => shape.slice(1).reduce((product, each) => product * each, 1);

/** The rows at these indices, in their order. */
export function pick(rows: Rows, indices: ArrayLike<number>): Rows {
  const width = widthOf(rows);
  const values = rows.values instanceof Float32Array ? new Float32Array(indices.length * width) : new Int32Array(indices.length * width);
  for (let i = 0; i < indices.length; i += 1) values.set(rows.values.subarray(indices[i]! * width, (indices[i]! + 1) * width), i * width);
  return { values, shape: [indices.length, ...rows.shape.slice(1)] };
}

export const pickPart = ({ inputs, labels }: Part, indices: ArrayLike<number>): Part => ({ inputs: inputs.map((each) => pick(each, indices)), labels: pick(labels, indices) });
export const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

/** As the trainer takes it. */
export const samplesOf = ({ inputs, labels }: Part): { inputs: Rows | Rows[]; labels: Rows } => ({ inputs: inputs.length === 1 ? inputs[0]! : [...inputs], labels });

/** The training as a value. The model is made anew by everyone who opens it. */
export function experimentOf(recipe: Recipe): Experiment {
  const { architecture, build, loss, optimizer, epochs, batchSize, options, source, plugins } = recipe;
  const streams = source !== undefined;
  return {
    model: () => build(architecture),
    loss,
    optimizer: optimizer as OptimizerSpec,
    backend: 'keep',
    progress: false,
    data: source?.(recipe.train, recipe) ?? samplesOf(recipe.train),
    validation: samplesOf(recipe.held),
    // A source of batches has sizes of its own.
    fit: { epochs, ...(streams ? { validationBatchSize: batchSize } : { batchSize }) },
    ...(plugins === undefined ? {} : { plugins: plugins() }),
    ...options,
  };
}
