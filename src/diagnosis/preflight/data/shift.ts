import { digits, finding, percent, type Finding } from '../../finding.js';
import type { Check, CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import type { Column } from '../sample.js';
import { featureName, featuresOf, middleOf, rangeOf, someNames, sortedValues, varies } from './features.js';
import { goesIntoEmbedding } from './first-kernel.js';
import { nearest } from './neighbours.js';
import { nullOf, probesOf, upperTail } from './predictability.js';
import type { Points } from './representation.js';
import { kolmogorovSmirnov } from './kolmogorov-smirnov.js';
import { labelScale, swappedLabels } from './label-shift.js';
import { classCounts, targetOf } from './targets.js';

/** Distance of distributions that changes what a model sees: 0.3 is a normal distribution moved by 0.77 deviations. */
const far = 0.3;
/** All features together; one in a million set-ups without a shift. */
const chance = 1e-6;
const mostFeatures = 128;

interface Moved {
  readonly name: string;
  readonly distance: number;
  readonly p: number;
  /** In the training's deviations. */
  readonly moved: number;
  /** In training and in validation. */
  readonly means: readonly [number, number];
}

function movedFeatures(lab: Lab, column: Column, held: Column): { readonly moved: readonly Moved[]; readonly compared: number } {
  const own = featuresOf(column);
  const theirs = featuresOf(held);
  const kept = own.filter((each, i) => varies(each) || (theirs[i] !== undefined && varies(theirs[i])));
  const step = Math.max(1, Math.ceil(kept.length / mostFeatures));
  const compared = kept.filter((_, i) => i % step === 0);
  // 512 rows each still tell a distance of 0.3 at 2e-20.
  const rows = compared.length > 32 ? 512 : 1024;
  const moved = compared.map(({ index, mean, std }): Moved => {
    const there = theirs[index];
    const { distance, p } = kolmogorovSmirnov(sortedValues(column, index, rows), sortedValues(held, index, rows));
    return { name: featureName(lab, column, index), distance, p: Math.min(1, p * compared.length), moved: ((there?.mean ?? 0) - mean) / Math.max(std, 1e-30), means: [mean, there?.mean ?? NaN] };
  });
  return { moved, compared: compared.length };
}

/**
 * How many times the whole input is larger in validation: the ratio of root mean squares over all features, as one
 * factor was left out or applied twice. From 3 on no split does that.
 */
function factorOf(column: Column, held: Column): { readonly factor: number; readonly steady: boolean } {
  const own = featuresOf(column);
  const theirs = featuresOf(held);
  const both = own.flatMap((each, i) => {
    const there = theirs[i];
    return there !== undefined && varies(each) && varies(there) ? [{ a: each, b: there }] : [];
  });
  const square = (which: 'a' | 'b'): number => both.reduce((sum, each) => sum + each[which].rms ** 2, 0);
  const ratios = both.map(({ a, b }) => Math.log(b.std / a.std));
  const middle = middleOf(ratios);
  // Deviations of rarely used features vary much between samples: the middle half of ratios is what must agree.
  const steady = middleOf(ratios, 0.75) - middleOf(ratios, 0.25) < 1;
  return { factor: both.length === 0 ? 1 : Math.sqrt(square('b') / Math.max(1e-300, square('a'))), steady: steady && Math.abs(middle) > Math.log(2) };
}

/** Whether samples that follow each other are alike: a validation split off by time differs as times do. */
export function isOrdered(lab: Lab): boolean {
  const { points } = probesOf(lab).training;
  const { x, dims, indices } = points;
  if (dims === 0 || indices.length < 20) return false;
  const distance = (a: number, b: number): number => {
    let sum = 0;
    for (let d = 0; d < dims; d += 1) sum += ((x[a * dims + d] ?? 0) - (x[b * dims + d] ?? 0)) ** 2;
    return sum;
  };
  const random = lab.random('data/ordered');
  const mean = (other: (i: number) => number): number => {
    let sum = 0;
    for (let i = 0; i + 1 < indices.length; i += 1) sum += distance(i, other(i));
    return sum;
  };
  const null_ = nullOf(Array.from({ length: 20 }, () => mean(() => random.int(indices.length))));
  return mean((i) => i + 1) < null_.mean - Math.max(4 * null_.deviation, 0.05 * null_.mean);
}

/** Balanced accuracy of telling validation from training by the neighbours of each sample, beside the two mixed at random. */
function toldApart(lab: Lab): { readonly accuracy: number; readonly p: number } | undefined {
  const across = probesOf(lab).across;
  if (across === undefined) return undefined;
  const size = Math.min(across.of.indices.length, across.among.indices.length, 256);
  if (size < 20 || across.of.dims === 0) return undefined;
  const { dims } = across.of;
  const joined = new Float32Array(2 * size * dims);
  for (const [part, points] of [across.among, across.of].entries()) {
    // Spread over all, as both are in order.
    for (let i = 0; i < size; i += 1) {
      const from = Math.floor((i * points.indices.length) / size) * dims;
      joined.set(points.x.subarray(from, from + dims), (part * size + i) * dims);
    }
  }
  const all: Points = { indices: Int32Array.from({ length: 2 * size }, (_, i) => i), x: joined, dims };
  const k = 5;
  const pairs = nearest(all, all, k, true);
  let right = 0;
  for (let i = 0; i < 2 * size; i += 1) {
    let same = 0;
    for (let slot = i * k; slot < (i + 1) * k; slot += 1) if ((pairs[slot] ?? 0) >= size === i >= size) same += 1;
    if (2 * same > k) right += 1;
  }
  const accuracy = right / (2 * size);
  // Half the samples count, as neighbours are each other's neighbours.
  return { accuracy, p: upperTail((accuracy - 0.5) / Math.sqrt(0.25 / size)) };
}

function labelShift(lab: Lab, measured: Record<string, unknown>): Finding[] {
  return lab.training.labels.flatMap((_, output): Finding[] => {
    const own = targetOf(lab, output);
    const held = lab.validation === undefined ? undefined : targetOf(lab, output, lab.validation);
    if (own?.kind !== 'classes' || held?.kind !== 'classes' || own.width !== held.width || own.width !== 1) return [];
    const classes = Math.max(own.classes, held.classes);
    const a = Array.from({ length: classes }, (__, c) => classCounts(own)[c] ?? 0);
    const b = Array.from({ length: classes }, (__, c) => classCounts(held)[c] ?? 0);
    const sumA = a.reduce((sum, each) => sum + each, 0);
    const sumB = b.reduce((sum, each) => sum + each, 0);
    const variation = 0.5 * a.reduce((sum, each, c) => sum + Math.abs(each / sumA - (b[c] ?? 0) / sumB), 0);
    let chiSquare = 0;
    let freedom = -1;
    a.forEach((each, c) => {
      const all = each + (b[c] ?? 0);
      if (all === 0) return;
      freedom += 1;
      const expected = (all * sumA) / (sumA + sumB);
      chiSquare += (each - expected) ** 2 / expected + ((b[c] ?? 0) - (all - expected)) ** 2 / (all - expected);
    });
    // Wilson and Hilferty 1931: the cube root of chi-square over its freedom is nearly normal.
    const z = freedom < 1 ? 0 : (Math.cbrt(chiSquare / freedom) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom));
    const p = upperTail(z);
    measured[`${own.name}/classes`] = { variation, p };
    if (!(variation > 0.25 && p < chance)) return [];
    const present = a.filter((each) => each > 0);
    // Classes made equal in training, by weights of sampling, while validation is as nature gives it.
    const balanced = Math.max(...present) < 1.3 * Math.min(...present) && b.every((each, c) => each === 0 || (a[c] ?? 0) > 0);
    const rows = a.map((each, c) => ({ class: c, training: each / sumA, validation: (b[c] ?? 0) / sumB })).toSorted((x, y) => Math.abs(y.training - y.validation) - Math.abs(x.training - x.validation));
    const [first] = rows;
    return [
      finding({
        rule: 'distribution-shift',
        severity: balanced ? 'info' : 'warning',
        where: { feature: own.name },
        message: `classes of validation are others than those of the training: ${percent(variation)} of it would have to change class${first === undefined ? '' : `; class ${String(first.class)} is ${percent(first.training)} of training and ${percent(first.validation)} of validation`}`,
        evidence: { totalVariation: variation, p, classes: rows.slice(0, 10) },
        remedy: 'Shuffle before you split, or split class by class: a source that is sorted by class gives its last classes to validation.',
      }),
    ];
  });
}

