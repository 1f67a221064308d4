import { z } from 'zod';
import { ConfigError } from '../errors.js';
import { checkOptions } from './check-options.js';
import { rate } from './option-fields.js';
import type { Schedule } from './schedule.js';

export const lambdaOptions = z.strictObject({
  learningRate: rate('What the factor is multiplied by.'),
  factor: z.custom<(step: number) => number>((value) => typeof value === 'function', 'factor must be a function of the step'),
});
export type LambdaOptions = z.input<typeof lambdaOptions>;

/**
 * learningRate * factor(step), for whatever the others do not do. PyTorch's LambdaLR. In code alone: a config file has no functions.
 * The factor should be pure, or a resumed run will not repeat itself.
 * @throws ConfigError OPTIONS_INVALID; so does the schedule, at a step whose factor is not a finite number of 0 or above
 * @example lambda({ learningRate: 0.1, factor: (step) => 1 / (1 + step) }) // 0.1, 0.05, 0.0333, ...
 */
export function lambda(options: LambdaOptions): Schedule {
  const { learningRate, factor } = checkOptions('lambda', lambdaOptions, options);
  return (step) => {
    const value = learningRate * factor(step);
    if (Number.isFinite(value) && value >= 0) return value;
    throw new ConfigError('OPTIONS_INVALID', {
      found: `the factor of a lambda schedule makes the learning rate ${value} at step ${step}`,
      expected: 'a learning rate is a finite number, 0 or above',
      remedy: 'Correct the factor function for that step.',
      problems: [{ path: ['factor'], message: `factor(${step}) * ${learningRate} is ${value}` }],
    });
  };
}
