import { z } from 'zod';
import { checkOptions } from './check-options.js';
import { length, rate } from './option-fields.js';
import type { Schedule } from './schedule.js';

export const constantFactorOptions = z.strictObject({
  learningRate: rate('The learning rate from totalIters on.'),
  factor: z
    .number()
    .positive()
    .max(1)
    .default(1 / 3)
    .describe('What the learning rate is multiplied by before that.'),
  totalIters: length('For how many steps or epochs the factor holds.'),
});
export type ConstantFactorOptions = z.input<typeof constantFactorOptions>;

/**
 * A part of the learning rate for a while, then all of it. PyTorch's ConstantLR, with its default factor of 1/3.
 * PyTorch takes a factor of 0 and then divides by it at totalIters; here it is refused.
 * @throws ConfigError OPTIONS_INVALID
 * @example constantFactor({ learningRate: 0.05, factor: 0.5, totalIters: 40 }) // 0.025 for 0..39, then 0.05
 */
export function constantFactor(options: ConstantFactorOptions): Schedule {
  const { learningRate, factor, totalIters } = checkOptions('constantFactor', constantFactorOptions, options);
  return (step) => (step < totalIters ? learningRate * factor : learningRate);
}
