import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, DataError } from '../errors.js';
import { disposeBatch, type Batch, type BatchCursor, type LoadedData } from './batch.js';
import { checkClassRange } from './class-range.js';
import { endsBefore } from './ends-before.js';
import { after, always, caught, type Eventual } from './eventual.js';
import { checkTableFinite } from './finite.js';
import { tensorsMadeSince, type Moment } from './ownership.js';
import { startReading, type Reading, type Stream } from './reading.js';
import { checkBatchDimension } from './shapes.js';
import type { DataSpec, ResolvedOptions } from './spec.js';
import { StreamCursor } from './stream-cursor.js';
import { batchOf, tableOf } from './table.js';

/** Batches that come one after the other; each is checked when it is pulled. Throws OPTIONS_INVALID where it is to be shuffled. */
export class StreamData implements LoadedData {
  readonly kind: Stream['kind'];
  readonly shuffled = false;
  readonly samples: number | undefined;
  readonly batchesPerEpoch: number | undefined;
  readonly seeking: 'seek' | 'replay';
  readonly #stream: Stream;
  readonly #spec: DataSpec;
  readonly #options: ResolvedOptions;
  readonly #since: Moment | undefined;
  /** Of the source's first batch, once it was seen. */
  #firstSize: number | undefined;
  /** Of a stream that can be read once: kept from first() on for the epoch. */
  #onlyReading: Eventual<Reading> | undefined;
  #epochs = 0;

  /** `since` is the moment from which on tensors are the source's; left out, each reading takes its own. */
  constructor(stream: Stream, spec: DataSpec, options: ResolvedOptions, since?: Moment) {
    if (options.shuffle === true) {
      const problem = `shuffle is true, and the data is ${stream.kind === 'dataset' ? 'a Dataset' : 'a stream of batches'}, which is read in its own order`;
      throw new ConfigError('OPTIONS_INVALID', {
        found: problem,
        expected: 'only samples in memory are shuffled here',
        remedy: stream.kind === 'dataset' ? 'Leave out shuffle, and use dataset.shuffle(bufferSize, seed) before it is batched.' : 'Leave out shuffle, and shuffle in the source.',
        problems: [{ path: ['shuffle'], message: problem }],
      });
    }
    this.kind = stream.kind;
    this.samples = stream.samples;
    this.batchesPerEpoch = stream.batches === undefined ? undefined : Math.min(stream.batches, options.batchesPerEpoch);
    this.#stream = stream;
    this.#spec = spec;
    this.#options = options;
    this.#since = since;
    this.seeking = stream.seek === undefined ? 'replay' : 'seek';
  }

  get opens(): number {
    return this.#stream.openings.count;
  }

