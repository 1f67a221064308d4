import { digits, finding, percent, type Finding } from '../../finding.js';
import type { Check, CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import type { Column, Sample } from '../sample.js';
import { inputKeys } from './duplicates.js';
import { featureName, featuresOf, middleOf, rangeOf, someNames, sortedValues, varies } from './features.js';
import { firstKernel, goesIntoEmbedding } from './first-kernel.js';

/** Features compared pair by pair, at most: 64 x 63 / 2 pairs. */
const mostCompared = 64;

/** Pearson's correlation of features a and b over at most 2048 rows, those with finite values. */
function correlation({ values, width }: Column, a: number, b: number, features: readonly { readonly mean: number; readonly std: number }[]): number {
  const count = values.length / width;
  const step = Math.max(1, Math.floor(count / 2048));
  let sum = 0;
  let used = 0;
  for (let i = 0; i < count; i += step) {
    const product = ((values[i * width + a] ?? 0) - (features[a]?.mean ?? 0)) * ((values[i * width + b] ?? 0) - (features[b]?.mean ?? 0));
    if (!Number.isFinite(product)) continue;
    sum += product;
    used += 1;
  }
  return sum / used / ((features[a]?.std ?? 1) * (features[b]?.std ?? 1));
}

function notFinite(lab: Lab, column: Column, isValidation = false): Finding | undefined {
  const broken = featuresOf(column).filter(({ finite }) => !finite);
  if (broken.length === 0) return undefined;
  const names = broken.map(({ index }) => featureName(lab, column, index));
  return finding({
    rule: 'inputs-not-finite',
    severity: 'error',
    where: { feature: names[0] ?? column.name },
    message: `${String(broken.length)} of ${String(column.width)} features of "${column.name}"${isValidation ? ' in validation' : ''} hold NaN or an infinity: ${someNames(names)}`,
    evidence: { features: names.slice(0, 10), in: isValidation ? 'validation' : 'training' },
    remedy: `Leave such samples out, or put the training median in their place: ${isValidation ? 'one NaN makes the loss of validation NaN, and whatever goes by it, as early stopping' : 'one NaN makes every weight NaN'}.`,
  });
}

function allSame(sample: Sample): Finding | undefined {
  if (sample.count < 2 || sample.inputs.length === 0) return undefined;
  // One token a sample, or one number, may well be the same for a stretch of a stream.
  const total = sample.inputs.reduce((sum, { width }) => sum + width, 0);
  if (total === 0 || sample.inputs.some((column) => featuresOf(column).some(({ max, min }) => max > min))) return undefined;
  return finding({
    rule: 'inputs-all-same',
    severity: 'error',
    message: `all ${String(sample.count)} training samples looked at have the same inputs: the model can learn one answer for all`,
    evidence: { samples: sample.count, values: sample.inputs.map(({ values }) => [...values.subarray(0, 5)]) },
    remedy: 'Look at what reads the inputs: it gives one row again and again, or zeros that were never filled in.',
  });
}

/** Values that lie thousands of deviations away and make up nearly all of a feature's variance. */
function outliers(lab: Lab, column: Column): Finding | undefined {
  const features = featuresOf(column).filter(varies);
  const { values, width } = column;
  const count = values.length / width;
  const found: { readonly name: string; readonly value: number; readonly median: number; readonly deviations: number; readonly share: number; readonly count: number }[] = [];
  for (const { index, mean, std, min, max } of features) {
    // Cheap first: a value cannot be that far out in a feature whose range is a few deviations.
    if (max - min < 4 * std) continue;
    const sorted = sortedValues(column, index);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    const robust = ((sorted[Math.floor(0.75 * (sorted.length - 1))] ?? 0) - (sorted[Math.floor(0.25 * (sorted.length - 1))] ?? 0)) / 1.349;
    if (!(robust > 0)) continue;
    const extreme = Math.abs(max - median) > Math.abs(min - median) ? max : min;
    let outside = 0;
    let many = 0;
    for (let i = 0; i < count; i += 1) {
      const value = values[i * width + index] ?? 0;
      if (Math.abs(value - median) <= 100 * robust) continue;
      outside += (value - median) ** 2;
      many += 1;
    }
    const deviations = Math.abs(extreme - median) / robust;
    if (deviations > 20) found.push({ name: featureName(lab, column, index), value: extreme, median, deviations, share: outside / (count * (std * std + (mean - median) ** 2)), count: many });
  }
  const worst = found.toSorted((a, b) => b.deviations - a.deviations);
  const [first] = worst;
  if (first === undefined) return undefined;
  // A heavy tail has many large values; a slip (a missing value written as 999999, a wrong unit) is few and is all of the variance.
  const slip = first.deviations > 1000 && first.share > 0.99 && first.count <= Math.max(1, 0.05 * count) && column.dtype === 'float32';
  return finding({
    rule: 'outliers',
    severity: slip ? 'warning' : 'info',
    where: { feature: first.name },
    message: `${first.name} has a value of ${digits(first.value)}, ${digits(first.deviations)} deviations of its bulk from its median ${digits(first.median)}${slip ? `; ${String(first.count)} such value${first.count === 1 ? '' : 's'} make up ${percent(first.share)} of its variance` : ''}`,
    evidence: { features: worst.slice(0, 5), count: worst.length },
    remedy: 'Look at those samples. Where they are slips, such as a number that stands for a missing value, leave them out or put the median there; where they are real, clip the feature or take its logarithm.',
  });
}

function aboutFeatures(lab: Lab, column: Column, isTokens: boolean, isScaled: boolean): Finding[] {
  const features = featuresOf(column);
  const findings: Finding[] = [];
  const names = (indices: readonly number[]): string[] => indices.map((index) => featureName(lab, column, index));
  const info = (rule: string, indices: readonly number[], message: string, remedy: string, evidence: object = {}): void => {
    findings.push(finding({ rule, severity: 'info', where: { feature: names(indices)[0] ?? column.name }, message, evidence: { count: indices.length, features: names(indices).slice(0, 10), ...evidence }, remedy }));
  };
  const constant = features.filter((each) => !varies(each)).map(({ index }) => index);
  if (constant.length > 0 && constant.length < features.length && !isTokens) {
    info('constant-features', constant, `${String(constant.length)} of ${String(features.length)} features of "${column.name}" are the same in every sample: ${someNames(names(constant))}`, 'They tell nothing. Leave them out, unless they vary in samples to come.');
  }
  if (isTokens || column.shape.length !== 2) return findings;
  const varying = features.filter(varies).slice(0, mostCompared);
  const equal: number[] = [];
  const close: { readonly a: string; readonly b: string; readonly correlation: number }[] = [];
  const closeIndices: number[] = [];
  if (features.length <= 512 && column.values.length / column.width >= 20) {
    varying.forEach(({ index: a }, i) => {
      for (const { index: b } of varying.slice(i + 1)) {
        const r = correlation(column, a, b, features);
        if (Math.abs(r) > 1 - 1e-6) equal.push(b);
        else if (Math.abs(r) > 0.99) {
          closeIndices.push(b);
          close.push({ a: featureName(lab, column, a), b: featureName(lab, column, b), correlation: r });
        }
      }
    });
  }
  const copies = [...new Set(equal)];
  if (copies.length > 0) info('duplicate-features', copies, `${String(copies.length)} features are linear copies of others: ${someNames(names(copies))}`, 'Leave one of each pair out.');
  if (close.length > 0) info('correlated-features', [...new Set(closeIndices)], `${String(close.length)} pairs of features have a correlation beyond 0.99`, 'Keep one of each pair, or their difference: together they make descent slow.', { pairs: close.slice(0, 5) });
  if (!isScaled) {
    const codes = varying.filter(({ index, min, max }) => {
      if (min < 0 || max < 3 || max > 200) return false;
      const sorted = sortedValues(column, index);
      const distinct = new Set(sorted);
      return sorted.length >= 50 && sorted.every((value) => Number.isInteger(value)) && distinct.size === max - min + 1 && distinct.size >= 4 && distinct.size <= 50 && distinct.size < sorted.length / 10;
    });
    if (codes.length > 0 && codes.length < varying.length) {
      const indices = codes.map(({ index }) => index);
      info('categories-as-numbers', indices, `${String(codes.length)} features hold whole numbers without gaps, as numbered categories do: ${someNames(names(indices))}`, 'Where they are categories without an order, one-hot them or give them an embedding.');
    }
  }
  return findings;
}

function run(lab: Lab): CheckResult {
  const { training } = lab;
  const findings: Finding[] = [];
  const same = allSame(training);
  if (same !== undefined) findings.push(same);
  const measured: Record<string, unknown> = { samples: training.count, distinct: new Set(inputKeys(training)).size };
  for (const [index, column] of training.inputs.entries()) {
    const isTokens = column.dtype === 'int32' || goesIntoEmbedding(lab, index);
    const broken = notFinite(lab, column);
    const held = lab.validation?.inputs[index];
    const brokenThere = broken === undefined && held !== undefined ? notFinite(lab, held, true) : undefined;
    for (const each of [broken, brokenThere]) if (each !== undefined) findings.push(each);
    const far = isTokens || training.count < 20 ? undefined : outliers(lab, column);
    if (far !== undefined) findings.push(far);
    if (same === undefined) findings.push(...aboutFeatures(lab, column, isTokens, firstKernel(lab, index)?.normalised === true));
    const features = featuresOf(column);
    measured[column.name] = { features: features.length, varying: features.filter(varies).length, ...rangeOf(features), std: middleOf(features.filter(varies).map(({ std }) => std)) };
  }
  return { findings, measured };
}

export const inputFeatures: Check = { name: 'input-features', stage: 'data', summary: 'Inputs vary, are finite, and hold no slips.', run };
