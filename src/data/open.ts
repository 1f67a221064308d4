import { DataError } from '../errors.js';
import type { LoadedData } from './batch.js';
import type { Eventual } from './eventual.js';
import { MemoryData } from './memory.js';
import { openingsOf } from './openings.js';
import type { Moment } from './ownership.js';
import { PerEpochData, type GivesEpoch } from './per-epoch.js';
import type { AnyIterator, Stream } from './reading.js';
import { describe, isAsyncIterable, isDataset, isIterable, isNumericArray, isRecord, isSamplesRecord, isSeekable, isShapedArray, isTensor } from './recognize.js';
import type { DatasetLike, DataSource } from './source.js';
import { resolveOptions, type DataOptions, type DataSpec, type ResolvedOptions } from './spec.js';
import { StreamData } from './stream.js';

/**
 * Opens any source of training data and checks what can be checked before the first step.
 *
 * Who owns tensors: those that the user passes in, or keeps and yields again, are never disposed of. Those that a Dataset,
 * an iterable or a function of the epoch makes while it is being read are disposed of once they are read. A batch has
 * tensors of its own, which whoever receives it ends with `disposeBatch`.
 *
 * Throws ConfigError (OPTIONS_INVALID) and DataError: DATA_EMPTY, DATA_LENGTHS_DIFFER, DATA_SHAPE, DATA_TYPE, DATA_NAMES,
 * DATA_NOT_FINITE. What comes later than that, as batches of a stream do, is checked when it comes: the cursor throws these
 * as well as DATA_SOURCE_FAILED, and `epoch` throws DATA_NOT_REPEATABLE and DATA_NOT_SEEKABLE.
 *
 * ```ts
 * const data = openData({ inputs: pixels, labels }, { inputNames: ['image'], labelNames: ['digit'] }, { batchSize: 64, streams });
 * await data.ready();
 * const cursor = data.epoch(0);
 * for (let batch = await cursor.next(); batch !== undefined; batch = await cursor.next()) {
 *   step(batch);
 *   disposeBatch(batch);
 * }
 * await cursor.close();
 * ```
 */
export function openData(source: DataSource, spec: DataSpec = {}, options: DataOptions = {}): LoadedData {
  return load(source, spec, resolveOptions(options));
}

/** `since` is there for what a function of the epoch gave: the moment from which on tensors are the function's. */
function load(source: unknown, spec: DataSpec, options: ResolvedOptions, since?: Moment): LoadedData {
  if (Array.isArray(source) && source.length === 0) {
    throw new DataError('DATA_EMPTY', { found: `${since === undefined ? 'the data' : 'what the function of the epoch gave'} is an empty array`, expected: 'there has to be something to train on' });
  }
  if (typeof source === 'function' && since === undefined) {
    return new PerEpochData(source as GivesEpoch, options, (given, made) => load(given, spec, options, made));
  }
  const stream = streamOf(source, options);
  if (stream !== undefined) return new StreamData(stream, spec, options, since);
  if (isSamplesRecord(source) || Array.isArray(source) || isTensor(source) || isShapedArray(source) || (isRecord(source) && isPlain(source))) {
    return new MemoryData(source, spec, options);
  }
  throw new DataError('DATA_TYPE', {
    found: `${since === undefined ? 'the data' : 'what the function of the epoch gave'} is ${describe(source)}`,
    expected: 'it takes { inputs, labels }, [inputs, labels], a tf.data Dataset, an iterable of batches, or a function of the epoch that gives one of these',
    ...(isNumericArray(source) && { remedy: 'Give { inputs: { values, shape }, labels }.' }),
  });
}

const isPlain = (record: object): boolean => [Object.prototype, null].includes(Object.getPrototypeOf(record) as null);

function streamOf(source: unknown, options: ResolvedOptions): Stream | undefined {
  if (isDataset(source)) return datasetStream(source, options);
  if (isAsyncIterable(source)) return iterableStream('async-iterable', source, () => source[Symbol.asyncIterator]());
  if (Array.isArray(source)) {
    const batches = source as readonly unknown[];
    // [inputs, labels] is an array as well: batches are told from it by being objects with inputs.
    if (batches.length === 0 || !batches.every(isSamplesRecord)) return undefined;
    return {
      kind: 'iterable',
      samples: undefined,
      batches: options.dropLast ? undefined : batches.length,
      once: false,
      iterator: () => batches.values(),
      seek: (batch) => batches.slice(batch).values(),
      openings: openingsOf(source),
    };
  }
  if (isIterable(source) && !isTensor(source)) return iterableStream('iterable', source, () => source[Symbol.iterator]());
  return undefined;
}

function iterableStream(kind: 'iterable' | 'async-iterable', source: object, iterator: () => AnyIterator): Stream {
  const seek = isSeekable(source) ? (batch: number) => source.iterateFrom(batch) as Eventual<AnyIterator> : undefined;
  const isOne = isIterator(source);
  return {
    kind,
    samples: undefined,
    batches: undefined,
    once: isOne && seek === undefined,
    // What is an iterator itself has no beginning but the one that it is asked for.
    iterator: isOne && seek !== undefined ? () => seek(0) : iterator,
    seek,
    openings: openingsOf(source),
  };
}

/** Generators and other iterators give themselves when they are asked for an iterator: the second reading would go on where the first ended. */
const isIterator = (source: object): boolean => typeof (source as Partial<AnyIterator>).next === 'function';

function datasetStream(dataset: DatasetLike, { batchSize, dropLast }: ResolvedOptions): Stream {
  const batched = batchSize === undefined ? dataset : dataset.batch(batchSize, !dropLast);
  const known = (size: number | null): number | undefined => (size !== null && Number.isFinite(size) ? size : undefined);
  return {
    kind: 'dataset',
    samples: batchSize === undefined ? undefined : known(dataset.size),
    // Whether the last batch of a Dataset that came batched is a full one, only reading tells.
    batches: dropLast && batchSize === undefined ? undefined : known(batched.size),
    once: false,
    iterator: () => batched.iterator(),
    // What is before a batch decides what is in it: map() and filter() may do anything.
    seek: undefined,
    openings: openingsOf(dataset),
  };
}
