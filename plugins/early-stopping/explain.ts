import type { Progress, Rule, StoppedFor } from './verdict.js';

const digits = (value: number | null | undefined): string => String(Number((value ?? NaN).toPrecision(6)));

/** Why the training stops, as a sentence with its numbers. */
export function explain(reason: StoppedFor, monitor: string, rule: Rule, value: number, { best, bestEpoch, wait }: Progress): string {
  const found = `${monitor} ${digits(value)}`;
  const waited = `in ${wait} checks (patience ${rule.patience})`;
  switch (reason) {
    case 'not-finite':
      return `${monitor} is ${value}`;
    case 'threshold-reached':
      return `${found} has reached the stopping threshold ${digits(rule.stoppingThreshold)}`;
    case 'diverged':
      return `${found} is worse than the divergence threshold ${digits(rule.divergenceThreshold)}`;
    case 'no-improvement':
      return best === null ? `${found} was never better than infinity ${waited}` : `${found} has not improved on ${digits(best)} of epoch ${bestEpoch ?? 0} ${waited}`;
    case 'baseline-not-met':
      return `${found}, at best ${digits(best)}, has not beaten the baseline ${digits(rule.baseline)} ${waited}`;
  }
}
