import { DataError } from '../errors.js';
import type { Batch, BatchCursor, LoadedData } from './batch.js';
import { checkClassRange } from './class-range.js';
import { endsBefore } from './ends-before.js';
import { after, type Eventual } from './eventual.js';
import { checkTableFinite } from './finite.js';
import { checkBatchDimension } from './shapes.js';
import type { DataSpec, ResolvedOptions } from './spec.js';
import { batchOf, tableOf, type Table } from './table.js';

/** Keras' default. */
const DEFAULT_BATCH_SIZE = 32;

/** Samples in memory: checked as a whole here, then cut into batches at once, without a promise. Throws every DataError there is about arrays. */
export class MemoryData implements LoadedData {
  readonly kind = 'memory';
  readonly shuffled: boolean;
  readonly samples: number;
  readonly batchesPerEpoch: number;
  readonly seeking = 'seek';
  readonly opens = 0;
  readonly #table: Table;
  readonly #batchSize: number;
  readonly #options: ResolvedOptions;
  readonly #checks: Eventual<void>;

  constructor(samples: unknown, spec: DataSpec, options: ResolvedOptions) {
    this.#table = tableOf(samples, spec);
    this.#options = options;
    this.samples = this.#table.size;
    this.shuffled = options.shuffle ?? true;
    // A model that was built for batches of one size says so.
    this.#batchSize = options.batchSize ?? spec.inputShapes?.[0]?.[0] ?? DEFAULT_BATCH_SIZE;
    const batches = options.dropLast ? Math.floor(this.samples / this.#batchSize) : Math.ceil(this.samples / this.#batchSize);
    this.batchesPerEpoch = Math.min(batches, options.batchesPerEpoch);
    if (batches === 0) {
      throw new DataError('DATA_EMPTY', {
        found: `${this.samples} samples make no full batch of ${this.#batchSize}, and dropLast leaves out the rest`,
        remedy: 'Use a smaller batchSize, or dropLast: false.',
      });
    }
    // The sizes of the first and the last batch are all the sizes that there are.
    for (const index of [0, this.batchesPerEpoch - 1]) {
      this.#table.inputs.forEach((column, input) => checkBatchDimension(column.label, this.#sizeOf(index), spec.inputShapes?.[input]));
    }
    this.#checks = after(options.checkFinite ? checkTableFinite(this.#table) : undefined, () => checkClassRange(this.#table.labels, spec.labelClasses));
    // A rejection is ready()'s to report, also where that is asked for later.
    if (this.#checks instanceof Promise) this.#checks.catch(() => undefined);
  }

  ready(): Eventual<void> {
    return this.#checks;
  }

  catchUp(): void {
    // The order follows from the number of the epoch alone.
  }

  epoch(epoch: number, fromBatch = 0): BatchCursor {
    if (fromBatch > this.batchesPerEpoch) throw endsBefore(this.batchesPerEpoch, epoch, fromBatch);
    const order = this.shuffled ? this.#options.streams.derive(`data/epoch/${epoch}`).permutation(this.samples) : undefined;
    let position = fromBatch;
    let end = this.batchesPerEpoch;
    return {
      open: () => undefined,
      next: () => (position < end ? this.#batch(position++, order) : undefined),
      close: () => {
        end = 0;
      },
      get position() {
        return position;
      },
      opensBefore: 0,
    };
  }

  async first(n = this.#batchSize): Promise<Batch> {
    const count = Math.min(n, this.samples);
    return batchOf(this.#table, { start: 0, count }, 0, true, countFrom(0, count));
  }

  dispose(): void {
    // Nothing is held but arrays and the user's own tensors.
  }

  #sizeOf(index: number): number {
    return Math.min(this.#batchSize, this.samples - index * this.#batchSize);
  }

  #batch(index: number, order: Int32Array | undefined): Batch {
    const start = index * this.#batchSize;
    const count = this.#sizeOf(index);
    const indices = order === undefined ? countFrom(start, count) : order.slice(start, start + count);
    return batchOf(this.#table, order === undefined ? { start, count } : { indices }, index, index === this.batchesPerEpoch - 1, indices);
  }
}

const countFrom = (start: number, count: number): Int32Array => Int32Array.from({ length: count }, (_, index) => start + index);
