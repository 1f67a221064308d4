import { digits, finding, percent, type Finding } from '../../finding.js';
import type { Check, CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import type { Sample } from '../sample.js';
import { targetOf } from './targets.js';

const keys = new WeakMap<Sample, readonly number[]>();

/** A number for each sample, equal where all inputs are equal: 52 bits, so that 4096 samples collide once in 500 million times. */
export function inputKeys(sample: Sample): readonly number[] {
  const made = keys.get(sample);
  if (made !== undefined) return made;
  const high = new Int32Array(sample.count).fill(0x811c9dc5 | 0);
  const low = new Int32Array(sample.count).fill(0x2545f491);
  for (const { values, width } of sample.inputs) {
    const bits = values instanceof Int32Array ? values : new Int32Array(values.buffer, values.byteOffset, values.length);
    for (let i = 0; i < sample.count; i += 1) {
      let a = high[i] ?? 0;
      let b = low[i] ?? 0;
      for (let at = i * width; at < (i + 1) * width; at += 1) {
        // -0 and 0 are one number.
        const word = (bits[at] ?? 0) === -0x80000000 ? 0 : (bits[at] ?? 0);
        a = Math.imul(a ^ word ^ (word >>> 15), 0x01000193);
        b = Math.imul((b << 5) ^ (b >>> 27) ^ word, 0x9e3779b1 | 0);
        a ^= a >>> 13;
      }
      high[i] = a;
      low[i] = b;
    }
  }
  const result = Array.from(high, (a, i) => ((a >>> 0) & 0xfffff) * 2 ** 32 + ((low[i] ?? 0) >>> 0));
  keys.set(sample, result);
  return result;
}

const counted = (all: readonly number[]): ReadonlyMap<number, number> => {
  const counts = new Map<number, number>();
  for (const key of all) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
};

/**
 * Whether rows are of continuous numbers, so that two equal ones are no accident: some feature has at least half as
 * many values as there are different rows, and not all of them whole.
 */
function isContinuous(sample: Sample, distinct: number): boolean {
  return sample.inputs.some(({ values, width, dtype }) => {
    if (dtype !== 'float32' || width < 1) return false;
    for (let j = 0; j < width; j += Math.max(1, Math.floor(width / 32))) {
      const seen = new Set<number>();
      let whole = true;
      for (let at = j; at < values.length; at += width) {
        const value = values[at] ?? 0;
        if (!Number.isFinite(value)) continue;
        seen.add(value);
        if (!Number.isInteger(value)) whole = false;
      }
      if (!whole && seen.size >= 0.5 * distinct) return true;
    }
    return false;
  });
}

/** Rows that the values of the features could make. */
export function possibleRows({ inputs }: Sample): number {
  let rows = 1;
  for (const { values, width: numbers } of inputs) {
    for (let j = 0; j < numbers && rows < 1e12; j += 1) {
      const seen = new Set<number>();
      for (let at = j; at < values.length; at += numbers) seen.add(values[at] ?? 0);
      rows *= Math.max(1, seen.size);
    }
  }
  return rows;
}

const width = ({ inputs }: Sample): number => inputs.reduce((sum, each) => sum + each.width, 0);

/** Share of samples of each class that have an equal before them; one share for all where there are no classes. */
function repeatsByClass(lab: Lab): readonly number[] {
  const target = targetOf(lab, 0);
  const all = inputKeys(lab.training);
  const classOf = (i: number): number => (target?.kind === 'classes' && target.width === 1 ? (target.values[i] ?? 0) : 0);
  const seen = new Set<number>();
  const counts = new Map<number, { all: number; again: number }>();
  all.forEach((key, i) => {
    const count = counts.get(classOf(i)) ?? { all: 0, again: 0 };
    count.all += 1;
    if (seen.has(key)) count.again += 1;
    seen.add(key);
    counts.set(classOf(i), count);
  });
  return [...counts.values()].map((count) => count.again / count.all);
}

function repeated(lab: Lab, measured: Record<string, unknown>): Finding | undefined {
  const { training } = lab;
  const distinct = new Set(inputKeys(training)).size;
  const share = 1 - distinct / training.count;
  measured['repeated'] = share;
  // One row alone is for `inputs-all-same` to say.
  if (share < 0.1 || distinct < 2) return undefined;
  // Rows of two or three numbers come again in any curve with a period: a large share is worth an info.
  const narrow = width(training) < 4;
  if (narrow && (width(training) < 2 || share < 0.3 || !isContinuous(training, distinct))) return undefined;
  const counts = [...counted(inputKeys(training)).values()];
  // Rows of few values come again by themselves, the usual ones often and the rare ones not: here nearly every one does.
  const twins = counts.reduce((sum, count) => sum + (count > 1 ? count : 0), 0) / training.count;
  if (!isContinuous(training, distinct) && (twins < 0.95 || distinct < 20 || possibleRows(training) < 1e4 * distinct)) return undefined;
  const shares = repeatsByClass(lab);
  // Rows of one rare class given again and again are a balance that was wanted. A stream may begin anew.
  const grave = !narrow && share >= 0.5 && training.total !== undefined && shares.every((each) => each >= 0.4);
  const most = Math.max(...counts);
  return finding({
    rule: 'repeated-samples',
    severity: grave ? 'warning' : 'info',
    message: `${percent(share)} of the ${String(training.count)} training samples looked at repeat another one exactly: ${String(distinct)} different ones, one of them ${String(most)} times`,
    evidence: { samples: training.count, distinct, mostOften: most, byClass: shares },
    remedy: 'Look for a join that multiplies rows, or a buffer that is filled again before it was read. Take duplicates out before you split off validation.',
  });
}

/** Equal inputs with different labels: no model can tell them apart. */
function conflicting(lab: Lab, measured: Record<string, unknown>): Finding | undefined {
  const { training } = lab;
  const target = targetOf(lab, 0);
  if (target?.kind !== 'classes' || target.width !== 1) return undefined;
  const labels = new Map<number, Map<number, number>>();
  inputKeys(training).forEach((key, i) => {
    const own = labels.get(key) ?? new Map<number, number>();
    const label = target.values[i] ?? 0;
    own.set(label, (own.get(label) ?? 0) + 1);
    labels.set(key, own);
  });
  let wrong = 0;
  for (const counts of labels.values()) wrong += [...counts.values()].reduce((sum, each) => sum + each, 0) - Math.max(...counts.values());
  const share = wrong / training.count;
  measured['conflicting'] = share;
  if (share < 0.01) return undefined;
  return finding({
    rule: 'conflicting-labels',
    severity: 'info',
    where: { feature: target.name },
    message: `no model can be right on more than ${percent(1 - share)} of training samples: equal inputs have different labels`,
    evidence: { share, bestAccuracy: 1 - share },
    remedy: 'Where that is too little, add a feature that tells these samples apart, or look at how they were labelled.',
  });
}

/**
 * Whether repeats in training are no excuse for copies in validation: rows of continuous numbers that were multiplied, by
 * oversampling or a join. A curve with a period repeats rows as well, each of them many times or at one distance.
 */
function isMultiplied(sample: Sample): boolean {
  const all = inputKeys(sample);
  const distinct = new Set(all).size;
  if (width(sample) < 2 || distinct < 20 || !isContinuous(sample, distinct)) return false;
  const times = sample.count / distinct;
  // Nobody multiplies a whole table so often; a curve in memory has that many periods and more. Chosen here.
  if (times > 8) return false;
  const last = new Map<number, number>();
  const lags = new Map<number, number>();
  let repeats = 0;
  all.forEach((key, i) => {
    const before = last.get(key);
    last.set(key, i);
    if (before === undefined) return;
    repeats += 1;
    lags.set(i - before, (lags.get(i - before) ?? 0) + 1);
  });
  // In a mixed order no distance has half of the repeats; side by side, at a distance of 1, there is no period.
  const most = [...lags].reduce((best, each) => (each[1] > best[1] ? each : best), [1, 0]);
  return most[0] === 1 || most[1] < 0.5 * repeats;
}

/** Share of validation from which on copies of training samples make its metrics mean little. */
const leaking = 0.1;

function leak(lab: Lab, measured: Record<string, unknown>): Finding | undefined {
  const { training, validation } = lab;
  if (validation === undefined || validation.count < 5 || training.count < 5) return undefined;
  const own = counted(inputKeys(training));
  const hits = inputKeys(validation).filter((key) => own.has(key)).length;
  const share = hits / validation.count;
  let twins = 0;
  for (const count of own.values()) if (count > 1) twins += count;
  // The control: how many training samples have an equal among as many samples.
  const control = twins / training.count;
  const coverage = training.total === undefined ? undefined : Math.min(1, training.count / Math.max(1, training.total));
  measured['leak'] = { share, control, coverage };
  // Seen through a sample of the training, a copy is found as often as its original was taken.
  const estimated = Math.min(1, share / (coverage ?? 1));
  const multiplied = isMultiplied(training);
  const different = new Set(inputKeys(validation));
  const shareOfDifferent = [...different].filter((key) => own.has(key)).length / different.size;
  measured['leak'] = { share, control, coverage, multiplied, shareOfDifferent };
  // Of different rows, so that one row given very often is counted once.
  const beyond = share > 3 * control + 3 / validation.count || (multiplied && shareOfDifferent / (coverage ?? 1) >= leaking);
  if (hits < 5 || estimated < leaking || !beyond) return undefined;
  // Rows of a few values come about again by themselves, and where all there can be are in both there is nothing to split.
  const distinct = new Set(inputKeys(training)).size;
  if (!isContinuous(training, distinct) && ((share < 0.3 && control > 0.005) || possibleRows(training) <= 2 * distinct)) return undefined;
  const identical = share === 1 && training.complete && validation.complete && training.count === validation.count;
  return finding({
    rule: 'train-validation-leak',
    severity: 'warning',
    message: identical
      ? `training and validation are the same ${String(training.count)} samples: validation tells nothing that training does not`
      : `${percent(share)} of the ${String(validation.count)} validation samples looked at stand, inputs equal to the bit, among the ${String(training.count)} training samples looked at${(coverage ?? 1) < 1 ? `, which are ${percent(coverage ?? 1)} of all` : ''}; of training samples ${percent(control)} have an equal among themselves`,
    evidence: { share, hits, control, estimatedShare: estimated, identical },
    remedy: `Take those out of one of the two: split first, after duplicates are gone, and augment or oversample only then. Metrics of validation are too good by what was learnt by heart${estimated > share ? ` (about ${digits(100 * estimated)}% of it)` : ''}.`,
  });
}

function run(lab: Lab): CheckResult {
  const measured: Record<string, unknown> = {};
  const findings = [repeated, conflicting, leak].flatMap((look) => look(lab, measured) ?? []);
  return { findings, measured };
}

export const duplicates: Check = { name: 'duplicates', stage: 'data', summary: 'Few samples are copies of others, and none of validation of those of the training.', run };
