import { DataError } from '../errors.js';
import { RandomStreams } from '../random/index.js';
import type { ResolvedLoaderOptions } from './options.js';

/** The batches of an epoch: which samples each has. */
export interface EpochBatches {
  /** Batches. */
  readonly length: number;
  /** Of the samples of a batch, from 0 to length - 1. */
  indicesOf(batch: number): Int32Array;
}

type Settings = Pick<ResolvedLoaderOptions, 'batchSize' | 'dropLast' | 'shuffle' | 'order' | 'seed'>;

export const batchesIn = (samples: number, { batchSize, dropLast }: Pick<Settings, 'batchSize' | 'dropLast'>): number => (dropLast ? Math.floor : Math.ceil)(samples / batchSize);

/** @throws DataError DATA_TYPE and DATA_EMPTY for what `order` gave */
export function epochBatches(epoch: number, count: number, settings: Settings): EpochBatches {
  const { batchSize, seed, order, shuffle = true } = settings;
  const random = new RandomStreams(seed).derive(`loader/order/${epoch}`);
  const indices = order !== undefined ? checked(order(epoch, { count, random }), epoch, count) : shuffle ? random.permutation(count) : undefined;
  const samples = indices?.length ?? count;
  const length = batchesIn(samples, settings);
  return {
    length,
    indicesOf(batch) {
      const start = batch * batchSize;
      const size = Math.min(batchSize, samples - start);
      return indices?.slice(start, start + size) ?? Int32Array.from({ length: size }, (_, i) => start + i);
    },
  };
}

function checked(order: unknown, epoch: number, count: number): Int32Array {
  const expected = `it takes indices of samples, from 0 to ${count - 1}`;
  if (!Array.isArray(order) && !ArrayBuffer.isView(order)) throw new DataError('DATA_TYPE', { found: `order gave no array for epoch ${epoch}`, expected });
  const indices = Array.from(order as ArrayLike<unknown>);
  if (indices.length === 0) throw new DataError('DATA_EMPTY', { found: `order gave no index for epoch ${epoch}`, expected: 'there has to be something to train on' });
  const wrong = indices.findIndex((index) => !Number.isInteger(index) || (index as number) < 0 || (index as number) >= count);
  if (wrong >= 0) throw new DataError('DATA_TYPE', { found: `order gave ${String(indices[wrong])} for epoch ${epoch}, at place ${wrong}`, expected });
  return Int32Array.from(indices as number[]);
}
