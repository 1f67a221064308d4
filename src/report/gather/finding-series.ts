import type { Finding } from '../../diagnosis/finding.js';
import { eitherRank, metricChart } from './known-charts.js';
import type { Plots } from './plots.js';

const loss = metricChart('loss').id;
const losses = [`${loss}/training (batch)`, `${loss}/training (epoch mean)`, `${loss}/validation`];
const epochLosses = [`${loss}/training (epoch mean)`, `${loss}/validation`];

interface Drawn {
  readonly rules: RegExp;
  /** Series by id; NAME stands for the weight or layer of the finding. */
  readonly series: readonly string[];
}

/** In what a finding can be seen, the first that fits. */
const drawn: readonly Drawn[] = [
  { rules: /overfitting|validation|underfitting|epochs/, series: epochLosses },
  { rules: /gradient-spike|exploding-gradients|vanishing-gradients|gradients-vanish|non-finite-gradients|clipping|no-gradient|gradient-lost/, series: [...eitherRank('gradient-norm-by-weight/NAME'), ...eitherRank('gradient-norm/all gradients'), 'gradient-norm/after clipping', 'gradient-first-to-last/first over last', losses[0] ?? ''] },
  { rules: /dead-units/, series: ['dead-units/NAME', losses[0] ?? ''] },
  { rules: /saturated/, series: ['saturated/NAME', losses[0] ?? ''] },
  { rules: /activations-/, series: ['activation-rms/NAME', losses[0] ?? ''] },
  { rules: /update-ratio/, series: [...eitherRank('update-ratio-by-weight/NAME'), 'update-ratio/all weights', losses[0] ?? ''] },
  { rules: /weights?-(norm-)?grow|weight-decay|weights-unchanged|weight-unchanged|frozen-weight|optimizer-does-not-update/, series: [...eitherRank('weight-norm-by-weight/NAME'), ...eitherRank('update-ratio-by-weight/NAME'), 'weight-norm/all weights', losses[0] ?? ''] },
  { rules: /learning-rate/, series: [...losses, 'learning-rate/learning rate'] },
  { rules: /class-collapse|one-class|prior-bias/, series: ['top-predicted/predicted most', 'top-predicted/most frequent label', losses[0] ?? ''] },
  { rules: /predictions-oscillating|predictions/, series: ['prediction-change/output', losses[0] ?? ''] },
  { rules: /data-bound|host-bound|step-time/, series: ['time-shares/data', 'time-shares/forwardBackward', 'steps-per-second/steps'] },
  { rules: /unused-gpu|gpu/, series: ['cpu-cores/kept busy', 'steps-per-second/steps'] },
  { rules: /tensor-leak/, series: ['tensors/tensors', 'memory/tensors'] },
  { rules: /non-finite|risky-values|loss|metric/, series: losses },
];

/** Checks before a training look at what no series shows. */
const mostShown = 4;

/** Ids of the series of the run in which the finding can be seen, the most telling first. */
export function seriesOf({ rule, where, evidence }: Finding, plots: Plots): readonly string[] {
  // Of a finding with symptoms its own place comes first, then those of what it brought about.
  const symptoms = Array.isArray(evidence['symptoms']) ? (evidence['symptoms'] as readonly { readonly where?: Finding['where'] }[]) : [];
  const names = [where, ...symptoms.map((each) => each.where ?? {})].flatMap(({ weight, layer }) => [weight, layer]).filter((name) => name !== undefined);
  const wanted = drawn.find(({ rules }) => rules.test(rule))?.series ?? [];
  const ids = wanted.flatMap((id) => (id.includes('NAME') ? names.map((name) => id.replace('NAME', () => name)) : [id]));
  return [...new Set(ids)].filter((id) => plots.has(id)).slice(0, mostShown);
}
