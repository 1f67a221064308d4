import { Trainer } from 'trainscope';
import { defineTraining } from 'trainscope/worker';
import { clouds, smallClassifier } from '../../support/small-run.js';

/** Trains until it is stopped. */
export default defineTraining(async ({ sink, signal }) => {
  const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', backend: 'cpu', logEvery: 1, sinks: [sink] });
  return trainer.fit(clouds(64), { epochs: 1_000_000, batchSize: 16, signal });
});
