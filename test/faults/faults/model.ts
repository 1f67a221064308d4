import * as tf from '@tensorflow/tfjs-core';
import { Lambda } from '../architecture.js';
import { withArchitecture, type Fault } from './fault.js';

/** The derivative of ReLU with its sign turned. */
const wrongRelu = tf.customGrad((x, save) => {
  (save as (tensors: tf.Tensor[]) => void)([x as tf.Tensor]);
  return { value: tf.relu(x as tf.Tensor), gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => tf.neg(tf.mul(dy, tf.step(saved!))) };
});
const stopGradient = tf.customGrad((x) => ({ value: tf.clone(x as tf.Tensor), gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy) }));

/** Networks that are put together wrongly. */
export const modelFaults: readonly Fault[] = [
  {
    kind: 'no-activations',
    category: 'model',
    causes: ['network-is-linear', 'missing-activation'],
    setups: ['friedman', 'mlp', 'pairs', 'cnn'],
    apply: (recipe) => withArchitecture(recipe, { activation: null, ...(recipe.setup === 'cnn' ? {} : { hidden: [...recipe.architecture.hidden, 32] }) }),
  },
  {
    kind: 'twelve-sigmoid-layers',
    category: 'model',
    causes: ['activations-vanish', 'vanishing-gradients', 'gradients-vanish'],
    setups: ['mlp', 'friedman'],
    apply: (recipe) => withArchitecture(recipe, { hidden: Array.from({ length: 12 }, () => 32), activation: 'sigmoid', kernel: () => 'glorotUniform' }),
  },
  {
    kind: 'samples-mixed-by-reshape',
    category: 'model',
    causes: ['batch-mixing'],
    setups: ['mlp', 'friedman', 'iris'],
    apply: (recipe) =>
      withArchitecture(recipe, {
        beforeHead: () =>
          new Lambda((x) => {
            const [batch = 1, width = 1] = x.shape;
            return tf.transpose(tf.reshape(x, [width, batch]));
          }, 'turned'),
      }),
  },
  { kind: 'samples-mixed-by-hand', category: 'model', causes: ['batch-mixing'], setups: ['handwritten'], apply: (recipe) => withArchitecture(recipe, { special: 'mixed' }) },
  {
    kind: 'softmax-over-the-batch',
    category: 'model',
    causes: ['softmax-axis', 'batch-mixing'],
    setups: ['mlp', 'iris', 'residual'],
    apply: (recipe) => withArchitecture(recipe, { head: null, last: () => new Lambda((x) => tf.transpose(tf.softmax(tf.transpose(x))), 'softmax') }),
  },
  {
    kind: 'pooled-to-one-place',
    category: 'model',
    causes: ['spatial-collapse'],
    setups: ['cnn'],
    apply: (recipe) => withArchitecture(recipe, { special: 'collapsed', hidden: [8, 16, 16] }),
  },
  { kind: 'sees-the-future', category: 'model', causes: ['future-leak'], setups: ['waves'], apply: (recipe) => withArchitecture(recipe, { special: 'centred' }) },
  { kind: 'input-not-connected', category: 'model', causes: ['unused-input', 'inputs-ignored'], setups: ['pairs'], apply: (recipe) => withArchitecture(recipe, { special: 'right unused' }) },
  { kind: 'input-led-on-as-zeros', category: 'model', causes: ['unused-input', 'inputs-ignored'], setups: ['pairs'], apply: (recipe) => withArchitecture(recipe, { special: 'right times 0' }) },
  {
    kind: 'inputs-ignored',
    category: 'model',
    causes: ['inputs-ignored', 'unused-input'],
    setups: ['mlp', 'friedman', 'waves'],
    apply: (recipe) => withArchitecture(recipe, { first: () => new Lambda((x) => tf.mul(x, 0), 'masked') }),
  },
  { kind: 'weight-not-used', category: 'model', causes: ['unused-weights'], setups: ['handwritten'], apply: (recipe) => withArchitecture(recipe, { special: 'unused' }) },
  {
    kind: 'wrong-gradient-in-a-layer',
    category: 'model',
    causes: ['wrong-gradient'],
    setups: ['mlp', 'friedman'],
    apply: (recipe) => withArchitecture(recipe, { hidden: [...recipe.architecture.hidden.slice(0, -1), 32], activation: 'linear', beforeHead: () => new Lambda((x) => wrongRelu(x), 'own_relu') }),
  },
  { kind: 'wrong-gradient-by-hand', category: 'model', causes: ['wrong-gradient'], setups: ['handwritten'], apply: (recipe) => withArchitecture(recipe, { special: 'wrong gradient' }) },
  {
    kind: 'gradient-stopped',
    category: 'model',
    causes: ['gradient-lost', 'no-gradient', 'wrong-gradient'],
    setups: ['mlp', 'friedman', 'tokens'],
    apply: (recipe) => withArchitecture(recipe, { beforeHead: () => new Lambda((x) => stopGradient(x), 'stopped') }),
  },
  {
    kind: 'gradient-lost-by-rounding',
    category: 'model',
    causes: ['gradient-lost', 'no-gradient', 'wrong-gradient'],
    setups: ['mlp', 'friedman', 'residual'],
    apply: (recipe) => withArchitecture(recipe, { beforeHead: () => new Lambda((x) => tf.round(x), 'rounded') }),
  },
  { kind: 'gradient-lost-by-hand', category: 'model', causes: ['gradient-lost', 'no-gradient'], setups: ['handwritten'], apply: (recipe) => withArchitecture(recipe, { special: 'lost gradient' }) },
  { kind: 'output-frozen', category: 'model', causes: ['output-frozen'], setups: ['mlp', 'friedman', 'residual'], apply: (recipe) => withArchitecture(recipe, { freeze: 'output' }) },
  {
    kind: 'biases-alone-are-trained',
    category: 'model',
    causes: ['output-frozen', 'weights-do-not-change', 'weights-frozen', 'few-trainable'],
    setups: ['mlp', 'friedman'],
    apply: (recipe) => withArchitecture(recipe, { freeze: 'all but biases' }),
  },
];
