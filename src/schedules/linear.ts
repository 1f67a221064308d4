import { z } from 'zod';
import { checkOptions } from './check-options.js';
import { length, rate } from './option-fields.js';
import type { Schedule } from './schedule.js';

export const linearOptions = z.strictObject({
  learningRate: rate('What both factors are multiplied by.'),
  startFactor: z
    .number()
    .positive()
    .max(1)
    .default(1 / 3)
    .describe('The factor at 0.'),
  endFactor: z.number().nonnegative().max(1).default(1).describe('The factor from totalIters on.'),
  totalIters: length('How many steps or epochs the way from the one factor to the other takes.'),
});
export type LinearOptions = z.input<typeof linearOptions>;

/**
 * A straight line from learningRate * startFactor to learningRate * endFactor, which then stays. PyTorch's LinearLR, with its
 * limits (factors of at most 1) and its defaults of 1/3 and 1.
 * @throws ConfigError OPTIONS_INVALID
 * @example linear({ learningRate: 0.1, startFactor: 1, endFactor: 0, totalIters: 4 }) // 0.1, 0.075, 0.05, 0.025, 0, 0, ...
 */
export function linear(options: LinearOptions): Schedule {
  const { learningRate, startFactor, endFactor, totalIters } = checkOptions('linear', linearOptions, options);
  return (step) => learningRate * (startFactor + (endFactor - startFactor) * Math.min(step / totalIters, 1));
}
