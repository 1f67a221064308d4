import type { Causes } from '../../causes.js';

/** What a loss that pulls the wrong way, or nowhere, looks like in training. */
const badTraining = ['initial-loss', 'prior-bias', 'cannot-fit-one-batch', 'loss-stuck', 'loss-slow', 'class-collapse', 'underfitting', 'inputs-ignored', 'learning-rate-too-low', 'loss-rising', 'loss-rises', 'ladder-does-not-improve'] as const;
const badSize = ['activations-explode', 'activations-vanish', 'gradients-vanish', 'no-gradient', 'saturated-at-start', 'dead-units-at-start', 'initial-loss', 'exploding-gradients', 'vanishing-gradients', 'dead-units', 'saturated-activations', 'learning-rate-range', 'learning-rate-too-high', 'first-non-finite'] as const;

/** What the rules of this stage bring about. */
export const modelCauses: Causes = {
  'loss-broadcast': [...badTraining, 'loss-mixes-samples', 'loss-prefers-wrong', 'loss-ignores-labels', 'labels-not-predictable', 'loss-improves-predictions-worsen', 'metric-contradicts-loss'],
  'loss-arguments-swapped': [...badTraining, 'wrong-gradient', 'loss-not-bounded', 'loss-prefers-wrong', 'first-non-finite', 'exploding-gradients', 'loss-improves-predictions-worsen', 'metric-contradicts-loss'],
  'loss-mixes-samples': ['loss-ignores-labels', 'cannot-fit-one-batch', 'loss-stuck', 'inputs-do-not-explain-labels'],
  'loss-ignores-labels': [...badTraining, 'loss-prefers-wrong', 'loss-not-bounded', 'loss-improves-predictions-worsen', 'metric-contradicts-loss', 'first-non-finite'],
  'loss-prefers-wrong': [...badTraining, 'loss-not-bounded', 'learning-rate-too-high', 'loss-improves-predictions-worsen', 'metric-contradicts-loss', 'first-non-finite', 'exploding-gradients', 'weights-growing'],
  'loss-not-bounded': ['initial-loss', 'loss-improves-predictions-worsen', 'metric-contradicts-loss', 'first-non-finite', 'exploding-gradients', 'weights-growing'],
  'softmax-of-one': [...badTraining, 'unused-input', 'unused-weights', 'gradient-lost', 'no-gradient', 'output-range', 'weights-unchanged'],
  'softmax-axis': [...badTraining, 'batch-mixing', 'output-range', 'logits-and-loss', 'output-activation', 'double-softmax'],
  'batch-mixing': [...badTraining, 'labels-not-predictable', 'normalisation-axis'],
  'noise-in-inference': ['not-reproducible', 'dropout-on-output'],
  'future-leak': ['validation-better-than-training'],
  'double-softmax': ['logits-and-loss', ...badTraining, 'gradients-vanish', 'vanishing-gradients', 'output-activation'],
  'logits-and-loss': [...badTraining, 'output-activation', 'gradients-vanish', 'vanishing-gradients', 'first-non-finite', 'risky-values', 'no-gradient', 'dead-units'],
  'output-range': [...badTraining, 'targets-not-scaled', 'output-activation', 'saturated-activations', 'vanishing-gradients', 'learning-rate-range'],
  'spatial-collapse': ['uneven-cropping', 'underfitting'],
  'symmetric-weights': [...badTraining, 'initializer-scale', 'unused-input', 'gradients-vanish', 'vanishing-gradients', 'dead-units', 'no-gradient', 'gradient-lost', 'weights-unchanged', 'network-is-linear'],
  'initializer-scale': [...badSize, ...badTraining],
  'regularization-too-strong': [...badTraining, 'weight-decay-too-strong'],
  'output-activation': [...badTraining, 'dead-units-at-start', 'saturated-at-start'],
  'targets-not-scaled': [...badTraining, 'exploding-gradients', 'learning-rate-range', 'learning-rate-too-high', 'first-non-finite', 'non-finite-loss', 'non-finite-gradients', 'update-ratio', 'weights-growing', 'risky-values'],
  'network-is-linear': ['missing-activation', 'underfitting', 'ladder-does-not-improve', 'loss-slow', 'cannot-fit-one-batch'],
  'missing-activation': ['underfitting'],
  'dropout-on-output': ['dropout-too-high', 'underfitting', 'cannot-fit-one-batch', 'validation-better-than-training'],
  'dropout-too-high': ['underfitting', 'cannot-fit-one-batch', 'validation-better-than-training', 'loss-slow'],
  'few-trainable': ['frozen-at-random', 'output-frozen', 'underfitting', 'cannot-fit-one-batch', 'loss-slow', 'loss-stuck', 'learning-rate-too-low', 'weights-unchanged'],
  'output-frozen': ['frozen-at-random', 'few-trainable', 'underfitting', 'cannot-fit-one-batch', 'loss-slow'],
  'frozen-at-random': ['few-trainable', 'underfitting', 'cannot-fit-one-batch', 'loss-slow', 'weights-unchanged'],
  // TensorFlow.js has no gradient of batch normalisation along another axis than the last.
  'normalisation-axis': ['validation-better-than-training', 'gradient-lost', 'unused-weights', 'no-gradient', 'wrong-gradient', 'weights-unchanged', 'cannot-fit-one-batch', 'loss-stuck', 'underfitting'],
  'hidden-softmax': ['gradients-vanish', 'vanishing-gradients', 'activations-vanish', 'cannot-fit-one-batch', 'loss-stuck', 'loss-slow', 'learning-rate-too-low', 'inputs-ignored', 'underfitting', 'class-collapse'],
  // Told in the training stage: here for its place before what it brings about.
  'gradient-lost': ['unused-weights', 'no-gradient', 'wrong-gradient', 'gradients-vanish', 'vanishing-gradients', 'weights-unchanged', 'cannot-fit-one-batch'],
  'unused-weights': ['weights-unchanged', 'no-gradient'],
  'unused-input': ['dead-units-at-start', 'inputs-ignored'],
  'dead-units-at-start': ['activations-vanish', 'gradients-vanish', 'vanishing-gradients', 'dead-units', 'no-gradient', 'gradient-lost', 'weights-unchanged', 'cannot-fit-one-batch', 'loss-stuck', 'inputs-ignored'],
  'saturated-at-start': ['inputs-ignored', 'gradients-vanish', 'vanishing-gradients', 'saturated-activations', 'cannot-fit-one-batch', 'loss-stuck', 'loss-slow'],
  'activations-explode': ['initial-loss', 'exploding-gradients', 'learning-rate-range', 'first-non-finite', 'risky-values'],
  'activations-vanish': ['inputs-ignored', 'gradients-vanish', 'vanishing-gradients', 'cannot-fit-one-batch', 'loss-stuck', 'loss-slow'],
  'gradients-vanish': ['vanishing-gradients', 'cannot-fit-one-batch', 'loss-stuck', 'loss-slow', 'inputs-ignored', 'underfitting'],
  'initial-loss': ['prior-bias'],
  // Told in the training stage. What is dead or fades on the way ignores inputs; where inputs are lost before it, it is no more than an info.
  'inputs-ignored': ['no-gradient', 'vanishing-gradients', 'cannot-fit-one-batch', 'loss-stuck', 'class-collapse', 'underfitting'],
};
