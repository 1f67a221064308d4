import { median } from 'simple-statistics';
import { measurementsBeforeJudging, type Options, type State } from './contract.js';
import { newest } from '../shared/newest.js';
import type { Reading } from './reading.js';

/** Takes a measurement into what is remembered. Norms of 0 (nothing left to learn) and non-finite ones have no logarithm to compare. */
export function remember(before: State, { norm, loss, depth }: Reading, { window, patience }: Options): State {
  const ratios = depth === null ? before.ratios : newest(before.ratios, depth.ratio, patience);
  if (!(norm > 0 && Number.isFinite(norm))) return { ...before, ratios };
  const norms = newest(before.norms, norm, window);
  const losses = newest(before.losses, loss, window);
  const start = before.start ?? (norms.length < measurementsBeforeJudging ? null : { norm: median(norms), loss: medianLoss(losses) });
  return { ...before, norms, losses, start, ratios };
}

/** Median of the finite losses; NaN when there is none. */
export function medianLoss(losses: readonly number[]): number {
  const finite = losses.filter(Number.isFinite);
  return finite.length === 0 ? NaN : median(finite);
}

/** Whether the newest losses are below those at the start of the run: a training that gets on is not stopped by large gradients. */
export const hasImproved = ({ losses, start }: State, { patience }: Options): boolean => start !== null && medianLoss(losses.slice(-patience)) < start.loss;
