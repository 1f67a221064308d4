import * as tf from '@tensorflow/tfjs-core';
import { Trainer, type HandwrittenModel } from 'trainscope';
import { gradientNorm } from 'trainscope/plugins';

function build(): HandwrittenModel<tf.Tensor2D> {
  // Names that end in kernel and bias tell plugins and weight decay which is which.
  const kernel = tf.variable(tf.randomNormal<tf.Rank.R2>([2, 3], 0, 0.5));
  const bias = tf.variable(tf.zeros([3]));
  return {
    // `tap` names a value, so that measurements can ask for it.
    forward: (x, { tap }) => tap('logits', tf.add(tf.matMul(x, kernel), bias)),
    trainableWeights: { 'dense/kernel': kernel, 'dense/bias': bias },
  };
}

const trainer = new Trainer({
  model: build,
  loss: { name: 'sparseCategoricalCrossentropy', fromLogits: true },
  plugins: [gradientNorm({ every: 2 })],
});
await trainer.fit({ inputs: [[0, 1], [1, 0], [1, 1], [0, 0]], labels: [0, 1, 2, 0] }, { epochs: 4, batchSize: 2 });
await trainer.dispose();

export {};
