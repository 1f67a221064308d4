import { digits, finding, type Finding } from '../../finding.js';
import type { Lab } from '../lab.js';
import type { Column, Sample } from '../sample.js';
import { featuresOf, sortedValues, varies } from './features.js';
import { kolmogorovSmirnov } from './kolmogorov-smirnov.js';
import { probesOf } from './predictability.js';
import { targetOf } from './targets.js';

/** Ratio of spreads, and distance of means in the training's deviations, that no split of one source has. Chosen here. */
const factor = 10;
const fewest = 20;

interface Labels {
  readonly name: string;
  readonly output: number;
  readonly own: Column;
  readonly held: Column;
  /** Place within a row of labels. */
  readonly index: number;
}

/** All single numbers that labels hold, in both samples. */
function numbersOf(lab: Lab, validation: Sample, most: number): readonly Labels[] {
  return lab.training.labels.flatMap((own, output): Labels[] => {
    const held = validation.labels[output];
    const isNumbers = targetOf(lab, output)?.kind === 'numbers' && lab.loss.outputs[output]?.custom !== true;
    if (held === undefined || held.width !== own.width || !isNumbers) return [];
    return Array.from({ length: Math.min(most, own.width) }, (_, index) => ({ name: own.width === 1 ? own.name : `${own.name} ${String(index)}`, output, own, held, index }));
  });
}

/** Labels of validation in another unit than those of the training. `explained`: another stretch of an ordered source is the reason. */
export function labelScale(lab: Lab, explained: boolean, measured: Record<string, unknown>): Finding[] {
  const { training, validation } = lab;
  if (validation === undefined || training.count < fewest || validation.count < fewest) return [];
  const found = numbersOf(lab, validation, 64).flatMap((labels) => {
    const a = featuresOf(labels.own)[labels.index];
    const b = featuresOf(labels.held)[labels.index];
    if (a === undefined || b === undefined || !varies(a) || !varies(b)) return [];
    const ratio = b.std / a.std;
    const moved = (b.mean - a.mean) / a.std;
    measured[`${labels.name}/labels`] = { ratio, moved };
    if (ratio < factor && ratio > 1 / factor && Math.abs(moved) < factor) return [];
    // A few labels far out make a deviation: the bulk must have moved as well.
    const { distance, p } = kolmogorovSmirnov(sortedValues(labels.own, labels.index), sortedValues(labels.held, labels.index));
    return distance > 0.3 && p < 1e-6 ? [{ ...labels, a, b, ratio, moved, distance }] : [];
  });
  const [first] = found.toSorted((x, y) => Math.abs(Math.log(y.ratio)) - Math.abs(Math.log(x.ratio)));
  if (first === undefined) return [];
  const { a, b, ratio, moved, name } = first;
  return [
    finding({
      rule: 'validation-scaled-differently',
      severity: explained ? 'info' : 'warning',
      where: { feature: name },
      message: `validation labels are on another scale than those of the training: mean ${digits(b.mean)} and deviation ${digits(b.std)} there, ${digits(a.mean)} and ${digits(a.std)} here`,
      evidence: { ratio, moved, labels: found.map((each) => ({ name: each.name, ratio: each.ratio, moved: each.moved })).slice(0, 10) },
      remedy: `Prepare labels of both with one function. Where the training's were standardised, use the same mean and deviation for validation: as they are, (y - ${digits(b.mean)}) / ${digits(b.std)} would bring these near mean 0 and deviation 1.`,
    }),
  ];
}

const correlation = (a: Float64Array, b: Float64Array): number => {
  const mean = (of: Float64Array): number => of.reduce((sum, each) => sum + each, 0) / of.length;
  const [middleA, middleB] = [mean(a), mean(b)];
  let [xx, yy, xy] = [0, 0, 0];
  a.forEach((each, i) => {
    const x = each - middleA;
    const y = (b[i] ?? 0) - middleB;
    xx += x * x;
    yy += y * y;
    xy += x * y;
  });
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
};

/**
 * Two labels that changed places in validation. What the training's inputs say of one label, along the direction in which
 * they go with it (the first component of partial least squares: Wold 1975), tells the other one there, and not its own.
 */
export function swappedLabels(lab: Lab, measured: Record<string, unknown>): Finding[] {
  const { validation } = lab;
  const { across } = probesOf(lab);
  if (validation === undefined || across === undefined || across.of.dims === 0 || across.of.indices.length < fewest || across.among.indices.length < fewest) return [];
  const labels = numbersOf(lab, validation, 16).slice(0, 16);
  if (labels.length < 2) return [];
  const { of, among } = across;
  const taken = (column: Column, index: number, rows: Int32Array): Float64Array => Float64Array.from(rows, (row) => column.values[row * column.width + index] ?? 0);
  const feature = (points: typeof of, d: number): Float64Array => Float64Array.from({ length: points.indices.length }, (_, i) => points.x[i * points.dims + d] ?? 0);
  const features = Array.from({ length: of.dims }, (_, d) => ({ own: feature(among, d), held: feature(of, d) }));
  const told = labels.map(({ own, index }) => {
    const label = taken(own, index, among.indices);
    const sum = new Float64Array(of.indices.length);
    for (const each of features) {
      const weight = correlation(each.own, label);
      each.held.forEach((value, i) => (sum[i] = (sum[i] ?? 0) + weight * value));
    }
    return sum;
  });
  const there = labels.map(({ held, index }) => taken(held, index, of.indices));
  const fits = there.map((label) => told.map((line) => correlation(line, label)));
  const z = (to: number, from: number): number => (Math.atanh(Math.min(0.9999, to)) - Math.atanh(Math.max(0, Math.min(0.9999, from)))) * Math.sqrt((of.indices.length - 3) / 2);
  measured['label columns/fits'] = fits.slice(0, 8).map((row) => row.slice(0, 8));
  for (const [i, a] of labels.entries()) {
    for (const [j, b] of labels.entries()) {
      if (j <= i) continue;
      const at = (label: number, line: number): number => fits[label]?.[line] ?? 0;
      // Fisher's z of both at once: 4 deviations each, by chance in one of a billion set-ups.
      const swapped = at(i, j) > 0.3 && at(j, i) > 0.3 && z(at(i, j), at(i, i)) > 4 && z(at(j, i), at(j, j)) > 4;
      if (!swapped) continue;
      return [
        finding({
          rule: 'distribution-shift',
          severity: 'warning',
          where: { feature: a.name },
          message: `labels "${a.name}" and "${b.name}" have changed places in validation: what tells ${b.name} in training goes with ${a.name} there (correlation ${digits(at(i, j))}, ${digits(at(i, i))} with its own), and the other way round (${digits(at(j, i))} and ${digits(at(j, j))})`,
          evidence: { swapped: [a.name, b.name], fits: [at(i, j), at(i, i), at(j, i), at(j, j)] },
          remedy: `Give labels of validation in the order of the training's: ${labels.map(({ name }) => name).join(', ')}. Give both by name where there are several outputs.`,
        }),
      ];
    }
  }
  return [];
}
