import { z } from 'zod';
import { checkOptions } from './check-options.js';
import { length, rate } from './option-fields.js';
import type { Schedule } from './schedule.js';

export const polynomialOptions = z.strictObject({
  learningRate: rate('The learning rate at 0.'),
  totalIters: length('After how many steps or epochs the learning rate is 0.'),
  power: z.number().positive().default(1).describe('The power of the polynomial; 1 is a straight line.'),
});
export type PolynomialOptions = z.input<typeof polynomialOptions>;

/**
 * learningRate * (1 - step / totalIters)^power, and 0 from totalIters on. PyTorch's PolynomialLR, with its default power of 1.
 * @throws ConfigError OPTIONS_INVALID
 * @example polynomial({ learningRate: 0.1, totalIters: 4, power: 2 }) // 0.1, 0.05625, 0.025, 0.00625, 0, 0, ...
 */
export function polynomial(options: PolynomialOptions): Schedule {
  const { learningRate, totalIters, power } = checkOptions('polynomial', polynomialOptions, options);
  return (step) => learningRate * (1 - Math.min(step / totalIters, 1)) ** power;
}
