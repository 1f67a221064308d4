import { DataError, type ErrorFacts } from '../errors.js';
import type { Job } from './messages.js';

export const loaderFailed = (facts: ErrorFacts): DataError => new DataError('LOADER_FAILED', facts);

/** `batch 3 of epoch 0`. */
export const placeOf = ({ epoch, batch }: Pick<Job, 'epoch' | 'batch'>): string => `batch ${batch} of epoch ${epoch}`;

export const loaderClosed = (): DataError =>
  new DataError('LOADER_CLOSED', {
    found: 'the loader was closed, and a batch of it is asked for',
    expected: 'a closed loader is read no more',
    remedy: 'Call close() once the training is over, or make another with loadInWorkers().',
  });
