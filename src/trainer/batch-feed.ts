import { disposeBatch, type Batch, type BatchCursor, type LoadedData } from '../data/index.js';
import type { Interrupt } from './interrupt.js';

/** The batches of one update, and whether the epoch ends with them. */
export interface Taken {
  readonly batches: readonly Batch[];
  readonly last: boolean;
}

/** Where the next update begins, as plain JSON: what a checkpoint keeps of the data. */
export interface FeedMark {
  /** The pass over the data, from 0, and the batch in it. */
  readonly pass: number;
  readonly batch: number;
  /** Whether the pass is under way; else it is to be begun. */
  readonly passOpen: boolean;
  /** How often the source was opened before that pass: see LoadedData.opens. */
  readonly opens: number;
  /** And by now, where others have read it meanwhile. */
  readonly opensNow: number;
  /** Updates of the epoch that were taken. */
  readonly steps: number;
  /** Whether the pass may be through without having said so. */
  readonly endUnknown: boolean;
}

/**
 * Hands the loop the batches of each update: `accumulateSteps` at a time, and where `stepsPerEpoch` cuts epochs, from
 * where the epoch before stopped, so that no part of the data is left out.
 */
export class BatchFeed {
  #cursor: BatchCursor | undefined;
  /** Passes over the data begun so far: the first is 0. Its number decides the order of the samples. */
  #pass: number;
  #steps: number;
  /** Whether the pass that is under way may be through without having said so. */
  #endUnknown: boolean;
  #interrupted = false;
  /** Without what the data tells when it is asked for. */
  #mark: Omit<FeedMark, 'opensNow'>;
  /** How often the source was opened before the pass that was begun since the mark. */
  #opensAtMark: number | undefined;
  /** The least that it can have been opened: what is resumed has to catch up first. */
  #opensAtLeast: number;
  #arriving: Promise<void> | undefined;

  constructor(
    readonly data: LoadedData,
    readonly options: {
      readonly accumulateSteps: number;
      readonly stepsPerEpoch: number | undefined;
      readonly firstPass: number;
      /** Goes on there, instead of beginning with the first pass. */
      readonly from?: FeedMark;
      /** Whether a source that cannot seek may be read again up to there. Default true. */
      readonly replay?: boolean;
      /** Ends the waiting for data that does not come. */
      readonly stopping: Interrupt;
      /** Told when a pass is begun, how many there have been. */
      readonly onPass?: (passes: number) => void;
    },
  ) {
    this.#mark = options.from ?? { pass: options.firstPass, batch: 0, passOpen: false, opens: 0, steps: 0, endUnknown: false };
    this.#pass = this.#mark.pass;
    this.#steps = this.#mark.steps;
    this.#endUnknown = this.#mark.endUnknown;
    this.#opensAtLeast = options.from?.opensNow ?? 0;
  }

  /** Whether a stop came while the data was awaited: then the epoch has no end. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** Updates that an epoch takes, where the data tells. */
  get stepsPerEpoch(): number | undefined {
    const { accumulateSteps, stepsPerEpoch } = this.options;
    if (stepsPerEpoch !== undefined) return stepsPerEpoch;
    return this.data.batchesPerEpoch === undefined ? undefined : Math.ceil(this.data.batchesPerEpoch / accumulateSteps);
  }

