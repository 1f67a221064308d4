import { digits, finding, percent } from '../../finding.js';
import type { Check, CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import { targetOf, type ClassTarget } from './targets.js';

/** Batches this small are of one class now and then. */
const smallest = 8;

/** Chance that two samples of the slice are of one class (Simpson 1949). */
function sameness({ values }: ClassTarget, from: number, to: number): number {
  const counts = new Map<number, number>();
  for (let i = from; i < to; i += 1) counts.set(values[i] ?? 0, (counts.get(values[i] ?? 0) ?? 0) + 1);
  return [...counts.values()].reduce((sum, each) => sum + (each / (to - from)) ** 2, 0);
}

function run(lab: Lab): CheckResult {
  const { training, batchSize, experiment } = lab;
  const target = targetOf(lab, 0);
  if (training.total !== undefined && experiment.fit?.shuffle !== false) return { findings: [], cannotTell: 'samples are shuffled' };
  if (target?.kind !== 'classes' || target.width !== 1 || batchSize < smallest) return { findings: [], cannotTell: 'there are no classes, or batches are small' };
  const batches: number[] = [];
  for (const { start, count } of training.blocks) {
    for (let from = start; from + batchSize <= start + count; from += batchSize) batches.push(sameness(target, from, from + batchSize));
  }
  if (batches.length < 4) return { findings: [], cannotTell: 'fewer than 4 batches can be looked at' };
  const overall = sameness(target, 0, training.count);
  const within = batches.reduce((sum, each) => sum + each, 0) / batches.length;
  const measured = { within, overall, batches: batches.length };
  // Mixed batches have `overall` and a little: 1 / batch of the rest. 0.9 is a batch of 95% one class.
  if (!(within > 0.9 && overall < 0.7)) return { findings: [], measured };
  return {
    measured,
    findings: [
      finding({
        rule: 'sorted-by-class',
        severity: 'warning',
        where: { feature: target.name },
        message: `batches come sorted by class: two samples of one batch are of the same class in ${percent(within)}, two of the whole in ${percent(overall)}, and nothing shuffles them`,
        evidence: { ...measured, batchSize },
        remedy: training.total === undefined ? `Mix the source before it is cut into batches of ${digits(batchSize)}: each batch trains the model towards its own class and away from all others.` : 'Set fit.shuffle to true: each batch trains the model towards its own class and away from all others.',
      }),
    ],
  };
}

export const mixedBatches: Check = { name: 'mixed-batches', stage: 'data', summary: 'Batches that nothing shuffles hold more than one class.', run };
