import { layers, sequential } from '@tensorflow/tfjs-layers';
import { formatSummary, Trainer } from 'trainscope';
import { loadConfig } from 'trainscope/config';

const config = await loadConfig('run.yaml');
const trainer = new Trainer({
  ...config,
  model: () =>
    sequential({
      layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [2] }), layers.dense({ units: 2, activation: 'softmax' })],
    }),
});
const inputs = Array.from({ length: 256 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]);
console.log(formatSummary(await trainer.fit({ inputs, labels: inputs.map(([x = 0, y = 0]) => (x > y ? 1 : 0)) })));
await trainer.dispose();

export {};
