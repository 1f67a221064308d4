import { digits } from '../shared/digits.js';
import { cleared, tell, unchanged, type Verdict } from '../shared/told.js';
import { placeOf } from '../shared/weight-facts.js';
import type { Options, State } from './contract.js';
import type { Reading } from './reading.js';

/** NaN or infinite entries in any gradient. */
export function judgeNonFinite(before: State, now: Reading, { patience }: Options): Pick<State, 'finite'> & Verdict {
  const broken = now.weights.filter(({ nonFinite }) => nonFinite > 0);
  const [first] = broken;
  const last = broken.at(-1);
  if (first === undefined || last === undefined) {
    const finite = before.finite + 1;
    return { finite, ...(finite >= patience ? cleared : unchanged(before.told.nonFinite)) };
  }
  const whole = broken.length === now.weights.length;
  const verdict = tell(before.told.nonFinite, {
    rule: 'non-finite-gradients',
    severity: 'error',
    message: `${digits(100 * first.nonFinite)}% of the gradient of ${first.info.name} is NaN or infinite at step ${now.step}${broken.length === 1 ? '' : `, and ${broken.length} of ${now.weights.length} gradients hold such entries`}`,
    where: placeOf(first.info),
    evidence: {
      step: now.step,
      loss: now.loss,
      nonFinite: Object.fromEntries(broken.map(({ info, nonFinite }) => [info.name, nonFinite])),
      finite: now.weights.filter(({ nonFinite }) => nonFinite === 0).map(({ info }) => info.name),
      // The backward pass goes from the last weight to the first: whatever broke is no later than this one.
      nearestToLoss: last.info.name,
    },
    remedy: whole
      ? 'Every gradient is affected: look at the loss and at the batch first (NaN in the data, log or division of 0, a loss without fromLogits), then lower the learning rate.'
      : `The gradient broke on its way back at ${last.info.name} or right after it: look there for a division, logarithm, square root or power at 0, and lower the learning rate.`,
    docs: 'rules/non-finite-gradients.md',
  });
  return { finite: 0, ...verdict };
}
