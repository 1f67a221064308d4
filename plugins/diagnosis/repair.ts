import { quantile } from 'simple-statistics';
import type { Finding, Watch } from 'trainscope/diagnosis';
import type { Options, Repair, State } from './contract.js';

/** Repairs of one run: a run that three have not helped wants a person. */
const mostRepairs = 3;
/** What goes wrong within so many measurements leaves nothing worth keeping. */
const startMeasurements = 10;
const lowerFor: ReadonlySet<string> = new Set(['learning-rate-too-high', 'loss-rising']);
const clipFor: ReadonlySet<string> = new Set(['exploding-gradients', 'gradient-spike']);

/** What to do about a finding: a lower rate, or clipping at the 0.95 quantile of the norms of the start; null when nothing safe is known. */
export function repairFor(findings: readonly Finding[], { watch, repair }: State, now: { readonly learningRate: number; readonly step: number }): Repair | null {
  if (repair.active !== null || repair.done >= mostRepairs) return null;
  const grave = findings.filter(({ severity }) => severity !== 'info');
  const { recentLosses, nonFiniteLosses, firstGradients } = watch.history;
  const base = { step: now.step, fromStart: watch.history.measurements <= startMeasurements, restoredFrom: null, lossBefore: nonFiniteLosses > 0 ? null : (recentLosses.at(-1) ?? null), losses: [], measurements: 0 };
  const high = grave.find(({ rule }) => rule === 'learning-rate-too-high') ?? grave.find(({ rule }) => lowerFor.has(rule));
  if (high !== undefined && now.learningRate > 0) {
    const suggested = high.evidence['suggestedRate'];
    return { ...base, fromStart: base.fromStart || typeof high.evidence['died'] === 'string', fix: 'lower-learning-rate', rule: high.rule, before: now.learningRate, after: typeof suggested === 'number' && suggested > 0 ? Math.max(suggested, now.learningRate / 1000) : now.learningRate / 10 };
  }
  const large = grave.find(({ rule }) => clipFor.has(rule));
  if (large === undefined || firstGradients.length < 3) return null;
  return { ...base, fix: 'clip-gradients', rule: large.rule, before: repair.clip, after: quantile([...firstGradients], 0.95) };
}

/** The rules begin anew after a repair: what led to it must not be held against what follows. */
export function forget(watch: Watch, rules: ReadonlySet<string> = new Set([...lowerFor, ...clipFor, 'first-non-finite'])): Watch {
  const { history, told } = watch;
  return {
    history: { ...history, recentLosses: [], nonFiniteLosses: 0, largestUpdateRatio: null, recentGradients: [], associations: [], latest: null },
    told: Object.fromEntries(Object.entries(told).filter(([key]) => !rules.has(key.split(' ')[0] ?? ''))),
  };
}

/** Takes in the loss of a measurement: the repair with it, and the verdict when its probation is over. */
export function judge(repair: Repair, loss: number, startLoss: number | undefined, { probation }: Options): { readonly repair: Repair; readonly verdict: 'kept' | 'undone' | null; readonly lossAfter: number | null } {
  const next = { ...repair, measurements: repair.measurements + 1, losses: Number.isFinite(loss) ? [...repair.losses, loss] : repair.losses };
  if (next.measurements < probation) return { repair: next, verdict: null, lossAfter: null };
  const newest = next.losses.slice(-5);
  // More than half of the newest have to be numbers.
  const lossAfter = next.losses.length * 2 <= next.measurements ? null : quantile(newest, 0.5);
  const level = repair.lossBefore ?? startLoss ?? Infinity;
  return { repair: next, verdict: lossAfter !== null && lossAfter < level ? 'kept' : 'undone', lossAfter };
}
