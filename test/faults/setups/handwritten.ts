import * as tf from '@tensorflow/tfjs-core';
import type { Architecture } from '../architecture.js';
import type { Model } from '../recipe.js';

/** A smooth ReLU, x sigmoid(x), with a derivative of its own. */
function swish(factor: (x: tf.Tensor) => tf.Tensor): (x: tf.Tensor) => tf.Tensor {
  return tf.customGrad((x, save) => {
    (save as (tensors: tf.Tensor[]) => void)([x as tf.Tensor]);
    return {
      value: tf.mul(x as tf.Tensor, tf.sigmoid(x as tf.Tensor)),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => tf.mul(dy, factor(saved!)),
    };
  });
}
const derivative = (x: tf.Tensor): tf.Tensor => {
  const s = tf.sigmoid(x);
  return tf.mul(s, tf.add(1, tf.mul(x, tf.sub(1, s))));
};

/**
 * One kernel for the 28 rows of each image, and a dense layer: both are handwritten.
 * `special` is the slip: 'mixed', a reshape for a transpose; 'wrong gradient'; 'lost gradient', the kernel leaves the graph;
 * 'unused', a weight that is in no product.
 */
export function handwrittenDigits({ hidden, outputs, special }: Architecture): Model {
  const units = hidden[0] ?? 16;
  const kernel = tf.variable(tf.randomNormal([28, units], 0, Math.sqrt(2 / 28)), true);
  const head = tf.variable(tf.randomNormal([28 * units, outputs], 0, Math.sqrt(1 / (28 * units))), true);
  const bias = tf.variable(tf.zeros([outputs]), true);
  const extra = special === 'unused' ? { scale: tf.variable(tf.randomNormal([units, units], 0, 0.2), true) } : {};
  const activation = swish(special === 'wrong gradient' ? (x) => tf.neg(derivative(x)) : derivative);
  return {
    trainableWeights: { kernel, head, bias, ...extra },
    forward(x: tf.Tensor): tf.Tensor {
      const [batch = 0] = x.shape;
      const images = tf.reshape(x, [batch, 28, 28]);
      // Rows first, so that one product serves all of them.
      const rows = special === 'mixed' ? tf.transpose(images, [1, 0, 2]) : images;
      let features = activation(tf.matMul(tf.reshape(rows, [28 * batch, 28]), kernel));
      if (special === 'lost gradient') features = tf.tensor(features.dataSync(), features.shape);
      return tf.add(tf.matMul(tf.reshape(features, [batch, 28 * units]), head as tf.Tensor2D), bias);
    },
  };
}
