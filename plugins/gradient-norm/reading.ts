import type { GradientStatistics, WeightInfo } from 'trainscope/plugin';
import { isKernel } from '../shared/weight-facts.js';

/** The gradients of the first and the last kernel. */
export interface Depth {
  readonly first: WeightInfo;
  readonly last: WeightInfo;
  readonly firstNorm: number;
  readonly lastNorm: number;
  /** firstNorm / lastNorm; 0 when both are 0 while other weights have a gradient: none gets through at all. */
  readonly ratio: number;
}

/** One measurement as the rules see it. */
export interface Reading extends GradientStatistics {
  readonly step: number;
  /** Loss of the step; NaN when it is not known. */
  readonly loss: number;
  readonly weights: readonly (GradientStatistics & { readonly info: WeightInfo })[];
  readonly depth: Depth | null;
}

/** Gathers the statistics of all gradients, in the model's order. */
export function readGradients(statistics: ReadonlyMap<string, GradientStatistics>, infos: readonly WeightInfo[], now: { readonly step: number; readonly loss: number }): Reading {
  const weights: (GradientStatistics & { readonly info: WeightInfo })[] = [];
  let [entries, squares, largest, allZeros, allNonFinite] = [0, 0, 0, 0, 0];
  for (const info of infos) {
    const each = statistics.get(info.name);
    if (each === undefined) continue;
    const { norm, maxAbs, zeros, nonFinite } = each;
    weights.push({ norm, maxAbs, zeros, nonFinite, info });
    entries += info.size;
    squares += norm * norm;
    // Math.max is NaN when one of its arguments is.
    largest = Math.max(largest, maxAbs);
    allZeros += zeros * info.size;
    allNonFinite += nonFinite * info.size;
  }
  const norm = Math.sqrt(squares);
  const count = Math.max(1, entries);
  return { ...now, norm, maxAbs: largest, zeros: allZeros / count, nonFinite: allNonFinite / count, weights, depth: depthOf(weights, norm) };
}

function depthOf(weights: Reading['weights'], globalNorm: number): Depth | null {
  const first = weights.find(({ info }) => isKernel(info));
  const last = weights.findLast(({ info }) => isKernel(info));
  if (first === undefined || last === undefined || first === last) return null;
  const ratio = first.norm === 0 && last.norm === 0 && globalNorm > 0 ? 0 : first.norm / last.norm;
  return Number.isFinite(ratio) ? { first: first.info, last: last.info, firstNorm: first.norm, lastNorm: last.norm, ratio } : null;
}
