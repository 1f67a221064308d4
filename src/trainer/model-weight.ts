import type * as tf from '@tensorflow/tfjs-core';
import type { WeightRole } from '../measure/index.js';
import type { ModelWeight } from './model.js';
import { rememberName } from './optimizer/index.js';

const roles: Readonly<Record<string, WeightRole>> = {
  kernel: 'kernel',
  recurrent_kernel: 'kernel',
  depthwise_kernel: 'kernel',
  pointwise_kernel: 'kernel',
  embeddings: 'kernel',
  bias: 'bias',
  gamma: 'normalization',
  beta: 'normalization',
  moving_mean: 'statistic',
  moving_variance: 'statistic',
};

/** What a weight is, from the last part of its name (tfjs-layers' names; `_1` and the like set aside). */
const roleOf = (name: string): WeightRole => {
  const last = name.slice(name.lastIndexOf('/') + 1);
  const plain = last.replace(/_\d+$/, '');
  return roles[plain] ?? (/(^|_)(b|bias)$/i.test(plain) ? 'bias' : 'other');
};

/** A weight as the trainer knows it. */
export function weightOf(name: string, variable: tf.Variable, trainable: boolean, layer: string | undefined): ModelWeight {
  rememberName(variable, name);
  return { info: { name, shape: variable.shape, size: variable.size, role: roleOf(name), layer, trainable }, variable };
}
