import { z } from 'zod';
import { checkOptions } from './check-options.js';
import { geometric } from './geometric.js';
import { rate, ratio } from './option-fields.js';
import type { Schedule } from './schedule.js';

export const exponentialOptions = z.strictObject({
  learningRate: rate('The learning rate at 0.'),
  gamma: ratio('What the learning rate is multiplied by at every step or epoch.'),
});
export type ExponentialOptions = z.input<typeof exponentialOptions>;

/**
 * learningRate * gamma^step. PyTorch's ExponentialLR. A gamma above 1 grows, as a learning-rate range test wants it.
 * @throws ConfigError OPTIONS_INVALID
 * @example exponential({ learningRate: 0.1, gamma: 0.5 }) // 0.1, 0.05, 0.025, ...
 */
export function exponential(options: ExponentialOptions): Schedule {
  const { learningRate, gamma } = checkOptions('exponential', exponentialOptions, options);
  return (step) => geometric(learningRate, gamma, step);
}
