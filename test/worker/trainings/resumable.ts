import { Trainer } from 'trainscope';
import { checkpoint, seed } from 'trainscope/plugins';
import { defineTraining, type TrainingRoom } from 'trainscope/worker';
import { clouds, smallClassifier } from '../../support/small-run.js';

export interface ResumableData {
  readonly folder: string;
  /** After this step the training waits, for ever. */
  readonly holdAt?: number;
}

/** 5 epochs of 4 steps, with a checkpoint every 5 steps; it goes on where the folder says. */
export default defineTraining(async ({ sink, data }: TrainingRoom<ResumableData>): Promise<{ readonly steps: number; readonly kernel: Float32Array }> => {
  const trainer = new Trainer({
    model: smallClassifier,
    loss: 'sparseCategoricalCrossentropy',
    backend: 'cpu',
    logEvery: 1,
    plugins: [seed({ seed: 1 }), checkpoint({ folder: data.folder, every: { steps: 5 } })],
    sinks: [sink],
  });
  trainer.hook('stepEnd', async (_, { step }) => {
    if (step !== data.holdAt) return;
    await new Promise(() => setInterval(() => undefined, 1000));
  });
  await trainer.resume(data.folder, { missing: 'start' });
  const { steps } = await trainer.fit(clouds(64), { epochs: 5, batchSize: 16 });
  const [kernel] = (trainer.model as ReturnType<typeof smallClassifier>).getWeights();
  const values = (await kernel?.data()) as Float32Array;
  await trainer.dispose();
  return { steps, kernel: values };
});
