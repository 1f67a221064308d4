import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }),
  loss: 'meanSquaredError',
});
const subscription = trainer.hook('stepEnd', ({ batchSize }, { step }) => console.log(step, batchSize), { every: 100 });
subscription.remove();

export {};
