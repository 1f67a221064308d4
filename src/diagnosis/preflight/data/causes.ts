import type { Causes } from '../../causes.js';

/** What inputs of a wrong size do to a training. */
const badSize = [
  'outliers', 'initial-loss', 'prior-bias', 'activations-explode', 'activations-vanish', 'gradients-vanish', 'saturated-at-start', 'dead-units-at-start', 'saturated-activations', 'dead-units', 'exploding-gradients',
  'vanishing-gradients', 'gradient-spike', 'first-non-finite', 'non-finite-loss', 'non-finite-gradients', 'risky-values', 'learning-rate-too-high', 'learning-rate-too-low', 'learning-rate-range', 'loss-rises', 'loss-rising',
  'loss-oscillating', 'predictions-oscillating', 'loss-stuck', 'loss-slow', 'cannot-fit-one-batch', 'inputs-ignored', 'class-collapse', 'underfitting', 'weights-growing', 'update-ratio', 'ladder-does-not-improve', 'no-gradient', 'targets-not-scaled',
] as const;

/** What labels that inputs do not tell look like: learnt by heart or not at all. */
const nothingToLearn = ['inputs-do-not-explain-labels', 'inputs-ignored', 'overfitting', 'underfitting', 'class-collapse', 'loss-stuck', 'loss-slow', 'loss-oscillating', 'ladder-does-not-improve', 'predictions-oscillating'] as const;

/** What the rules of this stage bring about. */
export const dataCauses: Causes = {
  'inputs-not-finite': ['non-finite-at-start', 'first-non-finite', 'non-finite-loss', 'non-finite-gradients', 'inputs-not-scaled', 'features-scales-differ', 'outliers', 'distribution-shift', 'initial-loss', 'cannot-fit-one-batch', 'loss-stuck'],
  'inputs-all-same': ['constant-features', 'repeated-samples', 'conflicting-labels', 'repeated-batches', 'train-validation-leak', 'labels-not-predictable', 'label-noise', 'distribution-shift', 'cannot-fit-one-batch', 'unused-input', 'dead-units-at-start', 'no-gradient', ...nothingToLearn],
  'repeated-batches': [
    'repeated-samples', 'one-class', 'missing-class', 'classes-without-samples', 'class-imbalance', 'labels-constant', 'constant-features', 'distribution-shift', 'train-validation-leak', 'validation-scaled-differently', 'labels-not-predictable', 'label-noise', 'conflicting-labels',
    'too-few-samples', 'prior-bias', ...nothingToLearn,
  ],
  'one-class': ['class-imbalance', 'classes-without-samples', 'missing-class', 'distribution-shift', 'labels-not-predictable', 'loss-ignores-labels', 'initial-loss', 'prior-bias', 'loss-prefers-wrong', ...nothingToLearn],
  'labels-constant': ['distribution-shift', 'labels-not-predictable', 'targets-not-scaled', 'loss-ignores-labels', 'initial-loss', 'prior-bias', 'output-range', ...nothingToLearn],
  'labels-out-of-step': ['labels-not-predictable', 'label-noise', 'conflicting-labels', 'metric-contradicts-loss', ...nothingToLearn],
  'labels-not-predictable': ['label-noise', 'conflicting-labels', 'metric-contradicts-loss', ...nothingToLearn],
  'sorted-by-class': ['one-class', 'class-collapse', 'loss-oscillating', 'predictions-oscillating', 'gradient-spike', 'loss-rising', 'loss-stuck', 'loss-slow', 'underfitting', 'learning-rate-too-high', 'metric-contradicts-loss'],
  'labels-not-distributions': ['initial-loss', 'loss-not-bounded', 'output-activation', 'logits-and-loss', 'loss-slow', 'underfitting', 'metric-contradicts-loss', 'loss-improves-predictions-worsen'],
  'labels-do-not-suit-loss': ['initial-loss', 'loss-prefers-wrong', 'targets-not-scaled', 'exploding-gradients', 'gradient-spike', 'loss-oscillating', 'loss-rising', 'loss-slow', 'loss-stuck', 'cannot-fit-one-batch', 'output-range', 'underfitting', 'metric-contradicts-loss', 'loss-improves-predictions-worsen', 'learning-rate-too-high', 'learning-rate-range'],
  'loss-for-regression-on-classes': ['output-activation', 'initial-loss', 'output-range', 'loss-slow', 'loss-stuck', 'class-collapse', 'underfitting', 'metric-contradicts-loss'],
  'inputs-not-scaled': ['features-scales-differ', ...badSize],
  'outliers': ['features-scales-differ', 'distribution-shift', ...badSize.filter((rule) => rule !== 'outliers')],
  'features-scales-differ': badSize,
  'missing-class': ['distribution-shift', 'classes-without-samples', 'overfitting'],
  'validation-scaled-differently': ['distribution-shift', 'validation-overfitting', 'label-noise', 'validation-labels-out-of-step', 'validation-classes-renumbered', 'overfitting'],
  'validation-classes-renumbered': ['overfitting', 'label-noise'],
  'validation-labels-out-of-step': ['overfitting', 'label-noise'],
  'label-in-inputs': ['correlated-features', 'duplicate-features', 'validation-better-than-training'],
  'label-noise': ['conflicting-labels', 'overfitting', 'underfitting', 'validation-better-than-training'],
  'train-validation-leak': ['repeated-samples', 'validation-better-than-training'],
  'repeated-samples': ['train-validation-leak', 'overfitting'],
  'distribution-shift': ['overfitting', 'validation-better-than-training'],
  'classes-as-numbers': ['targets-not-scaled', 'output-activation', 'initial-loss', 'loss-slow', 'loss-stuck', 'underfitting', 'metric-contradicts-loss'],
  'class-imbalance': ['class-collapse', 'prior-bias', 'initial-loss'],
};
