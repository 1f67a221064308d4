import type { FindingInput } from 'trainscope/plugin';
import { digits } from '../shared/digits.js';
import { placeOf } from '../shared/weight-facts.js';
import type { Options } from './contract.js';
import type { Reading, WeightReading } from './reading.js';

/** Names told so far, and what there is to say now. */
export interface NamesVerdict {
  readonly told: string[];
  readonly findings: readonly FindingInput[];
}

/**
 * Weights that are not trainable and were changed by an update. Each is told once for as long as it stays frozen.
 * Statistics (moving mean and variance) move by design. For a weight whose name does not tell what it is, design is
 * as likely, so that it is an info.
 */
export function judgeFrozen(before: readonly string[], { weights, step }: Reading, { movesByDesign }: Options): NamesVerdict {
  const frozen = weights.filter(({ info }) => !info.trainable && info.role !== 'statistic' && !movesByDesign.includes(info.name));
  const still = before.filter((name) => frozen.some(({ info }) => info.name === name));
  const news = frozen.filter(({ info, updateNorm }) => updateNorm > 0 && !still.includes(info.name));
  const known = news.filter(({ info }) => info.role !== 'other');
  const other = news.filter(({ info }) => info.role === 'other');
  return { told: [...still, ...news.map(({ info }) => info.name)], findings: [...say(known, 'warning', step), ...say(other, 'info', step)] };
}

function say(moved: readonly WeightReading[], severity: 'warning' | 'info', step: number): FindingInput[] {
  const [first] = moved;
  if (first === undefined) return [];
  const names = moved.map(({ info }) => info.name);
  return [
    {
      rule: 'frozen-weight-moves',
      severity,
      message: `the update of step ${step} changed ${moved.length === 1 ? `the frozen weight ${first.info.name}` : `${moved.length} frozen weights (${names.join(', ')})`}; the norm of the change of ${first.info.name} is ${digits(first.updateNorm)}`,
      where: placeOf(first.info),
      evidence: { step, updateNorms: Object.fromEntries(moved.map(({ info, updateNorm }) => [info.name, updateNorm])) },
      remedy: 'Look for what writes to it besides the optimizer (weight decay of your own, an assign() in a hook or custom layer). If it is meant to change, name it in movesByDesign.',
      docs: 'rules/frozen-weight-moves.md',
    },
  ];
}