  /** After the last update that was taken as a whole, whatever was read for the next one. */
  get mark(): FeedMark {
    const { pass, batch, passOpen, opens, steps, endUnknown } = this.#mark;
    const opensNow = Math.max(this.#opensAtLeast, this.#opensAtMark ?? this.data.opens);
    return { pass, batch, passOpen, opens: passOpen ? opens : opensNow, opensNow, steps, endUnknown };
  }

  /**
   * Goes to the place that it is to go on from, which else the first take() does. A stop ends the waiting.
   * @throws DataError DATA_NOT_SEEKABLE where the source would have to be read again and `replay` is false; DATA_EMPTY
   * where it ends before that place
   */
  ready(): Promise<void> {
    return (this.#arriving ??= this.#arrive());
  }

  /** Begins an epoch: with `stepsPerEpoch` it goes on with the pass that is under way. */
  beginEpoch(): void {
    this.#steps = 0;
    this.#mark = { ...this.#mark, steps: 0 };
  }

  /** The batches of the next update, or undefined when the epoch has no more. */
  async take(): Promise<Taken | undefined> {
    if (this.options.from !== undefined) await this.ready();
    const { accumulateSteps, stepsPerEpoch } = this.options;
    const batches: Batch[] = [];
    let passEnded = false;
    try {
      while (batches.length < accumulateSteps && !passEnded) {
        const next = this.#next(this.#surelyWanted(batches.length));
        const came = next instanceof Promise ? await this.options.stopping.unlessFired(next, (late) => late !== undefined && disposeBatch(late)) : { value: next };
        if (came === undefined) {
          this.#interrupted = true;
          for (const each of batches) disposeBatch(each);
          return undefined;
        }
        const batch = came.value;
        if (batch === undefined) {
          // The batch before it was the last of its pass, which nobody looked ahead for: on with a new pass.
          if (batches.length === 0 && this.#endUnknown) {
            await this.#endPass();
            continue;
          }
          passEnded = true;
          break;
        }
        batches.push(batch);
        passEnded = batch.last;
        this.#endUnknown = stepsPerEpoch !== undefined && !batch.last;
      }
      if (passEnded) await this.#endPass();
    } catch (error) {
      for (const batch of batches) disposeBatch(batch);
      throw error;
    }
    if (batches.length > 0) this.#steps += 1;
    this.#setMark();
    if (batches.length === 0) return undefined;
    return { batches, last: stepsPerEpoch === undefined ? passEnded : this.#steps >= stepsPerEpoch };
  }

  async close(): Promise<void> {
    const cursor = this.#cursor;
    this.#cursor = undefined;
    const closed = cursor?.close();
    // A source that hangs hangs in its closing too: it is told to close, and not waited for.
    if (this.#interrupted) closed?.catch(() => undefined);
    else await closed;
  }

  /** How many batches the epoch takes after the next one, so that a live source is not asked for one more. */
  #surelyWanted(taken: number): number {
    const { accumulateSteps, stepsPerEpoch } = this.options;
    return stepsPerEpoch === undefined ? Infinity : (stepsPerEpoch - this.#steps) * accumulateSteps - taken - 1;
  }

  #next(ahead: number): Batch | undefined | Promise<Batch | undefined> {
    if (this.#cursor === undefined) {
      this.#opensAtMark ??= this.data.opens;
      this.#cursor = this.data.epoch(this.#pass);
      this.options.onPass?.(this.#pass + 1);
    }
    return this.#cursor.next(ahead);
  }

  async #endPass(): Promise<void> {
    await this.close();
    this.#pass += 1;
    this.#endUnknown = false;
  }

  #setMark(): void {
    const cursor = this.#cursor;
    this.#mark = { pass: this.#pass, batch: cursor?.position ?? 0, passOpen: cursor !== undefined, opens: cursor?.opensBefore ?? 0, steps: this.#steps, endUnknown: this.#endUnknown };
    this.#opensAtMark = undefined;
    this.#opensAtLeast = 0;
  }

  async #arrive(): Promise<void> {
    const { from, replay, stopping } = this.options;
    if (from === undefined) return;
    await this.#catchUp(from.opens);
    if (!from.passOpen || this.#interrupted) return;
    this.#cursor = this.data.epoch(from.pass, from.batch, replay);
    if ((await stopping.unlessFired(this.#cursor.open())) === undefined) this.#interrupted = true;
    else await this.#catchUp(from.opensNow);
  }

  async #catchUp(opens: number): Promise<void> {
    if (this.data.kind === 'memory') return;
    const { stopping } = this.options;
    // One by one, so that a stop need not wait for all.
    for (let count = 1; count <= opens && !this.#interrupted; count += 1) {
      if (stopping.fired || (await stopping.unlessFired(this.data.catchUp(count))) === undefined) this.#interrupted = true;
    }
  }
}
