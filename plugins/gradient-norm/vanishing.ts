import { digits } from '../shared/digits.js';
import { cleared, tell, unchanged, type Verdict } from '../shared/told.js';
import { isKernel, placeOf } from '../shared/weight-facts.js';
import type { Options, State } from './contract.js';
import type { Reading } from './reading.js';

/** When all that is remembered is above this multiple of the threshold, the cause has cleared: half a decade, so that a ratio that wavers is told once. */
const clearAt = 3;
/** From this share of zeros on, the way back is cut by units that are off, and not thinned by saturation. */
const mostlyZero = 0.9;

/** Norms of all kernels' gradients by name, in the model's order: where along the way the gradient is lost or grows. */
export const kernelNorms = ({ weights }: Reading): Record<string, number> =>
  Object.fromEntries(weights.filter(({ info }) => isKernel(info)).map(({ info, norm }) => [info.name, norm]));

/**
 * Whether gradients die out between the last kernel and the first. `oneChain`: the model has one output. With several,
 * the last kernel need not be downstream of the first, so that it is an info at most.
 */
export function judgeVanishing({ told, ratios }: State, now: Reading, { patience, vanishingRatio }: Options, oneChain: boolean): Verdict {
  const { depth } = now;
  if (ratios.every((ratio) => ratio >= clearAt * vanishingRatio)) return cleared;
  if (depth === null || ratios.length < patience || ratios.some((ratio) => ratio >= vanishingRatio)) return unchanged(told.vanishing);
  const zeros = now.weights.find(({ info }) => info.name === depth.first.name)?.zeros ?? NaN;
  return tell(told.vanishing, {
    rule: 'vanishing-gradients',
    severity: oneChain ? 'warning' : 'info',
    message:
      depth.lastNorm === 0
        ? `the gradients of the first and the last kernel (${depth.first.name}, ${depth.last.name}) are exactly 0 while other weights have gradients, and the first was below ${digits(vanishingRatio)} times the last in the last ${patience} measurements`
        : `the gradient of the first kernel ${depth.first.name} (norm ${digits(depth.firstNorm)}) is ${digits(depth.ratio)} times that of the last, ${depth.last.name} (${digits(depth.lastNorm)}), and was below ${digits(vanishingRatio)} times in the last ${patience} measurements`,
    where: placeOf(depth.first),
    evidence: { ratio: depth.ratio, threshold: vanishingRatio, measurements: patience, norms: kernelNorms(now), zerosOfFirst: zeros, loss: now.loss },
    remedy:
      zeros >= mostlyZero
        ? `${digits(100 * zeros)}% of its entries are exactly 0: units in front of the loss are dead. Lower the learning rate, initialise with heNormal, or use leaky ReLU.`
        : 'Use ReLU-like activations with heNormal instead of sigmoid or tanh, add normalisation layers or skip connections, or take layers away. If the inputs are tiny numbers, scale them to unit variance.',
    docs: 'rules/vanishing-gradients.md',
  });
}
