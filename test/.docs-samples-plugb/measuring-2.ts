import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { definePlugin } from 'trainscope/plugin';

const errorSum = definePlugin({
  name: 'errorSum',
  summary: 'Sums the errors over the validation data.',
  role: 'observe',
  hooks: () => ({
    fitStart(_info, context) {
      context.overValidation(
        {
          key: 'errorSum',
          reduce: ({ labels: [labels], predictions: [predictions] }) => (labels === undefined || predictions === undefined ? [] : [tf.sum(tf.sub(predictions, labels))]),
          read: ([sum]) => sum?.[0] ?? 0,
        },
        (sum) => console.log(context.epoch, sum),
      );
    },
  }),
});
const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }),
  loss: 'meanSquaredError',
  plugins: [errorSum()],
});
const data = { inputs: [[1], [2]], labels: [[2], [4]] };
await trainer.fit(data, { epochs: 2, validation: data });
await trainer.dispose();

export {};
