import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { leakWatch } from 'trainscope/plugins';

const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] }),
  loss: (labels, predictions) => {
    tf.keep(tf.sub(predictions, labels)); // nobody ends this one
    return tf.losses.meanSquaredError(labels, predictions);
  },
  plugins: [leakWatch({ steps: { from: 1, to: 60 } })],
});
trainer.on('leak', ({ data }) => console.log(data.tensors, data.groups[0]?.site, data.groups[0]?.kernel));
const { findings } = await trainer.fit({ inputs: [[1], [2], [3]], labels: [[2], [4], [6]] }, { epochs: 10, batchSize: 1 });
for (const { message } of findings.filter(({ rule }) => rule === 'tensor-leak')) console.log(message);
await trainer.dispose();

export {};
