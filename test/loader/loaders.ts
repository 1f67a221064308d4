import type { Samples, WorkerLoader } from '../../src/loader/index.js';

/** The URL of a module in modules/. */
export const moduleOf = (name: string): URL => new URL(`./modules/${name}`, import.meta.url);

/** Plain numbers, as the main thread gets them: values, and whose arrays they are. */
export interface ReadBatch {
  readonly inputs: readonly number[];
  readonly labels: readonly number[];
}

const numbersOf = (value: unknown): number[] => {
  if (value === undefined) return [];
  return [...((Array.isArray(value) || ArrayBuffer.isView(value) ? value : (value as { readonly values: unknown }).values) as Iterable<number>)];
};
export const readBatch = ({ inputs, labels }: { readonly inputs: unknown; readonly labels?: unknown }): ReadBatch => ({ inputs: numbersOf(inputs), labels: numbersOf(labels) });

/** The batches of an epoch from one on. */
export async function readEpoch(data: WorkerLoader, epoch: number, from = 0): Promise<ReadBatch[]> {
  const batches: ReadBatch[] = [];
  const iterator = (await data(epoch).iterateFrom(from)) as AsyncIterator<Samples>;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) batches.push(readBatch(next.value as { inputs: unknown }));
  return batches;
}

/** Waits, while the event loop turns, until something is so: 30 s at most. */
export async function until(isSo: () => boolean): Promise<void> {
  for (const began = performance.now(); !isSo(); ) {
    if (performance.now() - began > 30_000) throw new Error('it did not come to be so');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Shared memory for modules/watched.ts. */
export const sharedCounts = (): Int32Array => new Int32Array(new SharedArrayBuffer(12));
