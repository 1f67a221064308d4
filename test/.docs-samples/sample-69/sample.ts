import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { gradientNorm } from 'trainscope/plugins';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }),
  loss: 'meanSquaredError',
  plugins: [gradientNorm({ every: 1 })],
  logger: { level: 'debug', base: { service: 'training', host: 'gpu-7' } },
});
await trainer.fit({ inputs: [[1], [2]], labels: [[2], [4]] }, { epochs: 2 });
await trainer.dispose();

export {};
