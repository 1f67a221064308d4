import { parentPort, workerData } from 'node:worker_threads';
import { epochBatches } from '../../src/loader/epoch-batches.js';
import { BatchMaker } from '../../src/loader/make-batch.js';
import { startKey } from '../../src/thread/start-thread.js';
import { digitsLoader, type DigitsOptions } from './digits.loader.js';
import { dataSeed } from './seed.js';

export interface Shared {
  /** Batches that were made, and that were taken. */
  readonly counters: Int32Array;
  readonly options: DigitsOptions;
  readonly batchSize: number;
  /** Batches that may be made and not taken. */
  readonly ahead: number;
}

const { counters, options, batchSize, ahead } = (workerData as Readonly<Record<typeof startKey, Shared>>)[startKey];
const maker = new BatchMaker(digitsLoader(options), dataSeed, 'digits.loader.ts');
parentPort?.postMessage('ready');
for (let epoch = 0; ; epoch += 1) {
  const batches = epochBatches(epoch, options.count, { batchSize, dropLast: false, shuffle: true, seed: dataSeed });
  for (let batch = 0; batch < batches.length; batch += 1) {
    for (let taken = Atomics.load(counters, 1); Atomics.load(counters, 0) - taken >= ahead; taken = Atomics.load(counters, 1)) Atomics.wait(counters, 1, taken);
    await maker.make({ epoch, batch, indices: batches.indicesOf(batch) });
    Atomics.add(counters, 0, 1);
    Atomics.notify(counters, 0);
  }
}
