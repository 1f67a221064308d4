import { z } from 'zod';
import { checkOptions } from './check-options.js';
import { length, lowRate, rate } from './option-fields.js';
import type { Schedule } from './schedule.js';

export const cosineOptions = z
  .strictObject({
    learningRate: rate('The learning rate at 0, the top of the cosine.'),
    tMax: length('After how many steps or epochs the learning rate is at etaMin.'),
    etaMin: lowRate('The bottom of the cosine, a learning rate.').default(0),
  })
  .superRefine(etaMinIsBelow);
export type CosineOptions = z.input<typeof cosineOptions>;

/** A check of options: the bottom of a cosine is not above its top. */
export function etaMinIsBelow({ learningRate, etaMin }: { learningRate: number; etaMin: number }, context: z.RefinementCtx): void {
  if (etaMin <= learningRate) return;
  context.addIssue({ code: 'custom', path: ['etaMin'], message: `etaMin ${etaMin} is above the learningRate ${learningRate}` });
}

/** The half wave from `top` at 0 to `bottom` at 1: formula (5) of SGDR, Loshchilov and Hutter 2017, arXiv:1608.03983. */
export const halfCosine = (top: number, bottom: number, fraction: number): number =>
  bottom + (top - bottom) * ((1 + Math.cos(Math.PI * fraction)) / 2);

/**
 * Half a cosine from learningRate at 0 to etaMin at tMax. PyTorch's CosineAnnealingLR (T_max, eta_min), with its default etaMin of 0.
 *
 * Beyond tMax it does as PyTorch does, and climbs again: it is back at learningRate at 2 * tMax, and so on with that period.
 * optax and Keras stay at the bottom; for that, `sequential([cosine({ learningRate, tMax, etaMin }), constant({ learningRate: etaMin })], [tMax])`.
 * optax's alpha is etaMin / learningRate.
 * @throws ConfigError OPTIONS_INVALID
 * @example cosine({ learningRate: 0.1, tMax: 100 }) // 0.1 at 0, 0.05 at 50, 0 at 100, 0.05 at 150, 0.1 at 200
 */
export function cosine(options: CosineOptions): Schedule {
  const { learningRate, tMax, etaMin } = checkOptions('cosine', cosineOptions, options);
  return (step) => halfCosine(learningRate, etaMin, step / tMax);
}
