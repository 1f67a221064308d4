import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { loadConfig } from 'trainscope/config';

const config = await loadConfig('run.yaml');
const trainer = new Trainer({
  ...config,
  model: () => sequential({ layers: [layers.dense({ units: 8, activation: 'relu', inputShape: [2] }), layers.dense({ units: 3, activation: 'softmax' })] }),
});
const inputs = Array.from({ length: 96 }, (_, i) => [Math.sin(i), Math.cos(2 * i)]);
const { history } = await trainer.fit({ inputs, labels: inputs.map((_, i) => i % 3) });
console.log(history.map(({ metrics }) => metrics['top2']));
await trainer.dispose();

export {};
