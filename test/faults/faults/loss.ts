import * as tf from '@tensorflow/tfjs-core';
import { layers } from '../tfjs.js';
import { mapLabels, withAll, withArchitecture, type Fault } from './fault.js';

const logits = { name: 'sparseCategoricalCrossentropy', fromLogits: true };
const kept: tf.Tensor[] = [];
/** Ends what a loss that leaks has kept. */
export function endLeaks(): void {
  tf.dispose(kept.splice(0));
}

const flat = (labels: tf.Tensor): tf.Tensor => tf.reshape(labels, [-1]);

/** Losses that ask for something else than meant, and outputs that do not go with them. */
export const lossFaults: readonly Fault[] = [
  {
    kind: 'squares-of-class-numbers',
    category: 'loss',
    causes: ['loss-for-regression-on-classes', 'classes-as-numbers'],
    setups: ['mlp', 'iris', 'tokens'],
    apply: (recipe) => ({
      ...withArchitecture(withAll(recipe, (part) => ({ ...part, labels: { values: part.labels.values, shape: [...part.labels.shape, 1] } })), { outputs: 1, head: null }),
      loss: 'meanSquaredError',
    }),
  },
  {
    kind: 'loss-broadcasts',
    category: 'loss',
    causes: ['loss-broadcast'],
    setups: ['friedman', 'pairs', 'rare'],
    // [batch] beside [batch, 1] spreads to [batch, batch].
    apply: (recipe) => ({ ...recipe, loss: (labels: tf.Tensor, predictions: tf.Tensor) => tf.mean(tf.square(tf.sub(flat(labels), predictions))) }),
  },
  {
    kind: 'class-numbers-beside-probabilities',
    category: 'loss',
    causes: ['loss-broadcast', 'loss-for-regression-on-classes', 'labels-not-distributions', 'loss-prefers-wrong'],
    setups: ['mlp', 'iris'],
    apply: (recipe) => ({ ...recipe, loss: (labels: tf.Tensor, predictions: tf.Tensor) => tf.mean(tf.square(tf.sub(tf.reshape(labels, [-1, 1]), predictions))) }),
  },
  {
    kind: 'softmax-under-loss-from-logits',
    category: 'loss',
    causes: ['logits-and-loss', 'double-softmax'],
    setups: ['mlp', 'iris', 'tokens', 'cnn'],
    apply: (recipe) => ({ ...recipe, loss: logits }),
  },
  {
    kind: 'sigmoid-under-loss-from-logits',
    category: 'loss',
    causes: ['logits-and-loss', 'double-softmax'],
    setups: ['rare'],
    apply: (recipe) => ({ ...recipe, loss: { name: 'binaryCrossentropy', fromLogits: true } }),
  },
  {
    kind: 'logits-under-loss-of-probabilities',
    category: 'loss',
    causes: ['logits-and-loss', 'output-activation', 'output-range'],
    setups: ['mlp', 'iris', 'rare', 'residual'],
    apply: (recipe) => withArchitecture(recipe, { head: null }),
  },
  {
    kind: 'softmax-twice',
    category: 'loss',
    causes: ['double-softmax', 'logits-and-loss'],
    setups: ['mlp', 'iris', 'residual'],
    apply: (recipe) => withArchitecture(recipe, { last: () => layers.softmax({ name: 'again' }) }),
  },
  {
    kind: 'softmax-of-one-unit',
    category: 'loss',
    causes: ['softmax-of-one'],
    setups: ['rare'],
    apply: (recipe) => withArchitecture(recipe, { head: 'softmax' }),
  },
  {
    kind: 'sigmoid-for-numbers-beyond-one',
    category: 'loss',
    causes: ['output-range', 'output-activation'],
    setups: ['friedman', 'pairs', 'waves'],
    apply: (recipe) => withArchitecture(recipe, { head: 'sigmoid' }),
  },
  {
    kind: 'relu-for-negative-numbers',
    category: 'loss',
    causes: ['output-range', 'output-activation'],
    setups: ['friedman', 'pairs', 'waves'],
    apply: (recipe) => withArchitecture(recipe, { head: 'relu' }),
  },
  {
    kind: 'relu-on-logits',
    category: 'loss',
    causes: ['output-activation', 'output-range', 'logits-and-loss'],
    setups: ['mlp', 'residual', 'iris'],
    apply: (recipe) => ({ ...withArchitecture(recipe, { head: 'relu' }), loss: logits }),
  },
  {
    kind: 'sign-flipped',
    category: 'loss',
    causes: ['loss-prefers-wrong', 'loss-improves-predictions-worsen', 'loss-not-bounded'],
    setups: ['friedman', 'pairs', 'mlp'],
    apply: (recipe) => ({
      ...recipe,
      loss: (labels: tf.Tensor, predictions: tf.Tensor) =>
        recipe.setup === 'mlp'
          ? tf.mean(tf.sum(tf.mul(tf.oneHot(tf.cast(flat(labels), 'int32'), 10), tf.log(tf.add(predictions, 1e-7))), -1))
          : tf.neg(tf.mean(tf.squaredDifference(labels, predictions))),
    }),
  },
  {
    kind: 'loss-ignores-labels',
    category: 'loss',
    causes: ['loss-ignores-labels'],
    setups: ['friedman', 'mlp', 'pairs'],
    apply: (recipe) => ({ ...recipe, loss: (_labels: tf.Tensor, predictions: tf.Tensor) => tf.mean(tf.square(predictions)) }),
  },
  {
    kind: 'errors-averaged-before-squaring',
    category: 'loss',
    causes: ['batch-mixing', 'loss-prefers-wrong', 'loss-ignores-labels', 'loss-broadcast', 'loss-mixes-samples'],
    setups: ['friedman', 'pairs'],
    apply: (recipe) => ({ ...recipe, loss: (labels: tf.Tensor, predictions: tf.Tensor) => tf.square(tf.sub(tf.mean(labels), tf.mean(predictions))) }),
  },
  {
    kind: 'targets-times-10000',
    category: 'loss',
    causes: ['targets-not-scaled'],
    setups: ['friedman', 'waves', 'pairs'],
    apply: (recipe) => withAll(recipe, (part) => mapLabels(part, (value) => 1e4 * value)),
  },
  {
    kind: 'targets-far-from-zero',
    category: 'loss',
    causes: ['targets-not-scaled'],
    setups: ['friedman', 'pairs'],
    // As house prices.
    apply: (recipe) => withAll(recipe, (part) => mapLabels(part, (value) => 3e5 + 8e4 * value)),
  },
  {
    kind: 'logarithm-of-zero',
    category: 'loss',
    causes: ['risky-values', 'first-non-finite', 'non-finite-loss', 'non-finite-gradients', 'output-activation', 'non-finite-at-start'],
    setups: ['rare'],
    // A hard sigmoid gives exact 0 and 1.
    apply: (recipe) => ({
      ...withArchitecture(recipe, { head: 'hardSigmoid', headKernel: () => 'heNormal' }),
      loss: (labels: tf.Tensor, p: tf.Tensor) => tf.neg(tf.mean(tf.add(tf.mul(labels, tf.log(p)), tf.mul(tf.sub(1, labels), tf.log(tf.sub(1, p)))))),
    }),
  },
  {
    kind: 'rows-that-are-no-distributions',
    category: 'loss',
    causes: ['labels-not-distributions', 'label-out-of-range'],
    setups: ['iris', 'residual'],
    // Two classes are marked in each row.
    apply: (recipe) =>
      ({
        ...withAll(recipe, (part) => {
          const { outputs } = recipe.architecture;
          const values = new Float32Array(part.labels.values.length * outputs);
          part.labels.values.forEach((label: number, i: number) => {
            values[i * outputs + label] = 1;
            values[i * outputs + ((label + 1) % outputs)] = 1;
          });
          return { ...part, labels: { values, shape: [part.labels.values.length, outputs] } };
        }),
        loss: 'categoricalCrossentropy',
      }),
  },
  {
    kind: 'loss-keeps-tensors',
    category: 'loss',
    causes: ['tensor-leak'],
    setups: ['friedman', 'pairs'],
    apply: (recipe) => ({
      ...recipe,
      loss: (labels: tf.Tensor, predictions: tf.Tensor) => {
        const squares = tf.squaredDifference(labels, predictions);
        kept.push(tf.keep(tf.clone(squares)));
        return tf.mean(squares);
      },
    }),
  },
];
