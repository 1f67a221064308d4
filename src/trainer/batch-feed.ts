import { disposeBatch, type Batch, type BatchCursor, type LoadedData } from '../data/index.js';
import type { Interrupt } from './interrupt.js';

/** The batches of one update, and whether the epoch ends with them. */
export interface Taken {
  readonly batches: readonly Batch[];
  readonly last: boolean;
}

/**
 * Hands the loop the batches of each update: `accumulateSteps` at a time, and where `stepsPerEpoch` cuts epochs, from
 * where the epoch before stopped, so that no part of the data is left out.
 */
export class BatchFeed {
  #cursor: BatchCursor | undefined;
  /** Passes over the data begun so far: the first is 0. Its number decides the order of the samples. */
  #pass: number;
  #steps = 0;
  /** Whether the pass that is under way may be through without having said so. */
  #endUnknown = false;
  #interrupted = false;

  constructor(
    readonly data: LoadedData,
    readonly options: {
      readonly accumulateSteps: number;
      readonly stepsPerEpoch: number | undefined;
      readonly firstPass: number;
      /** Ends the waiting for data that does not come. */
      readonly stopping: Interrupt;
      /** Told when a pass is begun, how many there have been. */
      readonly onPass?: (passes: number) => void;
    },
  ) {
    this.#pass = options.firstPass;
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

  /** Begins an epoch: with `stepsPerEpoch` it goes on with the pass that is under way. */
  beginEpoch(): void {
    this.#steps = 0;
  }

  /** The batches of the next update, or undefined when the epoch has no more. */
  async take(): Promise<Taken | undefined> {
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
            this.#endUnknown = false;
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
    } catch (error) {
      for (const batch of batches) disposeBatch(batch);
      throw error;
    }
    if (passEnded) await this.#endPass();
    if (batches.length === 0) return undefined;
    this.#steps += 1;
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
      this.#cursor = this.data.epoch(this.#pass);
      this.options.onPass?.(this.#pass + 1);
    }
    return this.#cursor.next(ahead);
  }

  async #endPass(): Promise<void> {
    await this.close();
    this.#pass += 1;
  }
}
