import { layers, sequential } from '@tensorflow/tfjs-layers';
import { fileSink, memorySink, Trainer } from 'trainscope';

const memory = memorySink({ limit: 1000 });
const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }),
  loss: 'meanSquaredError',
  sinks: [fileSink({ path: 'out/events.ndjson' }), memory],
});
await trainer.fit({ inputs: [[1], [2]], labels: [[2], [4]] });
await trainer.dispose();
console.log(memory.events.length);

export {};
