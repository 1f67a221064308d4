import type { Lab } from '../lab.js';
import { featuresOf, varies } from './features.js';
import { goesIntoEmbedding } from './first-kernel.js';
import { neighboursEach, probesOf } from './predictability.js';

export interface Nominality {
  /** Share of samples whose label is that of most of their neighbours. */
  readonly agreement: number;
  /** The share of the most frequent label. */
  readonly chance: number;
  /** Mean difference to the nearest sample with another label: 1 where labels are steps of one scale. */
  readonly near: number;
  /** Mean difference of two samples with different labels, drawn at random. */
  readonly apart: number;
}

/** Samples that the nearest other label is looked up for, at most. */
const looked = 512;

/** Up to so many values make a feature a category. */
const few = 8;

/**
 * Share of categories among the features that vary. Between them distance says nothing, whatever order their labels have:
 * one-hots and tokens are all as far from each other, and codes are numbered at will.
 */
function categories(lab: Lab): number {
  const { inputs } = lab.training;
  if (inputs.some(({ dtype }, i) => dtype === 'int32' || goesIntoEmbedding(lab, i))) return 1;
  const varying = inputs.flatMap((column) => featuresOf(column).filter(varies).map(({ index }) => ({ column, index })));
  const some = varying.filter(({ column: { values, width }, index }) => {
    const seen = new Set<number>();
    for (let at = index; at < values.length && seen.size <= few; at += width) seen.add(values[at] ?? 0);
    return seen.size <= few;
  });
  return varying.length === 0 ? 1 : some.length / varying.length;
}

/** How whole-number labels lie among the inputs: on a scale the nearest other label is the next one, names are next to any. */
export function nominality(lab: Lab, values: ArrayLike<number>): Nominality | undefined {
  const { training } = probesOf(lab);
  const { points, pairs } = training;
  const n = points.indices.length;
  if (n < 50 || points.dims === 0 || categories(lab) > 0.25) return undefined;
  const labels = Array.from(points.indices, (index) => values[index] ?? 0);
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const all = [...counts];
  let apart = 0;
  let weight = 0;
  for (const [a, countA] of all) {
    for (const [b, countB] of all) {
      if (a === b) continue;
      apart += countA * countB * Math.abs(a - b);
      weight += countA * countB;
    }
  }
  let right = 0;
  for (let i = 0; i < n; i += 1) {
    const votes = new Map<number, number>();
    for (let slot = i * neighboursEach; slot < (i + 1) * neighboursEach; slot += 1) {
      const label = labels[pairs[slot] ?? -1];
      if (label !== undefined) votes.set(label, (votes.get(label) ?? 0) + 1);
    }
    const [winner] = [...votes].reduce((best, each) => (each[1] > best[1] ? each : best), [NaN, 0]);
    if (winner === labels[i]) right += 1;
  }
  let near = 0;
  let found = 0;
  for (let i = 0; i < n; i += Math.max(1, Math.floor(n / looked))) {
    let best = Infinity;
    let other = NaN;
    for (let j = 0; j < n; j += 1) {
      if (labels[j] === labels[i]) continue;
      let distance = 0;
      for (let d = 0; d < points.dims && distance < best; d += 1) distance += ((points.x[i * points.dims + d] ?? 0) - (points.x[j * points.dims + d] ?? 0)) ** 2;
      if (distance >= best) continue;
      best = distance;
      other = labels[j] ?? NaN;
    }
    if (Number.isNaN(other)) continue;
    near += Math.abs(other - (labels[i] ?? 0));
    found += 1;
  }
  if (weight === 0 || found === 0) return undefined;
  return { agreement: right / n, chance: Math.max(...counts.values()) / n, near: near / found, apart: apart / weight };
}

/**
 * Names, and no scale: inputs tell the label well, and beside it lies any other. Both differences are counted from 1, the
 * least that there can be; labels of four values at least, since three have hardly an order to be out of.
 */
export function isNominal({ agreement, chance, near, apart }: Nominality, distinct: number): boolean {
  // On a scale that inputs tell this well, the other label is a neighbour's: 0 to 0.2 (measured in test/diagnosis/preflight/data).
  return distinct >= 4 && agreement - chance > 0.5 * (1 - chance) && near - 1 >= 0.6 * (apart - 1);
}
