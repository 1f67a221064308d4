import * as tf from '@tensorflow/tfjs-core';
import type { Batch, BatchCursor, LoadedData, Seeking } from './batch.js';
import { after, caught, type Eventual } from './eventual.js';
import { openingsOf } from './openings.js';
import { now, tensorsMadeSince, type Moment } from './ownership.js';
import { inSource } from './reading.js';
import type { ResolvedOptions } from './spec.js';

/** The data of one epoch. */
interface EpochLoad {
  readonly data: LoadedData;
  /** Ends the tensors that the function made and that no batch has taken over. */
  readonly release: () => void;
}

/** Of an EpochFunction: callers without types may have anything in its field. */
export interface GivesEpoch {
  (epoch: number): unknown;
  readonly batchesPerEpoch?: unknown;
}

function batchesOf({ batchesPerEpoch: told }: GivesEpoch, { batchesPerEpoch, dropLast }: ResolvedOptions): number | undefined {
  // Whether the last batch is a smaller one, which dropLast leaves out, only reading tells.
  return Number.isSafeInteger(told) && (told as number) > 0 && !dropLast ? Math.min(told as number, batchesPerEpoch) : undefined;
}

/**
 * A source that a function gives anew for each epoch; it is called at the first next() of an epoch. Tensors that it makes
 * end with the epoch, those that were there before it was called are the user's.
 */
export class PerEpochData implements LoadedData {
  readonly kind = 'function';
  readonly shuffled: boolean | undefined;
  readonly samples = undefined;
  readonly batchesPerEpoch: number | undefined;
  readonly #give: (epoch: number) => unknown;
  readonly #open: (source: unknown, since: Moment) => LoadedData;
  #seeking: Seeking = 'unknown';
  /** What was given last, without holding it, and whether it was given before: never, each time, or after others. */
  #given: { readonly source: WeakRef<object>; readonly before: 'never' | 'always' | 'sometimes' } | undefined;
  /** How often the source of the next epoch is to have been opened before it. */
  #toCatchUp = 0;

  constructor(give: GivesEpoch, options: ResolvedOptions, open: (source: unknown, since: Moment) => LoadedData) {
    this.#give = give;
    this.#open = open;
    this.shuffled = options.shuffle;
    this.batchesPerEpoch = batchesOf(give, options);
  }

  get seeking(): Seeking {
    return this.#seeking;
  }

  get opens(): number {
    const only = this.#given?.before === 'always' ? this.#given.source.deref() : undefined;
    return Math.max(this.#toCatchUp, only === undefined ? 0 : openingsOf(only).count);
  }

  catchUp(opens: number): void {
    this.#toCatchUp = opens;
  }

  ready(): void {
    // What is given for an epoch is checked in that epoch.
  }

  epoch(epoch: number, fromBatch = 0, replay = true): BatchCursor {
    return new PerEpochCursor({
      load: () => {
        const opens = this.#toCatchUp;
        this.#toCatchUp = 0;
        return this.#load(epoch, opens);
      },
      cursor: (data) => data.epoch(epoch, fromBatch, replay),
      fromBatch,
      opens: () => this.opens,
    });
  }

  async first(n?: number): Promise<Batch> {
    const { data, release } = await this.#load(0);
    try {
      return await data.first(n);
    } finally {
      data.dispose();
      release();
    }
  }

  dispose(): void {
    // Nothing is held between epochs.
  }

  #load(epoch: number, opens = 0): Eventual<EpochLoad> {
    const since = now();
    return after(inSource(`when it was asked for epoch ${epoch}`, () => this.#give(epoch)), (source) => {
      const release = (): void => tf.dispose(tensorsMadeSince(source, since));
      const load = caught(
        () => {
          const data = this.#open(source, since);
          this.#seeking = data.seeking;
          this.#note(source as object);
          const caughtUp = after(data.ready(), () => (opens === 0 ? undefined : data.catchUp(opens)));
          return after(caughtUp, () => ({ data, release }));
        },
        (error: unknown) => {
          release();
          throw error;
        },
      );
      return load;
    });
  }

  #note(source: object): void {
    const before = this.#given === undefined ? 'never' : this.#given.before !== 'sometimes' && this.#given.source.deref() === source ? 'always' : 'sometimes';
    this.#given = { source: new WeakRef(source), before };
  }
}

interface PerEpochSettings {
  readonly load: () => Eventual<EpochLoad>;
  readonly cursor: (data: LoadedData) => BatchCursor;
  readonly fromBatch: number;
  /** What the data says of how often it was opened, as long as the source of the epoch is not there. */
  readonly opens: () => number;
}

class PerEpochCursor implements BatchCursor {
  readonly #settings: PerEpochSettings;
  #opened: Eventual<{ readonly cursor: BatchCursor; readonly release: () => void }> | undefined;
  #cursor: BatchCursor | undefined;
  #closed = false;

  constructor(settings: PerEpochSettings) {
    this.#settings = settings;
  }

  get position(): number {
    return this.#cursor?.position ?? this.#settings.fromBatch;
  }

  get opensBefore(): number {
    return this.#cursor?.opensBefore ?? this.#settings.opens();
  }

  open(): Eventual<void> {
    if (this.#closed) return;
    return after(this.#open(), ({ cursor }) => (this.#closed ? undefined : cursor.open()));
  }

  next(ahead?: number): Eventual<Batch | undefined> {
    if (this.#closed) return undefined;
    return after(this.#open(), ({ cursor, release }) =>
      after(cursor.next(ahead), (batch) => {
        if (batch?.last !== false) release();
        return batch;
      }),
    );
  }

  close(): Eventual<void> {
    if (this.#closed) return;
    this.#closed = true;
    // An epoch that could not be opened has nothing to close; its error was next()'s to throw.
    return after(
      caught(() => this.#opened, () => undefined),
      (opened) => opened && after(opened.cursor.close(), opened.release),
    );
  }

  #open(): Eventual<{ readonly cursor: BatchCursor; readonly release: () => void }> {
    return (this.#opened ??= after(this.#settings.load(), ({ data, release }) => {
      try {
        this.#cursor = this.#settings.cursor(data);
        return { cursor: this.#cursor, release };
      } catch (error) {
        release();
        throw error;
      }
    }));
  }
}
