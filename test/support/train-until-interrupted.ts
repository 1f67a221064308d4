/** Trains for ever, until SIGINT aborts it. Run as a process of its own by the test of pace. */
import { Trainer } from 'trainscope';
import { useBackend } from './backends.js';
import { clouds, smallClassifier } from './small-run.js';

await useBackend('wasm');
const controller = new AbortController();
process.once('SIGINT', () => {
  controller.abort(new Error('interrupted'));
});
const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy' });
trainer.hook('stepEnd', () => console.log('training'), { once: 5 });
const { reason, message } = await trainer.fit(clouds(64), { epochs: 1_000_000, signal: controller.signal });
console.log(`${reason}: ${message}`);
