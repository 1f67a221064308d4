import { z } from 'zod';
import { checkOptions } from './check-options.js';
import { finite, geometric } from './geometric.js';
import { length, lowRate, rate, ratio } from './option-fields.js';
import type { Schedule } from './schedule.js';

export const cyclicOptions = z
  .strictObject({
    baseLr: lowRate('The learning rate at the ends of each cycle.'),
    maxLr: rate('The learning rate in the middle of the first cycle.'),
    stepSizeUp: length('How many steps or epochs each climb takes.'),
    stepSizeDown: length('How many each descent takes; as many as the climb if it is not given.').optional(),
    mode: z
      .enum(['triangular', 'triangular2', 'exp_range'])
      .default('triangular')
      .describe('All cycles of one height, each half as high as the one before it, or a height that is multiplied by gamma at each step.'),
    gamma: ratio('For exp_range: what the height is multiplied by at each step or epoch.').default(1),
  })
  .superRefine(({ baseLr, maxLr }, context) => {
    if (baseLr <= maxLr) return;
    context.addIssue({ code: 'custom', path: ['baseLr'], message: `baseLr ${baseLr} is above maxLr ${maxLr}` });
  });
export type CyclicOptions = z.input<typeof cyclicOptions>;

/**
 * Up and down between two learning rates: Smith 2017, arXiv:1506.01186, whose advice is a stepSizeUp of 2 to 10 epochs' steps.
 * PyTorch's CyclicLR (base_lr, max_lr, step_size_up, step_size_down, mode, gamma) and its defaults, without its cycling of the momentum
 * and without its scale_fn.
 * @throws ConfigError OPTIONS_INVALID
 * @example cyclic({ baseLr: 0.1, maxLr: 0.5, stepSizeUp: 4 }) // 0.1, 0.2, 0.3, 0.4, 0.5, 0.4, 0.3, 0.2, 0.1, ...
 */
export function cyclic(options: CyclicOptions): Schedule {
  const { baseLr, maxLr, stepSizeUp, stepSizeDown = stepSizeUp, mode, gamma } = checkOptions('cyclic', cyclicOptions, options);
  const cycle = stepSizeUp + stepSizeDown;
  const heights = {
    triangular: () => maxLr - baseLr,
    triangular2: (step: number) => geometric(maxLr - baseLr, 0.5, Math.floor(step / cycle)),
    exp_range: (step: number) => geometric(maxLr - baseLr, gamma, step),
  } as const satisfies Record<typeof mode, (step: number) => number>;
  const heightAt = heights[mode];

  return (step) => {
    const within = step % cycle;
    const part = within <= stepSizeUp ? within / stepSizeUp : (cycle - within) / stepSizeDown;
    return finite(baseLr + heightAt(step) * part);
  };
}
