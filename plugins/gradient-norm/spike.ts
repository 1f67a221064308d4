import { median } from 'simple-statistics';
import { digits } from '../shared/digits.js';
import { robustScore } from '../shared/robust-score.js';
import { cleared, tell, unchanged, type Verdict } from '../shared/told.js';
import { placeOf } from '../shared/weight-facts.js';
import { measurementsBeforeJudging, type Options, type State } from './contract.js';
import { medianLoss } from './history.js';
import type { Reading } from './reading.js';

/** How far log(norm) is from those before it, or null when that cannot be said. Logarithms, so that the scale of the loss is of no matter. */
export function scoreOf({ norms }: State, norm: number): number | null {
  if (norms.length < measurementsBeforeJudging || !(norm > 0 && Number.isFinite(norm))) return null;
  return robustScore(norms.map(Math.log), Math.log(norm));
}

/** A norm far above all of the recent ones. `before` is what was known without this measurement; `score` how far it is from that. */
export function judgeSpike(before: State, now: Reading, score: number | null, options: Options): Pick<State, 'spikes' | 'calm'> & Verdict {
  const usual = score === null || score < options.spikeScore ? NaN : median(before.norms);
  if (score === null || Number.isNaN(usual) || now.norm < options.spikeFactor * usual) {
    const calm = before.calm + 1;
    return { spikes: before.spikes, calm, ...(calm >= options.patience ? cleared : unchanged(before.told.spike)) };
  }
  const spikes = before.spikes + 1;
  const start = before.start?.norm ?? NaN;
  // Late in a training most batches are solved and have tiny gradients, beside which one that is not looks huge.
  const large = now.norm >= options.spikeFactor * start;
  const most = now.weights.reduce((a, b) => (b.norm > a.norm ? b : a), now.weights[0] ?? { norm: NaN, info: undefined });
  const finding = tell(before.told.spike, {
    rule: 'gradient-spike',
    severity: large ? 'warning' : 'info',
    message: `the gradient norm ${digits(now.norm)} of step ${now.step} is ${digits(now.norm / usual)} times the median of the ${before.norms.length} measurements before it (${digits(usual)}), ${digits(score)} deviations away`,
    where: most.info === undefined ? {} : placeOf(most.info),
    evidence: { step: now.step, norm: now.norm, median: usual, factor: now.norm / usual, score, startNorm: start, loss: now.loss, medianLoss: medianLoss(before.losses), spikes },
    remedy: 'Look at the batch of this step for outliers and wrong labels, above all when its loss is high too. Clip the gradients by global norm at a few times the median; if spikes come often, lower the learning rate.',
    docs: 'rules/gradient-spike.md',
  });
  return { spikes, calm: 0, ...finding };
}
