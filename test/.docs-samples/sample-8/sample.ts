import { layers, sequential } from '@tensorflow/tfjs-layers';
import { memorySink, Trainer } from 'trainscope';
import { diagnose } from 'trainscope/diagnosis';
import { diagnosis } from 'trainscope/plugins';

const log = memorySink();
const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 8, activation: 'tanh', inputShape: [1] }), layers.dense({ units: 1 })] }),
  loss: 'meanSquaredError',
  optimizer: { name: 'sgd', learningRate: 0.05 },
  plugins: [diagnosis({ every: 5 })],
  sinks: [log],
});
const xs = Array.from({ length: 64 }, (_, i) => [i / 32 - 1]);
await trainer.fit({ inputs: xs, labels: xs.map(([x = 0]) => [x * x]) }, { epochs: 5 });
await trainer.dispose();
console.log(diagnose(log.events).findings);

export {};
