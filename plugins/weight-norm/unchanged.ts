import { digits } from '../shared/digits.js';
import { isKernel, placeOf } from '../shared/weight-facts.js';
import type { Options, State } from './contract.js';
import type { NamesVerdict } from './frozen.js';
import type { Reading, WeightReading } from './reading.js';

/**
 * A change below 6e-8 (2^-24) of a float32 is lost in rounding. Only when the others' changes are 16 times that, seen
 * from a typical entry of the weight that stands still, is rounding not what keeps it: at the end of a learning rate
 * schedule nothing but biases moves, and all is well.
 */
const visible = 1e-6;

const perEntry = (norm: number, { info }: WeightReading): number => norm / Math.sqrt(Math.max(1, info.size));

/**
 * Trainable kernels whose update is exactly 0 over several measurements while other weights move and the learning rate
 * is above 0. Biases are left out: some have no effect by construction (in front of a normalisation).
 */
export function judgeUnchanged(state: State, now: Reading, { unchangedFor }: Options): NamesVerdict & { readonly counts: Record<string, number> } {
  const trainable = now.weights.filter(({ info }) => info.trainable);
  const largestMove = Math.max(0, ...trainable.map((each) => perEntry(each.updateNorm, each)).filter(Number.isFinite));
  const kernels = trainable.filter(({ info }) => isKernel(info));
  const next = (each: WeightReading): number => {
    const before = state.unchanged[each.info.name] ?? 0;
    if (each.updateNorm !== 0) return state.told.unchanged.includes(each.info.name) ? Math.min(before, 0) - 1 : 0;
    const counted = now.learningRate > 0 && largestMove > visible * perEntry(each.norm, each);
    return Math.max(before, 0) + (counted ? 1 : 0);
  };
  const counts = Object.fromEntries(kernels.map((each) => [each.info.name, next(each)]));
  const count = (name: string): number => counts[name] ?? 0;
  const told = state.told.unchanged.filter((name) => name in counts && count(name) > -unchangedFor);
  const news = kernels.filter(({ info: { name } }) => count(name) >= unchangedFor && !told.includes(name));
  const [first] = news;
  if (first === undefined) return { told, counts, findings: [] };
  const names = news.map(({ info }) => info.name);
  return {
    told: [...told, ...names],
    counts,
    findings: [
      {
        rule: 'trainable-weight-unchanged',
        severity: 'warning',
        message: `${news.length === 1 ? `the trainable kernel ${first.info.name} has` : `${news.length} trainable kernels (${names.join(', ')}) have`} not changed at all in ${unchangedFor} measurements, while others moved by up to ${digits(largestMove)} an entry`,
        where: placeOf(first.info),
        evidence: {
          weights: names,
          measurements: unchangedFor,
          learningRate: now.learningRate,
          moved: trainable.filter(({ updateNorm }) => updateNorm > 0).map(({ info }) => info.name),
        },
        remedy: 'See whether it gets a gradient (the plugin gradientNorm shows its norm and share of zeros): if not, its units are dead or it is not on a path to the loss. If it should not learn, set trainable = false.',
        docs: 'rules/trainable-weight-unchanged.md',
      },
    ],
  };
}
