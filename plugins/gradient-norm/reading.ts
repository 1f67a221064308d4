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
  const weights = infos.flatMap((info) => {
    const each = statistics.get(info.name);
    return each === undefined ? [] : [{ ...each, info }];
  });
  const entries = weights.reduce((sum, { info }) => sum + info.size, 0);
  const share = (of: 'zeros' | 'nonFinite'): number => weights.reduce((sum, each) => sum + each[of] * each.info.size, 0) / Math.max(1, entries);
  const norm = Math.sqrt(weights.reduce((sum, each) => sum + each.norm ** 2, 0));
  return {
    ...now,
    norm,
    // Math.max is NaN when one of its arguments is.
    maxAbs: Math.max(0, ...weights.map(({ maxAbs }) => maxAbs)),
    zeros: share('zeros'),
    nonFinite: share('nonFinite'),
    weights,
    depth: depthOf(weights, norm),
  };
}

function depthOf(weights: Reading['weights'], globalNorm: number): Depth | null {
  const kernels = weights.filter(({ info }) => isKernel(info));
  const [first] = kernels;
  const last = kernels.at(-1);
  if (first === undefined || last === undefined || first === last) return null;
  const ratio = first.norm === 0 && last.norm === 0 && globalNorm > 0 ? 0 : first.norm / last.norm;
  return Number.isFinite(ratio) ? { first: first.info, last: last.info, firstNorm: first.norm, lastNorm: last.norm, ratio } : null;
}
