import { z } from 'zod';
import { checkOptions } from './check-options.js';
import { halfCosine } from './cosine.js';
import { length, rate } from './option-fields.js';
import type { Schedule } from './schedule.js';

/** The defaults are PyTorch's, which follow fastai's: a climb of 30 %, from 1/25 of the top, down to 1/10,000 of the start. */
export const oneCycleOptions = z
  .strictObject({
    maxLr: rate('The learning rate at the top of the cycle.'),
    totalSteps: length('How many steps or epochs the cycle has; the last is totalSteps - 1.'),
    pctStart: z.number().min(0).max(1).default(0.3).describe('Which part of the steps the climb takes, 0 to 1.'),
    annealStrategy: z.enum(['cos', 'linear']).default('cos').describe('Half cosines or straight lines.'),
    divFactor: z.number().min(1).default(25).describe('The cycle starts at maxLr / divFactor.'),
    finalDivFactor: z.number().positive().default(1e4).describe('The cycle ends at maxLr / divFactor / finalDivFactor.'),
    threePhase: z
      .boolean()
      .default(false)
      .describe('Climb, come down to the start in as many steps, then to the end; otherwise climb, then come down to the end.'),
  })
  .superRefine(({ divFactor, finalDivFactor, threePhase, pctStart }, context) => {
    if (divFactor * finalDivFactor < 1) {
      const message = `finalDivFactor ${finalDivFactor} with divFactor ${divFactor} puts the end of the cycle above maxLr`;
      context.addIssue({ code: 'custom', path: ['finalDivFactor'], message });
    }
    if (threePhase && pctStart > 0.5) {
      const message = `pctStart ${pctStart} leaves no room for three phases: the first two take twice that, so it is at most 0.5`;
      context.addIssue({ code: 'custom', path: ['pctStart'], message });
    }
  });
export type OneCycleOptions = z.input<typeof oneCycleOptions>;

/** A stretch of the cycle: the first ends at `end` (which need not be whole), the others go on from there. */
interface Phase {
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

const straightLine = (from: number, to: number, fraction: number): number => from + (to - from) * fraction;

/**
 * Up once, down once: the 1cycle policy of Smith and Topin 2018, arXiv:1708.07120. PyTorch's OneCycleLR
 * (max_lr, total_steps, pct_start, anneal_strategy, div_factor, final_div_factor, three_phase), without its cycling of the momentum.
 *
 * From totalSteps on it stays at its last value. PyTorch throws beyond totalSteps, and at totalSteps itself it draws the last phase out by
 * one step, which with 'linear' is below zero.
 * @throws ConfigError OPTIONS_INVALID
 * @example oneCycle({ maxLr: 0.1, totalSteps: 10, annealStrategy: 'linear' }) // 0.004 at 0, 0.1 at 2, 4e-7 at 9
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  const { maxLr, totalSteps, pctStart, annealStrategy, divFactor, finalDivFactor, threePhase } = checkOptions('oneCycle', oneCycleOptions, options);
  const startLr = maxLr / divFactor;
  const minLr = startLr / finalDivFactor;
  const last = totalSteps - 1;
  const climb = pctStart * totalSteps;
  const up: Phase = { end: climb - 1, from: startLr, to: maxLr };
  const phases: readonly Phase[] = threePhase
    ? [up, { end: 2 * climb - 2, from: maxLr, to: startLr }, { end: last, from: startLr, to: minLr }]
    : [up, { end: last, from: maxLr, to: minLr }];
  const between = annealStrategy === 'cos' ? halfCosine : straightLine;

  return (step) => {
    const at = Math.min(step, last);
    let start = 0;
    for (const { end, from, to } of phases) {
      // A phase of no length (a climb of exactly one step) is at its end; PyTorch divides by zero there.
      if (at <= end) return between(from, to, end === start ? 1 : (at - start) / (end - start));
      start = end;
    }
    return minLr;
  };
}
