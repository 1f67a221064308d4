import * as tf from '@tensorflow/tfjs-core';
import type { Batch, BatchCursor, LoadedData } from './batch.js';
import { after, caught, type Eventual } from './eventual.js';
import { now, tensorsMadeSince, type Moment } from './ownership.js';
import { inSource } from './reading.js';
import type { ResolvedOptions } from './spec.js';

/** The data of one epoch. */
interface EpochLoad {
  readonly data: LoadedData;
  /** Ends the tensors that the function made and that no batch has taken over. */
  readonly release: () => void;
}

/**
 * A source that a function gives anew for each epoch; it is called at the first next() of an epoch. Tensors that it makes
 * end with the epoch, those that were there before it was called are the user's.
 */
export class PerEpochData implements LoadedData {
  readonly kind = 'function';
  readonly shuffled: boolean | undefined;
  readonly samples = undefined;
  readonly batchesPerEpoch = undefined;
  readonly #give: (epoch: number) => unknown;
  readonly #open: (source: unknown, since: Moment) => LoadedData;

  constructor(give: (epoch: number) => unknown, options: ResolvedOptions, open: (source: unknown, since: Moment) => LoadedData) {
    this.#give = give;
    this.#open = open;
    this.shuffled = options.shuffle;
  }

  ready(): void {
    // What is given for an epoch is checked in that epoch.
  }

  epoch(epoch: number, fromBatch = 0): BatchCursor {
    return new PerEpochCursor(() => this.#load(epoch), epoch, fromBatch);
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

  #load(epoch: number): Eventual<EpochLoad> {
    const since = now();
    return after(inSource(`when it was asked for epoch ${epoch}`, () => this.#give(epoch)), (source) => {
      const release = (): void => tf.dispose(tensorsMadeSince(source, since));
      const load = caught(
        () => {
          const data = this.#open(source, since);
          return after(data.ready(), () => ({ data, release }));
        },
        (error: unknown) => {
          release();
          throw error;
        },
      );
      return load;
    });
  }
}

class PerEpochCursor implements BatchCursor {
  readonly #load: () => Eventual<EpochLoad>;
  readonly #epoch: number;
  readonly #fromBatch: number;
  #opened: Eventual<{ readonly cursor: BatchCursor; readonly release: () => void }> | undefined;
  #cursor: BatchCursor | undefined;
  #closed = false;

  constructor(load: () => Eventual<EpochLoad>, epoch: number, fromBatch: number) {
    this.#load = load;
    this.#epoch = epoch;
    this.#fromBatch = fromBatch;
  }

  get position(): number {
    return this.#cursor?.position ?? this.#fromBatch;
  }

  next(ahead?: number): Eventual<Batch | undefined> {
    if (this.#closed) return undefined;
    this.#opened ??= after(this.#load(), ({ data, release }) => {
      this.#cursor = data.epoch(this.#epoch, this.#fromBatch);
      return { cursor: this.#cursor, release };
    });
    return after(this.#opened, ({ cursor, release }) =>
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
}
