/**
 * PyTorch's schedulers as they run: each update makes the learning rate of step t from that of step t - 1, in double precision.
 * Written from the definitions in torch/optim/lr_scheduler.py (get_lr), not from the closed forms, so that the schedules have
 * something to differ from.
 */
import { expect } from 'vitest';
import type { Schedule } from '../../src/schedules/index.js';

/** `rate` is the learning rate before the update (at t = 0 what the optimizer was given), `base` the optimizer's first. */
export type Update = (t: number, rate: number, base: number) => number;

/** The learning rates at 0, 1, ..., count - 1. */
export function torchRates(update: Update, base: number, count: number): number[] {
  const rates: number[] = [];
  for (let t = 0; t < count; t++) rates.push(update(t, rates[t - 1] ?? base, base));
  return rates;
}

export const stepLR =
  (stepSize: number, gamma: number): Update =>
  (t, rate) =>
    t > 0 && t % stepSize === 0 ? rate * gamma : rate;

export const multiStepLR =
  (milestones: readonly number[], gamma: number): Update =>
  (t, rate) =>
    milestones.includes(t) ? rate * gamma : rate;

export const constantLR =
  (factor: number, totalIters: number): Update =>
  (t, rate) => {
    if (t === 0) return rate * factor;
    return t === totalIters ? rate / factor : rate;
  };

export const linearLR =
  (start: number, end: number, totalIters: number): Update =>
  (t, rate) => {
    if (t === 0) return rate * start;
    if (t > totalIters) return rate;
    return rate * (1 + (end - start) / (totalIters * start + (t - 1) * (end - start)));
  };

export const exponentialLR =
  (gamma: number): Update =>
  (t, rate) =>
    t === 0 ? rate : rate * gamma;

export const polynomialLR =
  (totalIters: number, power: number): Update =>
  (t, rate) => {
    if (t === 0 || t > totalIters) return rate;
    return rate * ((1 - t / totalIters) / (1 - (t - 1) / totalIters)) ** power;
  };

export const cosineAnnealingLR =
  (tMax: number, etaMin: number): Update =>
  (t, rate, base) => {
    if (t === 0) return rate;
    // The step after a bottom, where the ratio below would divide by zero.
    if ((t - 1 - tMax) % (2 * tMax) === 0) return rate + ((base - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2;
    return ((1 + Math.cos((Math.PI * t) / tMax)) / (1 + Math.cos((Math.PI * (t - 1)) / tMax))) * (rate - etaMin) + etaMin;
  };

/** Remembers where it is between two restarts, as PyTorch's does: make a new one for each run. */
export const cosineAnnealingWarmRestarts = (t0: number, tMult: number, etaMin: number): Update => {
  let since = -1;
  let stretch = t0;
  return (_t, _rate, base) => {
    since += 1;
    if (since >= stretch) {
      since -= stretch;
      stretch *= tMult;
    }
    return etaMin + ((base - etaMin) * (1 + Math.cos((Math.PI * since) / stretch))) / 2;
  };
};

/** At a milestone the next scheduler is put at its 0, from the optimizer's first rate; then it goes on from the rate that it finds. */
export const sequentialLR =
  (updates: readonly Update[], milestones: readonly number[]): Update =>
  (t, rate, base) => {
    const index = milestones.filter((milestone) => milestone <= t).length;
    const since = t - (milestones[index - 1] ?? 0);
    return updates[index]!(since, since === 0 ? base : rate, base);
  };

/** All schedulers, one after the other, update the one rate. */
export const chainedScheduler =
  (updates: readonly Update[]): Update =>
  (t, rate, base) =>
    updates.reduce((sofar, update) => update(t, sofar, base), rate);

/**
 * The schedule is PyTorch's for `count` steps, up to the rounding that a recursion of hundreds of multiplications gathers:
 * 1e-11 of the first rate, against steps of the schedules that are a million times as large.
 */
export function expectTorch(schedule: Schedule, update: Update, base: number, count: number): void {
  torchRates(update, base, count).forEach((rate, t) => {
    expect(Math.abs(schedule(t) - rate), `step ${t}: ${schedule(t)} here, ${rate} there`).toBeLessThanOrEqual(1e-11 * base);
  });
}

/** The first values of a schedule, to be compared with numbers worked out by hand. */
export const values = (schedule: Schedule, count: number): number[] => Array.from({ length: count }, (_, step) => schedule(step));

/** Equal to twelve digits. */
export function expectValues(schedule: Schedule, expected: readonly number[]): void {
  expected.forEach((value, step) => expect(schedule(step), `step ${step}`).toBeCloseTo(value, 12));
}
