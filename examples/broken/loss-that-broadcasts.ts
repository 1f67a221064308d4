/** A loss of one's own: labels [batch] minus predictions [batch, 1] are [batch, batch], and the mean of that is a number. */
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { Trainer } from 'trainscope';
import { houses } from './digits.js';

const { inputs, prices } = houses(800, 3);
const trainer = new Trainer({
  model: () => sequential({ layers: [layers.dense({ units: 32, activation: 'relu', inputShape: [5], kernelInitializer: 'heNormal' }), layers.dense({ units: 1 })] }),
  // The bug: shapes that broadcast.
  loss: (labels, predictions) => tf.mean(tf.square(tf.sub(labels, predictions))),
  optimizer: { name: 'adam', learningRate: 0.01 },
});
console.log((await trainer.fit({ inputs, labels: prices.flat() }, { epochs: 20 })).metrics);
