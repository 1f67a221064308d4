import type * as tf from '@tensorflow/tfjs-core';
import { ConfigError, type ConfigProblem } from '../errors.js';
import { RandomStreams } from '../random/index.js';

/** A shape as a model gives it: the batch dimension first, null where any size will do. */
export type SpecShape = readonly (number | null)[];

/** What the model takes, in its order. What is left out is not checked. */
export interface DataSpec {
  /** Left out: one input without a name, or those of the source in its order. */
  readonly inputNames?: readonly string[] | undefined;
  /** Empty: no labels are wanted, and those of the source are left aside. Left out: whatever labels the source has. */
  readonly labelNames?: readonly string[] | undefined;
  readonly inputShapes?: readonly (SpecShape | undefined)[] | undefined;
  readonly labelShapes?: readonly (SpecShape | undefined)[] | undefined;
  /** How many classes each label numbers: such labels are checked to be whole numbers from 0 to one less. */
  readonly labelClasses?: readonly (number | undefined)[] | undefined;
  /** The dtype to make of each input. Left out: float32 from host arrays, whatever it is from tensors. */
  readonly inputDtypes?: readonly (tf.DataType | undefined)[] | undefined;
  /** The dtype to make of each label. Left out: int32 from arrays of integers (class indices stay exact), else float32; tensors stay as they are. */
  readonly labelDtypes?: readonly (tf.DataType | undefined)[] | undefined;
}

/** How batches are made. */
export interface DataOptions {
  /** Samples a batch. Samples in memory: 32 when left out (Keras' default). A Dataset: given only where it yields single samples. Iterables come in their own batches, and one whose first has another size is refused. */
  readonly batchSize?: number | undefined;
  /** The option that batchSize came by, for messages; 'batchSize' when left out. Null: it is other data's as well, and batches of an iterable are taken as they are. */
  readonly batchSizeOption?: 'batchSize' | 'validationBatchSize' | null | undefined;
  /** A new order every epoch. Samples in memory: true when left out, as in Keras. Streams come in their own order: true is refused there. */
  readonly shuffle?: boolean | undefined;
  /** Where the orders come from; the streams of seed 0 when left out, so that equal calls give equal orders. */
  readonly streams?: RandomStreams | undefined;
  /** Leaves out batches that are smaller than batchSize (for a stream: than its first batch). False when left out, as in Keras. */
  readonly dropLast?: boolean | undefined;
  /**
   * Batches of an async source that may be pulled and not yet asked for; at least 1, as knowing which batch is the last takes
   * one. 2 when left out: the least that lets the source work while a step is computed. Not for synchronous sources.
   */
  readonly prefetch?: number | undefined;
  /** Ends an epoch after that many batches: for sources without an end. */
  readonly batchesPerEpoch?: number | undefined;
  /** False lets NaN and infinite numbers through. */
  readonly checkFinite?: boolean | undefined;
}

/** The options with every default in its place. What stays undefined depends on the kind of source. */
export interface ResolvedOptions {
  readonly batchSize: number | undefined;
  readonly batchSizeOption: 'batchSize' | 'validationBatchSize' | null;
  readonly shuffle: boolean | undefined;
  readonly streams: RandomStreams;
  readonly dropLast: boolean;
  readonly prefetch: number;
  readonly batchesPerEpoch: number;
  readonly checkFinite: boolean;
}

const DEFAULT_PREFETCH = 2;

/** Checks the options and fills in defaults. Throws OPTIONS_INVALID with every problem. */
export function resolveOptions(options: DataOptions): ResolvedOptions {
  const problems: ConfigProblem[] = [];
  for (const key of ['batchSize', 'prefetch', 'batchesPerEpoch'] as const) {
    const value = options[key];
    const least = key === 'prefetch' ? 0 : 1;
    if (value !== undefined && (!Number.isSafeInteger(value) || value < least)) {
      problems.push({ path: [key], message: `${key} is ${value}; it takes an integer of at least ${least}` });
    }
  }
  const [first] = problems;
  if (first !== undefined) {
    throw new ConfigError('OPTIONS_INVALID', { found: problems.map((problem) => problem.message).join('; '), problems });
  }
  return {
    batchSize: options.batchSize,
    batchSizeOption: options.batchSizeOption === undefined ? 'batchSize' : options.batchSizeOption,
    shuffle: options.shuffle,
    streams: options.streams ?? new RandomStreams(0),
    dropLast: options.dropLast ?? false,
    prefetch: Math.max(1, options.prefetch ?? DEFAULT_PREFETCH),
    batchesPerEpoch: options.batchesPerEpoch ?? Infinity,
    checkFinite: options.checkFinite ?? true,
  };
}
