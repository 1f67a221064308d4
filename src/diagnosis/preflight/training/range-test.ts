import { disposeBatch } from '../../../data/index.js';
import { digits, finding } from '../../finding.js';
import { nothing, type Check, type CheckResult } from '../check.js';
import type { Lab } from '../lab.js';
import { isBrief } from './clock.js';
import { fresh, split } from './batches.js';
import { hasSchedule, ownRate, whyNot } from './learning.js';
import { once } from './memo.js';
import { freshSize, penaltyOf, stepsWithin, stepTime } from './run.js';

/** Rates of the sweep: beyond what any optimizer of the library is used with. */
const from = 1e-6;
const to = 10;
/** The sweep ends where the smoothed loss is this many times its lowest (fast.ai's finder). */
const diverged = 4;
/** Milliseconds of a step above which a sweep would take longer than it tells. */
const slow = 50;
/** Weight of the past in the smoothed loss: about six steps' mean. */
const smoothing = 0.85;
/** Share of the whole fall at which the range begins. */
const begins = 0.05;

export interface RangeTest {
  readonly rates: readonly number[];
  /** Smoothed, penalties taken off. */
  readonly losses: readonly number[];
  /** Rates that lower the loss; undefined where none did. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** Where the loss falls fastest. */
  readonly suggestion: number | undefined;
}

/** Reads a sweep: `losses` are smoothed, one for each rate, which grow. */
export function readSweep(rates: readonly number[], losses: readonly number[]): Pick<RangeTest, 'min' | 'max' | 'suggestion'> {
  const start = losses[0] ?? NaN;
  const lowest = Math.min(...losses.filter(Number.isFinite));
  const at = losses.indexOf(lowest);
  const fall = start - lowest;
  // Less than a tenth of the loss is the difference of some batches from the next (measured on weak signals).
  if (!(fall > 0.1 * Math.abs(start)) || at < 2) return { min: undefined, max: undefined, suggestion: undefined };
  const first = losses.findIndex((loss) => loss < start - begins * fall);
  let steepest = 1;
  for (let i = 1; i <= at; i += 1) if ((losses[i] ?? 0) - (losses[i - 1] ?? 0) < (losses[steepest] ?? 0) - (losses[steepest - 1] ?? 0)) steepest = i;
  return { min: rates[Math.max(0, first)], max: rates[at], suggestion: rates[steepest] };
}

/** Smith's (2017) range test: one step a rate, from small to large, on a copy, with the user's optimizer. */
export const rangeTest = (lab: Lab): Promise<RangeTest> =>
  once(lab, 'range-test', async () => {
    const steps = await stepsWithin(lab, 300, { most: 80, least: 40 });
    const { train: pool } = split(lab, 'training/fresh');
    const penalty = await penaltyOf(lab);
    return lab.trial(async (trainee) => {
      const rates: number[] = [];
      const losses: number[] = [];
      let sum = 0;
      let lowest = Infinity;
      for (let i = 0; i < steps; i += 1) {
        const rate = from * (to / from) ** (i / (steps - 1));
        const batch = lab.batch(fresh(pool, freshSize(lab), i));
        try {
          const { loss } = await trainee.step(batch, { learningRate: rate });
          if (!Number.isFinite(loss)) break;
          sum = smoothing * sum + (1 - smoothing) * (loss - penalty);
        } finally {
          disposeBatch(batch);
        }
        const smooth = sum / (1 - smoothing ** (i + 1));
        rates.push(rate);
        losses.push(smooth);
        lowest = Math.min(lowest, smooth);
        if (lowest > 0 && smooth > diverged * lowest) break;
      }
      return { rates, losses, ...readSweep(rates, losses) };
    });
  });

async function run(lab: Lab): Promise<CheckResult> {
  const reason = await whyNot(lab);
  if (reason !== undefined) return { ...nothing, cannotTell: reason };
  const time = await stepTime(lab);
  if (time > slow) return { ...nothing, cannotTell: `a step takes ${digits(time)} ms, and a sweep forty of them` };
  if (isBrief(lab)) return { ...nothing, cannotTell: 'the other checks took long' };
  const { rates, losses, min, max, suggestion } = await rangeTest(lab);
  const measured = { rates, losses, min: min ?? null, max: max ?? null, suggestion: suggestion ?? null, rate: ownRate(lab) };
  if (min === undefined || max === undefined || suggestion === undefined) return { findings: [], measured, cannotTell: 'no rate lowered the loss clearly in so few steps' };
  const rate = ownRate(lab);
  // By more than a sweep of so few steps can be wrong.
  if (hasSchedule(lab) || (rate <= 3 * max && rate >= min / 100)) return { findings: [], measured };
  return {
    measured,
    findings: [
      finding({
        rule: 'learning-rate-range',
        severity: 'info',
        message: `the learning rate is ${digits(rate)}, and in a sweep the loss falls between ${digits(min)} and ${digits(max)}`,
        evidence: { rate, min, max, suggestion },
        remedy: `Try a learning rate of about ${digits(suggestion)}.`,
      }),
    ],
  };
}

/** Which rates lower the loss. */
export const learningRateRange: Check = { name: 'learning-rate-range', stage: 'training', summary: 'Sweeps the learning rate from 1e-6 to 10 on a copy (Smith 2017) and reads off where the loss falls.', run };
