import { digits, finding, type FindingParts } from '../finding.js';
import type { History } from './history.js';
import { rule } from './rule.js';
import type { Statistics } from './statistics.js';

interface Place {
  readonly what: string;
  readonly where: NonNullable<FindingParts['where']>;
  readonly remedy: string;
}

const scale = 'Scale the inputs to about unit variance, lower the learning rate to a tenth, and clip the gradients by global norm.';

/** Where numbers stop being numbers, in the order of the computation: forward pass, loss, backward pass, update. */
function firstPlace(now: Statistics): Place | null {
  const layers = Object.entries(now.layers);
  const [first] = layers;
  const bad = layers.find(([, { rms }]) => !Number.isFinite(rms));
  if (bad !== undefined) {
    const [layer, { className }] = bad;
    const fromData = bad === first && (className === 'InputLayer' || !Object.values(now.weights).some(({ layer: of, norm }) => of === layer && !Number.isFinite(norm)));
    // After an update with NaN all weights are lost, and the first layer is the first to show it, whatever began it.
    const lost = Object.values(now.weights).filter(({ trainable }) => trainable).every(({ norm }) => !Number.isFinite(norm));
    if (lost && !(fromData && className === 'InputLayer')) return null;
    return { what: `in the output of ${layer}`, where: { layer }, remedy: fromData ? 'Look for NaN and infinite values in the inputs of this batch, and in how they are scaled.' : scale };
  }
  const output = now.outputs.findIndex(({ nonFinite }) => nonFinite > 0);
  if (output >= 0) return { what: `in the predictions of output ${output}`, where: {}, remedy: scale };
  if (!Number.isFinite(now.loss)) return { what: 'in the loss, while all layers give finite values', where: {}, remedy: 'Look for log(0), a division by 0, a root of 0 or exp of a large number in the loss, and for NaN among the labels. Compute cross-entropy from logits, or keep the argument of the log above 1e-7.' };
  // Backward: the last weight with a bad gradient is nearest to the loss.
  const gradients = Object.entries(now.weights).filter(([, { gradientNorm }]) => gradientNorm !== null && !Number.isFinite(gradientNorm));
  const nearest = gradients.at(-1);
  if (nearest !== undefined) return { what: `in the gradient of ${nearest[0]}, while the loss is finite`, where: { weight: nearest[0], ...(nearest[1].layer === null ? {} : { layer: nearest[1].layer }) }, remedy: 'An operation there has no finite derivative at this point: sqrt or norm at 0, log near 0, or a tf.where whose other branch is not finite.' };
  const weight = Object.entries(now.weights).find(([, { norm }]) => !Number.isFinite(norm));
  return weight === undefined ? null : { what: `in the weight ${weight[0]}`, where: { weight: weight[0] }, remedy: 'The update made it: lower the learning rate, and look at the epsilon of the optimizer.' };
}

export const firstNonFinite = rule('first-non-finite', ['training-statistics'], (history) => {
  const { latest, latestFinite, step } = history;
  if (latest === null) return [];
  const place = firstPlace(latest);
  const isBad = place !== null || !Number.isFinite(latest.loss) || !Number.isFinite(latest.gradientNorm);
  if (!isBad) return [];
  const from = (latestFinite?.step ?? 0) + 1;
  return [
    finding({
      rule: 'first-non-finite',
      severity: 'error',
      message: `NaN or infinite values ${place === null ? `in all weights at step ${step}` : `first ${place.what} at step ${step}`}${latestFinite === null ? '' : `; at step ${latestFinite.step} all was finite`}`,
      where: { ...place?.where, steps: { from, to: Math.max(from, step) } },
      evidence: { step, lastFiniteStep: latestFinite?.step ?? null, loss: latest.loss, lastFiniteLoss: latestFinite?.of.loss ?? null, lastGradientNorm: latestFinite?.of.gradientNorm ?? null, largest: largestOf(history) },
      remedy: place?.remedy ?? `${scale} To see where it begins, measure every step from ${from} on.`,
    }),
  ];
});

/** The layer with the largest value when all was still finite. */
function largestOf({ latestFinite }: History): { layer: string; maxAbs: number } | null {
  const [largest] = Object.entries(latestFinite?.of.layers ?? {}).toSorted(([, a], [, b]) => b.maxAbs - a.maxAbs);
  return largest === undefined ? null : { layer: largest[0], maxAbs: largest[1].maxAbs };
}

/** The square of more than 1.8e19 is beyond the largest float32, 3.4e38; a decade before that there is no room left. */
const nearTheLimit = 1e18;
/** exp(88.7) is the largest float32; exp of this is 5.5e34. */
const largeExponent = 80;

export const riskyValues = rule('risky-values', ['training-statistics'], ({ latest, step }) =>
  Object.entries(latest?.layers ?? {}).flatMap(([layer, { maxAbs, isOutput, activation, className, rms }]) => {
    if (!Number.isFinite(rms) || className === 'InputLayer') return [];
    const near = maxAbs > nearTheLimit;
    const logits = isOutput && (activation === 'linear' || activation === null) && maxAbs > largeExponent && (latest?.outputs ?? []).some(({ classes }) => classes !== null);
    if (!near && !logits) return [];
    return [
      finding({
        rule: 'risky-values',
        severity: near ? 'warning' : 'info',
        message: near ? `${layer} gives values up to ${digits(maxAbs)}, of which the square is beyond float32` : `${layer} gives logits up to ${digits(maxAbs)}: exp of more than 88 is infinite in float32`,
        where: { layer },
        evidence: { maxAbs, rms, step },
        remedy: near ? scale : 'Leave exp and log to a loss that takes logits; some weight decay or label smoothing keeps logits small.',
      }),
    ];
  }),
);
