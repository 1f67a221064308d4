import { disposeBatch, type LoadedData } from '../../src/data/index.js';
import { BatchFeed, type FeedMark } from '../../src/trainer/batch-feed.js';
import { Interrupt } from '../../src/trainer/interrupt.js';

export type FeedSettings = Partial<BatchFeed['options']>;

export const feedOf = (data: LoadedData, settings: FeedSettings = {}): BatchFeed =>
  new BatchFeed(data, { accumulateSteps: 1, stepsPerEpoch: undefined, firstPass: 0, stopping: new Interrupt(), ...settings });

/** Where a fit stands: in an epoch, or before it. */
export interface Stand {
  readonly epoch: number;
  readonly begun: boolean;
}

/** One update: the inputs of its batches, whether the epoch ends with it, and what a checkpoint after it would keep. */
export interface Update {
  readonly epoch: number;
  readonly inputs: readonly number[][];
  readonly labels: readonly number[][];
  readonly last: boolean;
  readonly stand: Stand;
  readonly mark: FeedMark;
}

/** Takes updates as the loop does, up to a number of epochs. Marks go through JSON, as in a file. */
export async function* updatesOf(feed: BatchFeed, epochs: number, from: Stand = { epoch: 0, begun: false }): AsyncGenerator<Update, void> {
  let { begun } = from;
  for (let { epoch } = from; epoch < epochs; epoch += 1) {
    if (!begun) feed.beginEpoch();
    begun = false;
    for (;;) {
      const taken = await feed.take();
      if (taken === undefined) break;
      const numbers = (of: 'inputs' | 'labels'): number[][] => taken.batches.map((batch) => batch[of].flatMap((tensor) => [...tensor.dataSync()]));
      const [inputs, labels] = [numbers('inputs'), numbers('labels')];
      taken.batches.forEach(disposeBatch);
      const stand = taken.last ? { epoch: epoch + 1, begun: false } : { epoch, begun: true };
      yield { epoch, inputs, labels, last: taken.last, stand, mark: JSON.parse(JSON.stringify(feed.mark)) as FeedMark };
      if (taken.last) break;
    }
  }
}

/** What of updates a resumed fit has to repeat. */
export const contentOf = (updates: readonly Update[]): unknown[] => updates.map(({ epoch, inputs, labels, last }) => ({ epoch, inputs, labels, last }));

export async function allUpdates(...args: Parameters<typeof updatesOf>): Promise<Update[]> {
  const all: Update[] = [];
  for await (const update of updatesOf(...args)) all.push(update);
  return all;
}
