import type { Causes } from '../../causes.js';

/** What every fault that keeps a model from learning brings about. */
const noLearning = ['learning-rate-too-low', 'learning-rate-range', 'cannot-fit-one-batch', 'ladder-does-not-improve', 'loss-stuck', 'loss-slow', 'class-collapse', 'underfitting'] as const;

/** What the rules of this stage bring about. */
export const trainingCauses: Causes = {
  'non-finite-at-start': ['first-non-finite', 'non-finite-loss', 'non-finite-gradients', 'learning-rate-too-high', 'risky-values', ...noLearning],
  'inputs-do-not-explain-labels': ['labels-not-predictable', 'label-noise', 'overfitting', 'ladder-does-not-improve'],
  'gradient-lost': ['unused-weights', 'no-gradient', 'wrong-gradient', 'weights-unchanged', 'optimizer-does-not-update', ...noLearning],
  'wrong-gradient': ['loss-rises', 'loss-improves-predictions-worsen', 'learning-rate-too-high', ...noLearning],
  'no-gradient': ['inputs-ignored', 'optimizer-does-not-update', 'dead-units', ...noLearning],
  'inputs-ignored': [...noLearning],
  'loss-improves-predictions-worsen': ['learning-rate-too-high', 'loss-not-bounded', ...noLearning],
  'optimizer-does-not-update': [...noLearning],
  'loss-rises': ['learning-rate-too-high', ...noLearning],
  'batch-too-small-for-batchnorm': ['inputs-ignored', 'no-gradient', ...noLearning],
  'weight-decay-too-strong': ['loss-rises', 'learning-rate-too-high', ...noLearning],
  'clipping-too-tight': [...noLearning],
  'accumulates-over-epochs': [...noLearning],
  'class-weights-inverted': ['class-collapse', 'class-imbalance', 'missing-class'],
  'optimizer-settings': ['loss-rises', 'learning-rate-too-high', ...noLearning],
  'learning-rate-too-high': ['cannot-fit-one-batch', 'learning-rate-range', 'ladder-does-not-improve', 'loss-rises', 'exploding-gradients', 'dead-units', 'non-finite-loss'],
  'learning-rate-too-low': ['learning-rate-range', 'cannot-fit-one-batch', 'ladder-does-not-improve'],
  'cannot-fit-one-batch': ['ladder-does-not-improve'],
};
