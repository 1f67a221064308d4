/** Trains for ever in steps of some milliseconds, with checkpoints in the folder given; ends by a signal. Run as a process of its own. */
import { fileSink, Trainer } from 'trainscope';
import { checkpoint } from 'trainscope/plugins';
import { useBackend } from './backends.js';
import { clouds, smallClassifier } from './small-run.js';

const [folder = 'checkpoints', log = 'events.ndjson', mode] = process.argv.slice(2);
await useBackend('wasm');
const trainer = new Trainer({
  model: smallClassifier(),
  loss: 'sparseCategoricalCrossentropy',
  progress: false,
  plugins: [checkpoint({ folder, every: {} })],
  sinks: [fileSink({ path: log })],
});
await trainer.resume(folder, { missing: 'start' });
trainer.hook('stepEnd', () => console.log('training'), { every: 50 });
if (mode === 'slow-step') {
  trainer.hook('gradients', async () => {
    console.log('in a step');
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  }, { once: 6 });
}
const { reason, message, steps } = await trainer.fit(clouds(64), { epochs: 1_000_000, signals: true });
await trainer.dispose();
console.log(`${reason}: ${message}, ${String(steps)} steps`);
