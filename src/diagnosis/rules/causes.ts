import type { Causes } from '../causes.js';

const wentWrong = ['loss-stuck', 'class-collapse', 'underfitting', 'loss-slow'] as const;

/** What the causes that show during a training bring about. */
export const watchCauses: Causes = {
  'metric-contradicts-loss': ['weights-growing', 'exploding-gradients', 'gradient-spike', 'first-non-finite', 'non-finite-loss', 'non-finite-gradients', 'weight-norm-growing', 'risky-values', 'learning-rate-too-high', ...wentWrong],
  'learning-rate-too-high': [
    'first-non-finite', 'non-finite-loss', 'non-finite-gradients', 'loss-rising', 'loss-oscillating', 'exploding-gradients', 'gradient-spike', 'dead-units',
    'saturated-activations', 'weights-growing', 'weight-norm-growing', 'weights-unchanged', 'trainable-weight-unchanged', 'risky-values', 'vanishing-gradients', 'predictions-oscillating', 'update-ratio', ...wentWrong,
    // Found before the training: both stages know this cause.
    'cannot-fit-one-batch', 'learning-rate-range', 'ladder-does-not-improve', 'loss-rises', 'dead-units', 'non-finite-loss',
  ],
  'learning-rate-zero': ['learning-rate-too-low', 'weights-unchanged', 'trainable-weight-unchanged', 'update-ratio', ...wentWrong],
  'learning-rate-too-low': ['weights-unchanged', 'trainable-weight-unchanged', 'update-ratio', 'validation-better-than-training', ...wentWrong, 'learning-rate-range', 'cannot-fit-one-batch', 'ladder-does-not-improve'],
  'dead-units': ['vanishing-gradients', 'weights-unchanged', 'trainable-weight-unchanged', 'no-gradient', ...wentWrong],
  'saturated-activations': ['vanishing-gradients', ...wentWrong],
  'vanishing-gradients': ['weights-unchanged', 'trainable-weight-unchanged', ...wentWrong],
  'weights-unchanged': ['trainable-weight-unchanged', ...wentWrong],
  'exploding-gradients': ['first-non-finite', 'non-finite-loss', 'non-finite-gradients', 'loss-rising', 'risky-values', 'weights-growing', 'gradient-spike'],
  'gradient-spike': ['loss-rising', 'first-non-finite', 'non-finite-loss'],
  'first-non-finite': ['non-finite-loss', 'non-finite-gradients'],
  'weights-growing': ['weight-norm-growing', 'risky-values'],
  'loss-rising': ['loss-oscillating', 'weights-growing'],
  'loss-stuck': ['class-collapse', 'underfitting'],
  'class-collapse': ['underfitting'],
};
