import type { Direction } from './metric-direction.js';

/** Why a training was stopped. */
export const stopReasons = ['no-improvement', 'baseline-not-met', 'threshold-reached', 'diverged', 'not-finite'] as const;
export type StoppedFor = (typeof stopReasons)[number];

export interface Rule {
  readonly direction: Direction;
  readonly patience: number;
  readonly minDelta: number | { readonly relative: number };
  readonly baseline: number | undefined;
  readonly cooldown: number;
  readonly stoppingThreshold: number | undefined;
  readonly divergenceThreshold: number | undefined;
  readonly checkFinite: boolean;
}

/** What is remembered from one check to the next. */
export interface Progress {
  /** The best value, or null while no value was better than the worst there is. */
  readonly best: number | null;
  readonly bestEpoch: number | null;
  readonly bestStep: number | null;
  /** Counted checks since the last improvement that also beat the baseline. */
  readonly wait: number;
  /** Checks that will not be counted; null before the first check. */
  readonly cooldownLeft: number | null;
}

export interface Check {
  readonly value: number;
  readonly epoch: number;
  readonly step: number;
  /** The first place at which a check is possible: patience never runs out there, as in Keras. */
  readonly first: boolean;
}

export interface Verdict {
  readonly progress: Progress;
  /** Better than the best so far by more than minDelta. */
  readonly improved: boolean;
  /** Whether a check without improvement counted towards patience. */
  readonly counted: boolean;
  readonly stop: StoppedFor | null;
}

/** Better than the reference by more than minDelta: an equal value is never better. NaN is never better. */
export function isBetter({ direction, minDelta }: Pick<Rule, 'direction' | 'minDelta'>, value: number, reference: number): boolean {
  // A share of an infinite reference would be infinite, and nothing could ever be better than the first best.
  const delta = typeof minDelta === 'number' ? minDelta : Number.isFinite(reference) ? minDelta.relative * Math.abs(reference) : 0;
  return direction === 'min' ? value + delta < reference : value - delta > reference;
}

export const hasMetBaseline = (rule: Rule, best: number | null): boolean => rule.baseline === undefined || (best !== null && isBetter(rule, best, rule.baseline));

/**
 * Judges one value: Keras' on_epoch_end (keras/src/callbacks/early_stopping.py) with a cooldown, and with the
 * thresholds and the check for finite numbers of Lightning's EarlyStopping. Pure.
 *
 * As in Keras, a value that is better than the best but not than the baseline becomes the best, adds to `wait`, and
 * does not stop.
 */
export function judge(rule: Rule, before: Progress, { value, epoch, step, first }: Check): Verdict {
  if (rule.checkFinite && !Number.isFinite(value)) return { progress: before, improved: false, counted: false, stop: 'not-finite' };
  const beyond = (threshold: number | undefined, direction: Direction): boolean =>
    threshold !== undefined && (direction === 'min' ? value < threshold : value > threshold);
  const reached = value === rule.stoppingThreshold || beyond(rule.stoppingThreshold, rule.direction);
  const diverged = beyond(rule.divergenceThreshold, rule.direction === 'min' ? 'max' : 'min');

  const worst = rule.direction === 'min' ? Infinity : -Infinity;
  // The value that ends the training as good enough is the best if it is better at all, or restoring could undo it.
  const improved = isBetter(reached ? { ...rule, minDelta: 0 } : rule, value, before.best ?? worst);
  const restarts = improved && (rule.baseline === undefined || isBetter(rule, value, rule.baseline));
  const left = before.cooldownLeft ?? rule.cooldown;
  const counted = !restarts && left === 0;
  const wait = restarts ? 0 : before.wait + (counted ? 1 : 0);
  const best = improved ? value : before.best;
  const progress: Progress = {
    best,
    bestEpoch: improved ? epoch : before.bestEpoch,
    bestStep: improved ? step : before.bestStep,
    wait,
    cooldownLeft: restarts ? rule.cooldown : Math.max(0, left - 1),
  };
  const outOfPatience = !improved && counted && wait >= rule.patience && !first;
  const stop = reached ? 'threshold-reached' : diverged ? 'diverged' : !outOfPatience ? null : hasMetBaseline(rule, best) ? 'no-improvement' : 'baseline-not-met';
  return { progress, improved, counted, stop };
}
