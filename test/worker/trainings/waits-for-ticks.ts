import { Trainer } from 'trainscope';
import { defineTraining } from 'trainscope/worker';
import { clouds, smallClassifier } from '../../support/small-run.js';

/** So long that a loaded machine ticks in it, and so short that a main thread that stands still fails a test and does not hang it. */
const limitMs = 30_000;

/**
 * Every step computes synchronously, without a turn of this thread's event loop, until the main thread has ticked once
 * more: data is the count of its ticks, in shared memory.
 */
export default defineTraining<Int32Array>(async ({ sink, signal, data: ticks }) => {
  const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', backend: 'cpu', sinks: [sink] });
  trainer.hook('stepEnd', () => {
    const before = Atomics.load(ticks, 0);
    const began = performance.now();
    while (Atomics.load(ticks, 0) === before) if (performance.now() - began > limitMs) throw new Error('the main thread does not tick');
  });
  return trainer.fit(clouds(64), { epochs: 2, batchSize: 16, signal });
});
