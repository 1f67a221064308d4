import { z } from 'zod';
import { checkOptions } from './check-options.js';
import { geometric } from './geometric.js';
import { milestones as milestonesField, rate, ratio } from './option-fields.js';
import type { Schedule } from './schedule.js';

export const multiStepOptions = z.strictObject({
  learningRate: rate('The learning rate at 0.'),
  milestones: milestonesField('At which counts the learning rate is multiplied by gamma; they must rise.').min(1),
  gamma: ratio('What the learning rate is multiplied by.').default(0.1),
});
export type MultiStepOptions = z.input<typeof multiStepOptions>;

/**
 * A staircase with steps where you want them: learningRate * gamma^(milestones reached). PyTorch's MultiStepLR, with its
 * default gamma of 0.1. (optax's boundaries_and_scales has a factor of its own at each boundary.)
 * @throws ConfigError OPTIONS_INVALID
 * @example multiStep({ learningRate: 0.05, milestones: [30, 80] }) // 0.05 for 0..29, 0.005 for 30..79, then 0.0005
 */
export function multiStep(options: MultiStepOptions): Schedule {
  const { learningRate, milestones, gamma } = checkOptions('multiStep', multiStepOptions, options);
  return (step) => geometric(learningRate, gamma, milestones.filter((milestone) => milestone <= step).length);
}
