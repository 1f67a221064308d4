import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { lrScheduler } from 'trainscope/plugins';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }),
  loss: 'meanSquaredError',
  plugins: [lrScheduler({ schedule: { kind: 'warmup', steps: 10, schedule: { kind: 'cosine', learningRate: 0.1, tMax: 30 } } })],
});
trainer.on('learning-rate', ({ step, data }) => {
  console.log(step, data.learningRate);
});
await trainer.fit({ inputs: [[1], [2]], labels: [[2], [4]] }, { epochs: 40 });
await trainer.dispose();

export {};
