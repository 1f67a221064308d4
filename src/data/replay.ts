import { setImmediate as nextTurn } from 'node:timers/promises';
import { isPromise, type Eventual } from './eventual.js';
import type { Reading } from './reading.js';

/**
 * Longest stretch, in ms, that the event loop is kept from turning: as the loop's own (see trainer/pace.ts), so that a
 * signal is heard while a long source is read again.
 */
const longestStretch = 50;

export interface Replay {
  readonly reading: Reading;
  /** Batches to be left. */
  readonly count: number;
  /** For messages. */
  readonly place: (index: number) => string;
  /** Ends what the source made for a batch. */
  readonly leave: (raw: unknown, index: number) => Eventual<void>;
  /** Whether nobody waits for it any more. */
  readonly isClosed: () => boolean;
  /** What to say of a source that ends before that many. */
  readonly short: (batches: number) => Error;
}

/** Reads batches and leaves them. The answer is there at once where the source's are and it does not take long. */
export function replay(parts: Replay): Eventual<void> {
  const { reading, count, place, leave, short } = parts;
  const began = performance.now();
  for (let index = 0; index < count; index += 1) {
    if (performance.now() - began >= longestStretch) return goOn(parts, index, nextTurn());
    const result = reading.next(place(index));
    if (isPromise(result)) return goOn(parts, index, undefined, result);
    if (result.done === true) throw short(index);
    const left = leave(result.value, index);
    if (isPromise(left)) return goOn(parts, index + 1, left);
  }
}

/** From a batch on, whose result may be under way. */
async function goOn({ reading, count, place, leave, isClosed, short }: Replay, from: number, before: Promise<unknown> | undefined, under?: Promise<IteratorResult<unknown>>): Promise<void> {
  let turned = performance.now();
  await before;
  let pending: Eventual<IteratorResult<unknown>> | undefined = under;
  for (let index = from; index < count; index += 1) {
    const result = await (pending ?? reading.next(place(index)));
    pending = undefined;
    if (result.done === true) {
      // A reading that is closed is over.
      if (isClosed()) return;
      throw short(index);
    }
    await leave(result.value, index);
    if (performance.now() - turned < longestStretch) continue;
    await nextTurn();
    turned = performance.now();
  }
}
