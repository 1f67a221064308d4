import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { gradientNorm } from 'trainscope/plugins';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 8, activation: 'tanh', inputShape: [2] }), layers.dense({ units: 1 })] }),
  loss: 'meanSquaredError',
  clip: { globalNorm: 1 },
  plugins: [gradientNorm({ every: 2, clipped: true })],
});
trainer.on('gradient-norm', ({ step, data }) => {
  console.log(`step ${step}: ${data.norm} before clipping, ${data.clippedNorm} after`);
});
await trainer.fit({ inputs: [[0, 1], [1, 0]], labels: [[1], [-1]] }, { epochs: 6 });
await trainer.dispose();

export {};
