import { z } from 'zod';
import { checkOptions } from './check-options.js';
import { etaMinIsBelow, halfCosine } from './cosine.js';
import { length, lowRate, rate } from './option-fields.js';
import type { Schedule } from './schedule.js';

export const cosineWithWarmRestartsOptions = z
  .strictObject({
    learningRate: rate('The learning rate at 0 and at each restart.'),
    t0: length('How many steps or epochs until the first restart.'),
    tMult: z.int().min(1).default(1).describe('How many times as long as the one before it each stretch is.'),
    etaMin: lowRate('The learning rate that each stretch comes down to.').default(0),
  })
  .superRefine(etaMinIsBelow);
export type CosineWithWarmRestartsOptions = z.input<typeof cosineWithWarmRestartsOptions>;

/**
 * Half a cosine from learningRate towards etaMin, again and again: SGDR, Loshchilov and Hutter 2017, arXiv:1608.03983.
 * PyTorch's CosineAnnealingWarmRestarts (T_0, T_mult, eta_min), with its defaults of 1 and 0. A restart is at learningRate, so
 * etaMin itself is never reached at a whole count.
 *
 * The values are those of PyTorch's `step()`. Its `step(epoch)` finds the stretch with a logarithm, which is off by one stretch
 * at some restarts (in Python math.log(243, 3) is 4.999999999999999).
 * @throws ConfigError OPTIONS_INVALID
 * @example cosineWithWarmRestarts({ learningRate: 0.1, t0: 2, tMult: 2 }) // 0.1, 0.05 | 0.1, 0.0854, 0.05, 0.0146 | 0.1, ...
 */
export function cosineWithWarmRestarts(options: CosineWithWarmRestartsOptions): Schedule {
  const { learningRate, t0, tMult, etaMin } = checkOptions('cosineWithWarmRestarts', cosineWithWarmRestartsOptions, options);
  return (step) => {
    if (tMult === 1) return halfCosine(learningRate, etaMin, (step % t0) / t0);
    let since = step;
    let stretch = t0;
    while (since >= stretch) {
      since -= stretch;
      stretch *= tMult;
    }
    return halfCosine(learningRate, etaMin, since / stretch);
  };
}
