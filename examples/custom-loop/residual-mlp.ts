import * as tf from '@tensorflow/tfjs-core';
import type { HandwrittenModel, Tap } from 'trainscope';

/** He et al. (2015): variance 2 / inputs, for layers that ReLU follows. */
const heNormal = (inputs: number, outputs: number): tf.Tensor2D => tf.randomNormal([inputs, outputs], 0, Math.sqrt(2 / inputs));

/**
 * A small residual network without a layer of tfjs-layers: features -> width, then blocks h + relu(h W + b), then logits
 * [batch, classes]. All that the trainer asks for is `forward` and `trainableWeights`.
 */
export class ResidualMlp implements HandwrittenModel<tf.Tensor2D> {
  readonly trainableWeights: Readonly<Record<string, tf.Variable>>;
  readonly #blocks: number;

  constructor({ features, width, blocks, classes }: { readonly features: number; readonly width: number; readonly blocks: number; readonly classes: number }) {
    this.#blocks = blocks;
    this.trainableWeights = tf.tidy(() => {
      // Names ending in kernel and bias tell plugins and weight decay which is which.
      const weights: Record<string, tf.Variable> = {
        'embed/kernel': tf.variable(heNormal(features, width)),
        'logits/kernel': tf.variable(heNormal(width, classes)),
        'logits/bias': tf.variable(tf.zeros([classes])),
      };
      for (let i = 1; i <= blocks; i += 1) {
        weights[`block${String(i)}/kernel`] = tf.variable(heNormal(width, width));
        weights[`block${String(i)}/bias`] = tf.variable(tf.zeros([width]));
      }
      return weights;
    });
  }

  forward(x: tf.Tensor2D, { tap }: { readonly tap: Tap }): tf.Tensor2D {
    let h = tf.matMul(x, this.#weight('embed/kernel'));
    for (let i = 1; i <= this.#blocks; i += 1) {
      const block = `block${String(i)}`;
      const before = tf.add(tf.matMul(h, this.#weight(`${block}/kernel`)), this.#weight(`${block}/bias`));
      // A tap gives the value a name, under which measurements can ask for it. It costs nothing when none does.
      h = tf.add(h, tap(block, tf.relu(before)));
    }
    return tf.add(tf.matMul(h, this.#weight('logits/kernel')), this.#weight('logits/bias'));
  }

  #weight(name: string): tf.Tensor2D {
    const weight = this.trainableWeights[name];
    if (weight === undefined) throw new Error(`there is no weight "${name}"`);
    return weight as tf.Tensor as tf.Tensor2D;
  }
}
