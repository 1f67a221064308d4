import type { DataError } from '../errors.js';
import { disposeBatch, type Batch, type BatchCursor } from './batch.js';
import { BoundedQueue } from './bounded-queue.js';
import { after, caught, isPromise, type Eventual } from './eventual.js';
import type { Reading } from './reading.js';

/** What came out of pulling: a batch, an error that waits for its turn, or the end. */
type Pulled = { readonly batch: Batch } | { readonly error: unknown } | 'end';

const isBatch = (pulled: Pulled): pulled is { readonly batch: Batch } => pulled !== 'end' && 'batch' in pulled;

export interface StreamCursorSettings {
  readonly epoch: number;
  /** Batches before it are read and left. */
  readonly fromBatch: number;
  /** The epoch ends before this one. */
  readonly limit: number;
  /** For async sources: how many batches may be pulled and not yet asked for, at least 1. Undefined for synchronous ones. */
  readonly prefetch: number | undefined;
  readonly open: () => Eventual<Reading>;
  /** Makes a batch of what the source gave; the tensors that the source made end with it. */
  readonly convert: (raw: unknown, index: number, reading: Reading) => Eventual<Batch>;
  /** Whether batches that are smaller than the first one are left out. */
  readonly dropLast: boolean;
  /** What to say of a source that gave no batch at all. */
  readonly nothing: () => DataError;
}

/** The batches of a stream. One is pulled ahead where more are wanted, as a batch has to say whether it is the last. */
export class StreamCursor implements BatchCursor {
  readonly #settings: StreamCursorSettings;
  readonly #queue: BoundedQueue<Pulled> | undefined;
  #reading: Reading | undefined;
  #opening: Eventual<Reading> | undefined;
  /** Of the next batch to be pulled. */
  #index = 0;
  #firstSize: number | undefined;
  #held: Pulled | undefined;
  #position: number;
  #closed = false;

  constructor(settings: StreamCursorSettings) {
    this.#settings = settings;
    this.#position = settings.fromBatch;
    if (settings.prefetch !== undefined) {
      // One of the batches that are ahead is the held one.
      this.#queue = new BoundedQueue(async () => this.#pull(), (pulled) => !isBatch(pulled), settings.prefetch - 1);
    }
  }

  get position(): number {
    return this.#position;
  }

  next(ahead = Infinity): Eventual<Batch | undefined> {
    if (this.#closed) return undefined;
    return after(this.#held ?? this.#nextPulled(ahead), (pulled) => this.#deliver(pulled, ahead));
  }

  close(): Eventual<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#leave(this.#held);
    // The iterator is told first: that may end a pull which waits for data.
    const told = caught(
      () => this.#reading?.close(),
      (error: unknown) => ({ error }),
    );
    const left: Eventual<readonly Pulled[]> = this.#queue?.stop() ?? [];
    return after(left, (each) => {
      each.forEach((pulled) => this.#leave(pulled));
      return after(told, (outcome) => {
        if (outcome !== undefined) throw outcome.error;
        // Again, for a source that was only being opened.
        return this.#reading?.close();
      });
    });
  }

  #deliver(pulled: Pulled, ahead: number): Eventual<Batch | undefined> {
    if (this.#closed) {
      this.#leave(pulled);
      return undefined;
    }
    this.#held = pulled;
    if (pulled === 'end') return undefined;
    if ('error' in pulled) throw pulled.error;
    if (ahead <= 0) {
      // A live source may not have the next one for a long time.
      this.#held = undefined;
      this.#position += 1;
      return pulled.batch;
    }
    return after(this.#nextPulled(ahead - 1), (following) => {
      if (this.#closed) {
        this.#leave(following);
        return undefined;
      }
      this.#held = following;
      this.#position += 1;
      return following === 'end' ? { ...pulled.batch, last: true } : pulled.batch;
    });
  }

  #nextPulled(ahead: number): Eventual<Pulled> {
    return this.#queue?.next(ahead) ?? this.#pull();
  }

  #leave(pulled: Pulled | undefined): void {
    if (pulled !== undefined && isBatch(pulled)) disposeBatch(pulled.batch);
  }

  /** The next batch that counts. Never throws. */
  #pull(): Eventual<Pulled> {
    // A loop, as skipping far in a synchronous source must not go deep.
    for (;;) {
      const pulled = caught<Pulled, Pulled>(() => this.#pullOne(), (error) => ({ error }));
      if (isPromise(pulled)) return pulled.then((each) => (this.#counts(each) ? each : this.#pull()));
      if (this.#counts(pulled)) return pulled;
    }
  }

  #counts(pulled: Pulled): boolean {
    if (!isBatch(pulled)) return true;
    const { index, size } = pulled.batch;
    if (index >= this.#settings.fromBatch && !(this.#settings.dropLast && size < (this.#firstSize ?? 0))) return true;
    disposeBatch(pulled.batch);
    return false;
  }

  #pullOne(): Eventual<Pulled> {
    const { epoch, limit, nothing } = this.#settings;
    const index = this.#index;
    if (index >= limit) return after(this.#reading?.close(), () => 'end' as const);
    return after(this.#open(), (reading) => {
      if (this.#closed) return 'end';
      return after(reading.next(`batch ${index} of epoch ${epoch}`), (result): Eventual<Pulled> => {
        if (result.done !== true) return this.#converted(result.value, index, reading);
        if (index === 0) throw nothing();
        return 'end';
      });
    });
  }

  #converted(raw: unknown, index: number, reading: Reading): Eventual<Pulled> {
    const outcome = caught<Pulled, Pulled>(
      () =>
        after(this.#settings.convert(raw, index, reading), (batch) => {
          this.#firstSize ??= batch.size;
          this.#index += 1;
          return { batch };
        }),
      (error) => ({ error }),
    );
    return after(outcome, (pulled) =>
      // After a batch that is of no use the source is not read on.
      pulled !== 'end' && 'error' in pulled ? after(caught(() => reading.close(), () => undefined), () => pulled) : pulled,
    );
  }

  #open(): Eventual<Reading> {
    this.#opening ??= after(this.#settings.open(), (reading) => {
      this.#reading = reading;
      return reading;
    });
    return this.#opening;
  }
}
