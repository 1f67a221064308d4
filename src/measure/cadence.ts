import { ConfigError } from '../errors.js';
import type { Cadence } from './measurement.js';

/** A place in the training, as cadences see it. */
export interface StepPlace {
  /** 1 for the first update. */
  readonly step: number;
  /** Whether this is the last step of its epoch. */
  readonly lastOfEpoch: boolean;
  /** Whether this is the first step of this call of fit. */
  readonly firstOfFit: boolean;
}

const wrong = (found: string): ConfigError =>
  new ConfigError('MEASUREMENT_INVALID', {
    found,
    expected: 'a cadence is { every: n, also: [steps] }, { every: "epoch" }, { at: [steps] } or { once: true }, with whole steps from 1',
  });

const isStep = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

/** Turns a cadence into a predicate. @throws ConfigError MEASUREMENT_INVALID for a step that is not a whole number from 1. */
export function compileCadence(cadence: Cadence): (place: StepPlace) => boolean {
  if ('at' in cadence) {
    const bad = cadence.at.find((step) => !isStep(step));
    if (bad !== undefined || cadence.at.length === 0) throw wrong(`the cadence { at: [${cadence.at.join(', ')}] }`);
    const steps = new Set(cadence.at);
    return ({ step }) => steps.has(step);
  }
  if ('once' in cadence) return ({ firstOfFit }) => firstOfFit;
  const { every, also = [] } = cadence;
  if (also.some((step) => !isStep(step))) throw wrong(`the cadence { also: [${also.join(', ')}] }`);
  const others = new Set(also);
  if (every === 'epoch') return ({ step, lastOfEpoch }) => lastOfEpoch || others.has(step);
  if (!isStep(every)) throw wrong(`the cadence { every: ${String(every)} }`);
  return ({ step }) => step % every === 0 || others.has(step);
}
