import { layers, sequential } from '@tensorflow/tfjs-layers';
import { formatSummary, Trainer } from 'trainscope';
import { preflight } from 'trainscope/plugins';

const xs = Array.from({ length: 100 }, (_, i) => [i / 50 - 1]);
const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 8, activation: 'relu', inputShape: [1] }), layers.dense({ units: 1, activation: 'sigmoid' })] }),
  loss: 'meanSquaredError',
  plugins: [preflight({ stopOn: 'error' })],
});
const result = await trainer.fit({ inputs: xs, labels: xs.map(([x = 0]) => [10 * x]) }, { epochs: 5 });
console.log(formatSummary(result));
await trainer.dispose();

export {};
