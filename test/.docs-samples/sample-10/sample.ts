import { layers, sequential } from '@tensorflow/tfjs-layers';
import { memorySink, parseEventLine, Trainer } from 'trainscope';

const sink = memorySink();
const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }),
  loss: 'meanSquaredError',
  sinks: [sink],
});
trainer.on('epoch-end', ({ epoch, data }) => console.log(epoch, data.metrics['loss']));
trainer.onAny(({ seq, event }) => console.log(seq, event), { every: 2 });
await trainer.fit({ inputs: [[1], [2]], labels: [[2], [4]] }, { epochs: 2 });
await trainer.dispose();
console.log(sink.events.map(({ event }) => event)); // run-start, epoch-start, step, epoch-end, ...

// A line of a log becomes a typed event again.
const event = parseEventLine('{"v":1,"runId":"r","seq":4,"time":0,"event":"epoch-start","plugin":null,"epoch":2,"step":10,"level":"info","data":{"epochs":5,"learningRate":"NaN"}}');
if (event.event === 'epoch-start' && !Number.isNaN(event.data.learningRate)) throw new Error('NaN was lost');

export {};
