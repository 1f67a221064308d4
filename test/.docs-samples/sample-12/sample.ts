import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { weightNorm } from 'trainscope/plugins';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }),
  loss: 'meanSquaredError',
  plugins: [weightNorm({ every: 2 })],
});

// Typed by the plugin's schema: `data.updateRatio` is a number or null.
trainer.on('weight-norm', ({ step, data }) => {
  console.log(step, data.norm, data.updateRatio);
});
trainer.on('finding', ({ data }) => {
  console.log(data.severity, data.rule, data.message, data.remedy);
});

await trainer.fit({ inputs: [[1], [2], [3], [4]], labels: [[2], [4], [6], [8]] }, { epochs: 3, batchSize: 2 });
await trainer.dispose();

export {};