  async catchUp(opens: number): Promise<void> {
    while (!this.#stream.once && this.opens < opens) {
      const reading = await startReading(this.#stream, this.#since);
      // Nothing was read of it: what its closing throws is no loss.
      await caught(() => reading.close(), () => undefined);
    }
  }

  ready(): void {
    // Every batch is checked as it is pulled.
  }

  epoch(epoch: number, fromBatch = 0, replay = true): BatchCursor {
    const { seek } = this.#stream;
    if (fromBatch > 0 && seek === undefined && !replay) throw notSeekable(this.kind, epoch, fromBatch);
    if (this.#stream.once && this.#epochs > 0) throw notRepeatable('the data can be read once, and another epoch was asked for');
    const earlier = this.#epochs;
    this.#epochs += 1;
    return new StreamCursor({
      epoch,
      fromBatch,
      seeks: seek !== undefined && fromBatch > 0,
      limit: this.#options.batchesPerEpoch,
      prefetch: this.kind === 'iterable' ? undefined : this.#options.prefetch,
      open: () => this.#open(fromBatch),
      opens: () => this.opens,
      convert: (raw, index, reading) => this.#convert(raw, index, `batch ${index} of epoch ${epoch}: `, reading.since),
      leave: (raw, reading) => tf.dispose(tensorsMadeSince(raw, reading.since)),
      dropLast: this.#options.dropLast,
      firstSize: () => this.#firstSize ?? this.#readFirstSize(),
      short: (batches) => (batches > 0 ? endsBefore(batches, epoch, fromBatch) : nothingIn(epoch, earlier)),
    });
  }

  async first(n?: number): Promise<Batch> {
    if (this.#stream.once && this.#epochs > 0) throw notRepeatable('the data can be read once, and was read');
    const reading = await this.#open();
    // What can be read once is put back: its tensors stay as they are.
    const since = this.#stream.once ? Infinity : reading.since;
    const raws: unknown[] = [];
    const batches: Batch[] = [];
    try {
      for (let size = 0; size < (n ?? 1); size += batches.at(-1)?.size ?? 0) {
        const result = await reading.next(`batch ${raws.length}`);
        if (result.done === true) break;
        raws.push(result.value);
        const batch = await this.#convert(result.value, batches.length, `batch ${batches.length}: `, since);
        if (batches[0] !== undefined && !joinable(batches[0], batch)) {
          // Sequences of another length, say: fewer samples will do.
          disposeBatch(batch);
          break;
        }
        batches.push(batch);
        this.#firstSize ??= batch.size;
      }
      if (batches.length === 0) throw new DataError('DATA_EMPTY', { found: 'the data gave no batch', expected: 'there has to be something to train on' });
      if (n === undefined) {
        const another = async (): Promise<boolean> => {
          const next = await reading.next('batch 1');
          if (next.done === true) return false;
          raws.push(next.value);
          tf.dispose(tensorsMadeSince(next.value, since));
          return true;
        };
        await this.#checkSize(batches[0]?.size ?? 0, another);
      }
      return joined(batches, n ?? Infinity);
    } finally {
      batches.forEach(disposeBatch);
      if (this.#stream.once) reading.unread(raws);
      // The batch is had, or there is a better error to tell.
      else await caught(() => reading.close(), () => undefined);
    }
  }

  dispose(): void {
    // What first() put back and no epoch has read.
    const only = this.#onlyReading;
    // Whoever disposes of it has no use for what its closing throws, now or later.
    if (this.#epochs === 0 && only !== undefined) void caught(() => after(only, (reading) => reading.close()), () => undefined);
  }

  #open(fromBatch = 0): Eventual<Reading> {
    if (!this.#stream.once) return startReading(this.#stream, this.#since, fromBatch);
    return (this.#onlyReading ??= startReading(this.#stream, this.#since));
  }

  async #readFirstSize(): Promise<number> {
    const first = await this.first();
    disposeBatch(first);
    return first.size;
  }

  /**
   * A batch size that is given and has no effect would be believed. A source of fewer samples than that has a smaller batch
   * and no second one.
   */
  async #checkSize(size: number, hasAnother: () => Promise<boolean>): Promise<void> {
    const { batchSize, batchSizeOption } = this.#options;
    if (this.kind === 'dataset' || batchSizeOption === null || batchSize === undefined || size === batchSize) return;
    if (size < batchSize && !(await hasAnother())) return;
    const isTraining = batchSizeOption === 'batchSize';
    const problem = `${batchSizeOption} is ${batchSize}, and the ${isTraining ? '' : 'validation '}data comes in batches of its own, whose first has ${size === 1 ? '1 sample' : `${size} samples`}`;
    throw new ConfigError('OPTIONS_INVALID', {
      found: problem,
      expected: 'only samples in memory are cut into batches here, and those of a Dataset',
      remedy: `Leave out ${batchSizeOption}, or make batches of that size in the source.${isTraining ? ' Validation data in memory takes validationBatchSize.' : ''}`,
      problems: [{ path: [batchSizeOption], message: problem }],
    });
  }

  /** Tensors that were made since end here; the batch has its own. */
  #convert(raw: unknown, index: number, where: string, since: Moment): Eventual<Batch> {
    return always(
      () => {
        const table = tableOf(raw, this.#spec, where);
        table.inputs.forEach((column, input) => checkBatchDimension(column.label, table.size, this.#spec.inputShapes?.[input]));
        const checked = after(this.#options.checkFinite ? checkTableFinite(table) : undefined, () => checkClassRange(table.labels, this.#spec.labelClasses));
        return after(checked, () =>
          batchOf(table, { start: 0, count: table.size }, index, false, undefined),
        );
      },
      () => tf.dispose(tensorsMadeSince(raw, since)),
    );
  }
}

const notSeekable = (kind: Stream['kind'], epoch: number, batch: number): DataError =>
  new DataError('DATA_NOT_SEEKABLE', {
    found: `batch ${batch} of epoch ${epoch}, where the fit is to go on, comes in ${kind === 'dataset' ? 'a Dataset' : 'a stream of batches'} that can only be read from its beginning`,
    expected: "resumeData: 'refuse' takes a source that can go on anywhere",
    remedy: "Give the source a method iterateFrom(batch), or set resumeData: 'replay' to have it read again up to there.",
  });

const nothingIn = (epoch: number, earlier: number): DataError =>
  earlier > 0
    ? notRepeatable(`the data gave nothing in epoch ${epoch}, after ${earlier === 1 ? 'an earlier epoch' : 'earlier epochs'}`)
    : new DataError('DATA_EMPTY', { found: `the data gave no batch in epoch ${epoch}`, expected: 'there has to be something to train on' });

const notRepeatable = (found: string): DataError =>
  new DataError('DATA_NOT_REPEATABLE', {
    found,
    expected: 'every epoch reads the data from its beginning',
    remedy: 'Pass a function of the epoch that makes a new one: (epoch) => read(epoch). A generator function is such a function.',
  });

/** Whether two batches differ in nothing but their number of samples. */
function joinable(one: Batch, other: Batch): boolean {
  const form = ({ inputs, labels }: Batch): string => JSON.stringify([inputs, labels].map((tensors) => tensors.map(({ dtype, shape }) => [dtype, ...shape.slice(1)])));
  return form(one) === form(other);
}

/** The first n samples of several batches as one batch. */
function joined(batches: readonly Batch[], n: number): Batch {
  const size = Math.min(n, batches.reduce((sum, batch) => sum + batch.size, 0));
  const join = (tensors: readonly tf.Tensor[]): tf.Tensor =>
    tf.keep(tf.tidy(() => tf.slice(tensors.length === 1 ? (tensors[0] as tf.Tensor) : tf.concat([...tensors]), 0, size)));
  const all = (of: (batch: Batch) => readonly tf.Tensor[]): tf.Tensor[] => of(batches[0] as Batch).map((_, at) => join(batches.map((batch) => of(batch)[at] as tf.Tensor)));
  return {
    inputs: all((batch) => batch.inputs),
    labels: all((batch) => batch.labels),
    sampleWeights: batches.every((batch) => batch.sampleWeights !== undefined) ? all((batch) => batch.sampleWeights ?? []) : undefined,
    size,
    index: 0,
    last: true,
    indices: undefined,
  };
}
