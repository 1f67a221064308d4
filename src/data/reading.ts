import * as tf from '@tensorflow/tfjs-core';
import { DataError } from '../errors.js';
import { thrownText } from '../thrown-text.js';
import { after, caught, isPromise, type Eventual } from './eventual.js';
import type { Openings } from './openings.js';
import { now, tensorsMadeSince, type Moment } from './ownership.js';
import { describe } from './recognize.js';

/** What of an iterator is needed: a LazyIterator of tf.data has no return(). */
export interface AnyIterator {
  next(): Eventual<IteratorResult<unknown>>;
  return?(): Eventual<unknown>;
}

/** A loader's own errors say where and what to do, and stay what they are. */
const isOfLoader = (thrown: unknown): thrown is DataError => thrown instanceof DataError && (thrown.code === 'LOADER_FAILED' || thrown.code === 'LOADER_CLOSED');

/** Something that goes wrong in the user's own code, as DATA_SOURCE_FAILED with the cause and the place. */
function sourceFailed(doing: string, cause: unknown): DataError {
  if (isOfLoader(cause)) return cause;
  return new DataError('DATA_SOURCE_FAILED', {
    found: `the data source failed ${doing}: ${thrownText(cause)}`,
    remedy: 'The error is in the source itself; it is the cause of this one.',
    cause,
  });
}

/** Runs code of the user. `doing` says in words what for: `at batch 3 of epoch 0`. Throws or rejects with DATA_SOURCE_FAILED. */
export function inSource<T>(doing: string, action: () => Eventual<T>): Eventual<T> {
  try {
    const value = action();
    return isPromise(value)
      ? Promise.resolve(value).catch((error: unknown) => {
          throw sourceFailed(doing, error);
        })
      : value;
  } catch (error) {
    throw sourceFailed(doing, error);
  }
}

/** One way through a stream of batches, with those that were looked at in advance. */
export class Reading {
  /** Tensors that are younger were made for this reading, and end with it. */
  readonly since: Moment;
  readonly #iterator: AnyIterator;
  readonly #unread: unknown[] = [];
  #over = false;

  constructor(iterator: AnyIterator, since: Moment) {
    this.#iterator = iterator;
    this.since = since;
  }

  /** The next batch as the source gives it, or nothing more. `place` is for the message of DATA_SOURCE_FAILED; a source that has failed is over. */
  next(place: string): Eventual<IteratorResult<unknown>> {
    if (this.#unread.length > 0) return { done: false, value: this.#unread.shift() };
    if (this.#over) return { done: true, value: undefined };
    const outcome = caught(
      () => inSource(`at ${place}`, () => this.#iterator.next()),
      (error: unknown) => ({ error }),
    );
    return after(outcome, (result) => {
      if ('error' in result || result.done === true) this.#over = true;
      if ('error' in result) throw result.error;
      return result;
    });
  }

  /** Puts batches back: they come again, in that order, before the rest. */
  unread(batches: readonly unknown[]): void {
    this.#unread.unshift(...batches);
  }

  /** Ends it: an iterator that is not through is told so, and batches that were put back are disposed of. */
  close(): Eventual<void> {
    tf.dispose(tensorsMadeSince(this.#unread.splice(0), this.since));
    if (this.#over) return;
    this.#over = true;
    return after(
      inSource('while it was being closed', () => this.#iterator.return?.()),
      () => undefined,
    );
  }
}

/** A stream that can be read, once or at every epoch. */
export interface Stream {
  readonly kind: 'dataset' | 'iterable' | 'async-iterable';
  readonly samples: number | undefined;
  readonly batches: number | undefined;
  /** Starts reading. One that can be read once gives the same iterator again. */
  iterator(): Eventual<AnyIterator>;
  readonly once: boolean;
  /** Starts reading at a batch; undefined where it can be read from its beginning alone. */
  readonly seek: ((batch: number) => Eventual<AnyIterator>) | undefined;
  /** How often it was started, by any reader of the source. */
  readonly openings: Openings;
}

/** Starts a reading, from a batch on where the stream can seek. `since` is the moment from which on tensors are the source's; left out, it is this one. */
export function startReading(stream: Stream, since: Moment = now(), fromBatch = 0): Eventual<Reading> {
  const { seek, openings } = stream;
  openings.count += 1;
  const seeks = seek !== undefined && fromBatch > 0;
  return after(
    inSource(seeks ? `while it was being opened at batch ${fromBatch}` : 'while it was being opened', () => (seeks ? seek(fromBatch) : stream.iterator())),
    (iterator) => {
      if (seeks) checkIterator(iterator, fromBatch);
      return new Reading(iterator, since);
    },
  );
}

/** An array or a generator function is what is easily given instead. */
function checkIterator(given: unknown, batch: number): void {
  if (typeof given === 'object' && given !== null && 'next' in given && typeof given.next === 'function') return;
  throw new DataError('DATA_TYPE', {
    found: `iterateFrom(${batch}) of the data gave ${describe(given)}`,
    expected: 'it takes an iterator, an object with next(), whose first batch is that one',
    remedy: 'Write it as a generator, *iterateFrom(batch) { ... } or async *iterateFrom(batch) { ... }.',
  });
}