function inputShift(lab: Lab, measured: Record<string, unknown>): Finding[] {
  const { training, validation } = lab;
  if (validation === undefined || validation.count < 20 || training.count < 20) return [];
  const findings: Finding[] = [];
  const ordered = isOrdered(lab);
  for (const [index, column] of training.inputs.entries()) {
    const held = validation.inputs[index];
    if (held === undefined || column.dtype === 'int32' || goesIntoEmbedding(lab, index) || held.width !== column.width) continue;
    const { factor, steady } = factorOf(column, held);
    const { moved, compared } = movedFeatures(lab, column, held);
    const gone = moved.filter(({ distance, p, moved: by }) => p < chance && (distance > far || Math.abs(by) > 1)).toSorted((a, b) => b.distance - a.distance);
    measured[column.name] = { factor, compared, moved: gone.length, largest: moved.reduce((most, { distance }) => Math.max(most, distance), 0), ordered };
    const worst = gone[0];
    if ((factor > 3 || factor < 1 / 3) && steady && gone.length >= 0.2 * compared && worst !== undefined) {
      const larger = factor > 1 ? `${digits(factor)} times as large as` : `${digits(1 / factor)} times smaller than`;
      findings.push(
        finding({
          rule: 'validation-scaled-differently',
          severity: 'warning',
          where: { feature: column.name },
          message: `validation inputs are ${larger} those of the training`,
          evidence: { factor, features: gone.length, of: compared, ranges: [column, held].map((each) => rangeOf(featuresOf(each))) },
          remedy: `Scale both in the same way: ${factor > 1 ? `divide validation by ${digits(factor)}` : `multiply validation by ${digits(1 / factor)}`}, or leave out the scaling of the training's. Use one function for both.`,
        }),
      );
      continue;
    }
    if (worst === undefined) continue;
    // A feature that counts on (an id, a year) parts any split by time. Most features of the input must have moved far.
    const wide = gone.length >= 0.5 * compared || Math.abs(worst.moved) > 3;
    findings.push(
      finding({
        rule: 'distribution-shift',
        severity: wide && !ordered ? 'warning' : 'info',
        where: { feature: worst.name },
        message: `in validation ${String(gone.length)} of ${String(compared)} features are distributed otherwise than in training: ${someNames(gone.map(({ name }) => name))}; the mean of ${worst.name} is ${digits(worst.means[0])} there and ${digits(worst.means[1])} here (Kolmogorov-Smirnov ${digits(worst.distance)})`,
        evidence: { features: gone.slice(0, 10), compared, ordered },
        remedy: ordered ? 'Samples follow each other in the source, and validation comes from another stretch: expect its metrics to differ, or take it from all over the source.' : 'Shuffle before you split, and prepare both with one function: the same means, deviations and order of columns.',
      }),
    );
  }
  if (findings.length > 0) return findings;
  const apart = toldApart(lab);
  if (apart === undefined) return [];
  measured['toldApart'] = apart;
  if (!(apart.accuracy > 0.75 && apart.p < chance)) return [];
  return [
    finding({
      rule: 'distribution-shift',
      severity: ordered ? 'info' : 'warning',
      message: `neighbours tell validation from training samples with an accuracy of ${percent(apart.accuracy)}, where 50% is chance: inputs are put together otherwise, though each feature alone is not`,
      evidence: { accuracy: apart.accuracy, p: apart.p, ordered },
      remedy: 'Prepare both with one function: the same order of columns, and the same augmentation or none. Shuffle before you split.',
    }),
  ];
}

function run(lab: Lab): CheckResult {
  if (lab.validation === undefined) return { findings: [], cannotTell: 'there is no validation' };
  const measured: Record<string, unknown> = {};
  const moved = inputShift(lab, measured);
  // Where a source is in order and inputs have moved too, another stretch of it explains labels.
  const explained = moved.length > 0 && isOrdered(lab);
  return { findings: [...moved, ...labelShift(lab, measured), ...labelScale(lab, explained, measured), ...swappedLabels(lab, measured)], measured };
}

export const sameDistribution: Check = { name: 'same-distribution', stage: 'data', summary: 'Validation looks like training: scale, features, classes.', run };
