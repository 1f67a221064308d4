import { z } from 'zod';
import { checkOptions } from './check-options.js';
import { geometric } from './geometric.js';
import { length, rate, ratio } from './option-fields.js';
import type { Schedule } from './schedule.js';

export const stepOptions = z.strictObject({
  learningRate: rate('The learning rate at 0.'),
  stepSize: length('After how many steps or epochs the learning rate is multiplied by gamma, again and again.'),
  gamma: ratio('What the learning rate is multiplied by.').default(0.1),
});
export type StepOptions = z.input<typeof stepOptions>;

/**
 * A staircase: learningRate * gamma^floor(step / stepSize). PyTorch's StepLR, with its default gamma of 0.1.
 * @throws ConfigError OPTIONS_INVALID
 * @example step({ learningRate: 0.05, stepSize: 30 }) // 0.05 for 0..29, 0.005 for 30..59, ...
 */
export function step(options: StepOptions): Schedule {
  const { learningRate, stepSize, gamma } = checkOptions('step', stepOptions, options);
  return (count) => geometric(learningRate, gamma, Math.floor(count / stepSize));
}
