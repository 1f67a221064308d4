import { DataError } from '../errors.js';

/** For data that is gone on with at a batch, and has changed since: it has not come to that batch. */
export const endsBefore = (batches: number, epoch: number, fromBatch: number): DataError =>
  new DataError('DATA_EMPTY', {
    found: `the data ended after ${batches} ${batches === 1 ? 'batch' : 'batches'} of epoch ${epoch}`,
    expected: `it is gone on with at batch ${fromBatch}, as it had that many before`,
    remedy: 'Resume with the data that the run had, or begin a new run.',
  });
