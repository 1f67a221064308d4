import type * as tf from '@tensorflow/tfjs-core';

/** Any typed array of numbers (the 64-bit integer ones hold bigints, which no tensor takes). */
export type NumericArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array;

/** Numbers in row-major order with their shape, samples first: `{ values: pixels, shape: [60000, 28, 28, 1] }`. */
export interface ShapedArray {
  readonly values: NumericArray | readonly number[];
  readonly shape: readonly number[];
}

/** JavaScript arrays in arrays, all of one length at one depth; a row may be a typed array. Booleans count as 1 and 0. */
export type NestedArray = readonly (number | boolean | NumericArray | NestedArray)[];

/** One input, label or weight of many samples: [samples, ...]. A typed array alone has shape [samples]. */
export type ArrayValue = tf.Tensor | NumericArray | ShapedArray | NestedArray;

/** The arrays of all inputs (or labels): one alone, several by name, or several in the model's order. */
export type ArrayValues = ArrayValue | readonly ArrayValue[] | Readonly<Record<string, ArrayValue>>;

/**
 * Samples: the whole data of an in-memory source, or one batch of a stream. `xs` and `ys` are the names that tf.data uses.
 * Sample weights have shape [samples]: one array for all labels, or one for each.
 */
export type Samples =
  | { readonly inputs: ArrayValues; readonly labels?: ArrayValues | undefined; readonly sampleWeights?: ArrayValues | undefined }
  | { readonly xs: ArrayValues; readonly ys?: ArrayValues | undefined; readonly sampleWeights?: ArrayValues | undefined }
  | readonly [inputs: ArrayValues, labels: ArrayValues]
  | readonly [inputs: ArrayValues, labels: ArrayValues, sampleWeights: ArrayValues];

/** What is needed of a Dataset of @tensorflow/tfjs-data. It is known by its methods, as it may come from another copy of the package. */
export interface DatasetLike {
  iterator(): Promise<{ next(): Promise<IteratorResult<unknown>> }>;
  batch(batchSize: number, smallLastBatch?: boolean): DatasetLike;
  forEachAsync(each: (element: unknown) => void): Promise<void>;
  readonly size: number | null;
}

/** Batches one after the other, each as Samples; at once (an array of batches, a generator) or in time (an async generator, a stream). */
export type BatchStream = Iterable<Samples> | AsyncIterable<Samples>;

/** Iterators give their results at once or in time, whichever iterable they are of. */
type BatchIterator = Iterator<Samples> | AsyncIterator<Samples>;

/**
 * Batches that need not be read from the beginning: `iterateFrom(n)` gives an iterator whose first batch is batch n, counted
 * from 0, now or in time. A resumed fit goes on there; the same batches have to come as in the iteration that was left.
 *
 * ```ts
 * async function* read(from: number) {
 *   for (let i = from; i < shards.length; i += 1) yield await readShard(shards[i]);
 * }
 * const batches: SeekableBatches = { [Symbol.asyncIterator]: () => read(0), iterateFrom: (batch) => read(batch) };
 * ```
 */
export type SeekableBatches = BatchStream & { iterateFrom(batch: number): BatchIterator | Promise<BatchIterator> };

/** What a function of the epoch may give back, now or in time. */
export type EpochData = Samples | DatasetLike | BatchStream;

/** Gives the data of an epoch, counted from 0. */
export interface EpochFunction {
  (epoch: number): EpochData | Promise<EpochData>;
  /** Batches in each epoch, where that is known before it is read: so that a progress bar has an end. */
  readonly batchesPerEpoch?: number | undefined;
  /** True where its samples come in an order of chance: predict() refuses it then. */
  readonly shuffled?: boolean | undefined;
}

/**
 * Anything to train on:
 * - samples in memory (see Samples), which are shuffled and cut into batches;
 * - a tf.data Dataset of batches, or of single samples with `batchSize` given;
 * - an iterable or async iterable of batches, which a method `iterateFrom` lets go on anywhere (see SeekableBatches);
 * - a function that gives one of these for an epoch (counted from 0).
 */
export type DataSource = EpochData | EpochFunction;
