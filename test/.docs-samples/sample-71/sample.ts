import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }),
  loss: 'meanSquaredError',
});
const data = { inputs: [[1], [2], [3], [4]], labels: [[2], [4], [6], [8]] };

// Ctrl-C ends the fit after the step that is under way, with every plugin torn down and every event written.
const controller = new AbortController();
process.once('SIGINT', () => controller.abort(new Error('interrupted')));

trainer.hook('stepEnd', () => trainer.stop('that will do'), { once: 50 });
const first = await trainer.fit(data, { epochs: 1000, signal: controller.signal });
console.log(first.reason, first.message, first.steps); // stopped that will do 50

const second = await trainer.fit(data, { epochs: 10 });
console.log(second.history[0]?.epoch, second.steps); // 51 60
await trainer.dispose();

export {};
