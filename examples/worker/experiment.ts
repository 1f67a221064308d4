import { Trainer } from 'trainscope';
import { seed } from 'trainscope/plugins';
import { defineTraining } from 'trainscope/worker';
import { ResidualMlp } from '../custom-loop/residual-mlp.js';
import { loadIris } from '../iris.js';

export interface Settings {
  readonly epochs: number;
  readonly seed: number;
}

/** Runs in the worker thread. Model, data and TensorFlow.js are here alone. */
export default defineTraining<Settings>(async ({ sink, signal, data: settings }) => {
  const { training, validation } = loadIris();
  const trainer = new Trainer({
    model: () => new ResidualMlp({ features: 4, width: 16, blocks: 2, classes: 3 }),
    loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true },
    metrics: ['accuracy'],
    optimizer: { name: 'adam', learningRate: 0.01 },
    plugins: [seed({ seed: settings.seed })],
    // The events go to the main thread, and its stop() comes from there.
    sinks: [sink],
  });
  const result = await trainer.fit(training, { epochs: settings.epochs, batchSize: 16, validation, signal });
  await trainer.dispose();
  return result;
});
