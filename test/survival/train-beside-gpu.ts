/** Trains with gpuProfiler until it is ended from outside, or for some steps. Run as a process of its own by the test of what nvidia-smi leaves behind. */
import { existsSync } from 'node:fs';
import { Trainer } from 'trainscope';
import { gpuProfiler } from 'trainscope/plugins';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

/** The second names the file that nvidia-smi makes when it runs: the fit is not to be over before. */
const [, , epochs = '1', sign = ''] = process.argv;
await useBackend('cpu');
const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', progress: false, plugins: [gpuProfiler({ warmUp: 0, interval: 167, silence: 500 })] });
trainer.hook(
  'stepEnd',
  async () => {
    while (!existsSync(sign)) await new Promise((resolve) => setTimeout(resolve, 5));
    process.stdout.write('training\n');
  },
  { once: 3 },
);
// A step waits a little, as one with data from a disk does.
trainer.hook('stepEnd', () => new Promise((resolve) => setTimeout(resolve, 5)));
const { reason, steps } = await trainer.fit(clouds(40), { batchSize: 4, epochs: Number(epochs) });
await trainer.dispose();
process.stdout.write(`${reason} after ${String(steps)} steps\n`);
