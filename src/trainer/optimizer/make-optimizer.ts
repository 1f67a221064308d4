import * as tf from '@tensorflow/tfjs-core';
import type { FullOptimizerConfig } from './optimizer-schema.js';

/** TensorFlow.js' optimizer for a configuration. adamw is adam: its decay is done beside the update. */
export function makeOptimizer(config: FullOptimizerConfig): tf.Optimizer {
  switch (config.name) {
    case 'sgd':
      return config.momentum === 0 ? tf.train.sgd(config.learningRate) : tf.train.momentum(config.learningRate, config.momentum, config.nesterov);
    case 'momentum':
      return tf.train.momentum(config.learningRate, config.momentum, config.nesterov);
    case 'adam':
    case 'adamw':
      return tf.train.adam(config.learningRate, config.beta1, config.beta2, config.epsilon);
    case 'adamax':
      return tf.train.adamax(config.learningRate, config.beta1, config.beta2, config.epsilon);
    case 'rmsprop':
      return tf.train.rmsprop(config.learningRate, config.rho, config.momentum, config.epsilon);
    case 'adagrad':
      return tf.train.adagrad(config.learningRate, config.initialAccumulator);
    case 'adadelta':
      return tf.train.adadelta(config.learningRate, config.rho, config.epsilon);
  }
}
