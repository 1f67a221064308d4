import { layers, sequential } from '@tensorflow/tfjs-layers';
import { preflight } from 'trainscope/diagnosis';

const inputs = Array.from({ length: 200 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const { findings } = await preflight({
  model: () => sequential({ layers: [layers.dense({ units: 8, activation: 'relu', inputShape: [2] }), layers.dense({ units: 1, activation: 'sigmoid' })] }),
  loss: 'meanSquaredError',
  data: { inputs, labels: inputs.map(([x = 0, y = 0]) => [5 * x + y]) },
});
for (const { rule, message, remedy } of findings.filter(({ severity }) => severity !== 'info')) console.log(`${rule}: ${message}. ${remedy}`);

export {};
