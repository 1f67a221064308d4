import type { DataError } from '../errors.js';
import { disposeBatch, type Batch, type BatchCursor } from './batch.js';
import { BoundedQueue } from './bounded-queue.js';
import { after, caught, isPromise, type Eventual } from './eventual.js';
import type { Reading } from './reading.js';
import { replay } from './replay.js';

/** What came out of pulling: a batch, an error that waits for its turn, or the end. */
type Pulled = { readonly batch: Batch } | { readonly error: unknown } | 'end';

const isBatch = (pulled: Pulled): pulled is { readonly batch: Batch } => pulled !== 'end' && 'batch' in pulled;

export interface StreamCursorSettings {
  readonly epoch: number;
  /** The first batch that is wanted. */
  readonly fromBatch: number;
  /** Whether a reading begins with that batch; else those before it are read and left. */
  readonly seeks: boolean;
  /** The epoch ends before this one. */
  readonly limit: number;
  /** For async sources: how many batches may be pulled and not yet asked for, at least 1. Undefined for synchronous ones. */
  readonly prefetch: number | undefined;
  readonly open: () => Eventual<Reading>;
  /** How often the source was opened. */
  readonly opens: () => number;
  /** Makes a batch of what the source gave; the tensors that the source made end with it. */
  readonly convert: (raw: unknown, index: number, reading: Reading) => Eventual<Batch>;
  /** Ends what the source made for a batch that is not wanted. */
  readonly leave: (raw: unknown, reading: Reading) => void;
  /** Whether batches that are smaller than the first one are left out. */
  readonly dropLast: boolean;
  /** The size of the first batch, where the reading begins after it. */
  readonly firstSize: () => Eventual<number>;
  /** What to say of a source that gave no batch at all, or ended before the first that is wanted. */
  readonly short: (batches: number) => DataError;
}

/** The batches of a stream. One is pulled ahead where more are wanted, as a batch has to say whether it is the last. */
export class StreamCursor implements BatchCursor {
  readonly #settings: StreamCursorSettings;
  readonly #queue: BoundedQueue<Pulled> | undefined;
  #reading: Reading | undefined;
  #opening: Eventual<Reading> | undefined;
  #opensBefore: number | undefined;
  /** Of the next batch to be pulled. */
  #index: number;
  #firstSize: number | undefined;
  #held: Pulled | undefined;
  #position: number;
  #closed = false;

  constructor(settings: StreamCursorSettings) {
    this.#settings = settings;
    this.#position = settings.fromBatch;
    this.#index = settings.fromBatch;
    if (settings.prefetch !== undefined) {
      // One of the batches that are ahead is the held one.
      this.#queue = new BoundedQueue(async () => this.#pull(), (pulled) => !isBatch(pulled), settings.prefetch - 1);
    }
  }

  get position(): number {
    return this.#position;
  }

  get opensBefore(): number {
    return this.#opensBefore ?? this.#settings.opens();
  }

  open(): Eventual<void> {
    if (this.#closed || this.#index >= this.#settings.limit) return;
    return after(this.#open(), () => undefined);
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
      this.#position = pulled.batch.index + 1;
      return pulled.batch;
    }
    return after(this.#nextPulled(ahead - 1), (following) => {
      if (this.#closed) {
        this.#leave(following);
        return undefined;
      }
      this.#held = following;
      this.#position = pulled.batch.index + 1;
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
    // A loop, as leaving out many batches of a synchronous source must not go deep.
    for (;;) {
      const pulled = caught<Pulled, Pulled>(() => this.#pullOne(), (error) => ({ error }));
      if (isPromise(pulled)) return pulled.then((each) => (this.#counts(each) ? each : this.#pull()));
      if (this.#counts(pulled)) return pulled;
    }
  }

  #counts(pulled: Pulled): boolean {
    if (!isBatch(pulled)) return true;
    if (!this.#settings.dropLast || pulled.batch.size >= (this.#firstSize ?? 0)) return true;
    disposeBatch(pulled.batch);
    return false;
  }

  #pullOne(): Eventual<Pulled> {
    const { limit, short } = this.#settings;
    const index = this.#index;
    if (index >= limit) return after(this.#reading?.close(), () => 'end' as const);
    return after(this.#open(), (reading) => {
      if (this.#closed) return 'end';
      return after(reading.next(this.#place(index)), (result): Eventual<Pulled> => {
        if (result.done !== true) return this.#converted(result.value, index, reading);
        if (index === 0) throw short(0);
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

  #place(index: number): string {
    return `batch ${index} of epoch ${this.#settings.epoch}`;
  }

  #open(): Eventual<Reading> {
    return (this.#opening ??= this.#goThere());
  }

  /** Opens the source at the first batch that is wanted. */
  #goThere(): Eventual<Reading> {
    const { open, opens, fromBatch, seeks, dropLast, firstSize } = this.#settings;
    this.#opensBefore = opens();
    const sizeKnown = dropLast && seeks ? after(firstSize(), (size) => void (this.#firstSize = size)) : undefined;
    return after(sizeKnown, () =>
      after(open(), (reading) => {
        this.#reading = reading;
        // It was closed while it was being opened.
        if (this.#closed) return after(reading.close(), () => reading);
        return seeks || fromBatch === 0 ? reading : after(this.#replay(reading), () => reading);
      }),
    );
  }

  #replay(reading: Reading): Eventual<void> {
    const { fromBatch, dropLast, convert, leave, short } = this.#settings;
    return replay({
      reading,
      count: fromBatch,
      place: (index) => this.#place(index),
      leave: (raw, index) => {
        if (index > 0 || !dropLast) {
          leave(raw, reading);
          return;
        }
        return after(convert(raw, index, reading), (batch) => {
          this.#firstSize = batch.size;
          disposeBatch(batch);
        });
      },
      isClosed: () => this.#closed,
      short,
    });
  }
}
