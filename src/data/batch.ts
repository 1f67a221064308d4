import * as tf from '@tensorflow/tfjs-core';

/**
 * Some samples, in the model's order of inputs and labels. Whoever receives a batch ends it with `disposeBatch`; its
 * tensors are its own (never the user's) and tf.tidy passes them by.
 */
export interface Batch {
  /** Each [size, ...]. */
  readonly inputs: readonly tf.Tensor[];
  /** Each [size, ...]; empty where the source has none. */
  readonly labels: readonly tf.Tensor[];
  /** Each [size], one a label (the same tensor at each where the source gives one for all); undefined where the source has none. */
  readonly sampleWeights: readonly tf.Tensor[] | undefined;
  /** Samples. */
  readonly size: number;
  /** In the epoch, from 0. */
  readonly index: number;
  /** Whether the epoch is known to end with it. */
  readonly last: boolean;
  /** Where each sample stands in the source, for sources in memory. */
  readonly indices: Int32Array | undefined;
}

/** The batches of one epoch, one after the other. Ask for the next one only when the last one has come. */
export interface BatchCursor {
  /**
   * Opens the source and goes to the place that was asked for, which else the first next() does. No promise where nothing
   * is waited for. Close() ends it.
   */
  open(): void | Promise<void>;
  /**
   * The next batch, or undefined after the last one. No promise from sources in memory and synchronous iterables (but the
   * first, where a long way is read to it).
   * What goes wrong with a batch is thrown (or rejected with) when its turn comes, not before.
   * `ahead`: how many batches beyond it are surely wanted; no more of them are pulled. With 0, a stream hands its batch over
   * without knowing whether it is the last. Left out: all that there are.
   */
  next(ahead?: number): Batch | undefined | Promise<Batch | undefined>;
  /** Ends the epoch early: disposes of what was pulled ahead and closes the iterator. To be called once done, at any point; again does nothing. */
  close(): void | Promise<void>;
  /** What to resume from: the index of the batch that next() gives, or of one before it that dropLast leaves out. */
  readonly position: number;
  /** What `opens` of the data was before this epoch opened it: what to catch up with before it is gone on with. */
  readonly opensBefore: number;
}

/** What a source turned out to be. */
export type DataKind = 'memory' | 'dataset' | 'iterable' | 'async-iterable' | 'function';

/** How a source comes to a place in its middle: it goes there at once, or is read again up to there; unknown until a function of the epoch has given one. */
export type Seeking = 'seek' | 'replay' | 'unknown';

/** A source that is checked and ready to be read, any number of epochs where it can be repeated. */
export interface LoadedData {
  readonly kind: DataKind;
  /** Whether the order of the samples changes from epoch to epoch; undefined where the function of the epoch decides. */
  readonly shuffled: boolean | undefined;
  /** In the whole source; undefined for streams. */
  readonly samples: number | undefined;
  /** Undefined where only reading to the end tells. */
  readonly batchesPerEpoch: number | undefined;
  readonly seeking: Seeking;
  /**
   * How often the source was asked for an iterator in this process, by first() and epochs; 0 in memory. Of a function of
   * the epoch: how often the source was that it gave, where it has always given the same one, else 0.
   */
  readonly opens: number;
  /**
   * Opens a source until it was opened that often, and closes it unread: the order of a Dataset's pass depends on how many
   * went before, as Dataset.shuffle draws the seed of each when it is opened. Does nothing in memory and for what can
   * be read once. Of a function of the epoch: as soon as it gives the source of the next epoch.
   */
  catchUp(opens: number): void | Promise<void>;
  /** Does the checks that the device's backend cannot do at once (see finite.ts). To be awaited before the first step; rejects with DATA_NOT_FINITE. */
  ready(): void | Promise<void>;
  /**
   * The batches of an epoch, counted from 0. `fromBatch` goes on in the middle of it, as after a checkpoint: samples in
   * memory and batches that can be sought are skipped for nothing, other streams are read up to there, or refused where
   * `replay` is false. Throws DATA_NOT_REPEATABLE, DATA_NOT_SEEKABLE; DATA_EMPTY where the data ends before that batch.
   */
  epoch(epoch: number, fromBatch?: number, replay?: boolean): BatchCursor;
  /**
   * One batch of the first n samples, never shuffled; as many as a batch of the source has where n is left out. Fewer if
   * there are no more, or where a stream goes on with batches of another shape. The source gives them again to the epochs.
   */
  first(n?: number): Promise<Batch>;
  /** Lets go of what is held for the source. Tensors of the user are not touched. */
  dispose(): void;
}

/** Ends the tensors of a batch. A second time does nothing. */
export function disposeBatch(batch: Batch): void {
  tf.dispose([batch.inputs, batch.labels, batch.sampleWeights ?? []] as unknown as tf.TensorContainer);
}
