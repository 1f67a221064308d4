import { z } from 'zod';
import { checkOptions } from './check-options.js';
import { finite } from './geometric.js';
import { scheduleFunction } from './option-fields.js';
import type { Schedule } from './schedule.js';

const chainedArguments = z.strictObject({ schedule: scheduleFunction, factors: z.array(scheduleFunction).min(1) });

/**
 * Schedules at the same time: the product of a schedule, which carries the learning rate, and of factors, which are schedules with a
 * learningRate of 1. PyTorch's ChainedScheduler, whose schedulers share the optimizer's one learning rate; it is given once here too.
 *
 * The product is PyTorch's for those whose update is a factor: constantFactor, step, multiStep, exponential, polynomial, linear, and
 * cosine up to tMax with an etaMin of 0. A cosine with another etaMin, or beyond tMax, adds to what the others made of the rate in PyTorch;
 * and LambdaLR, CyclicLR, OneCycleLR and CosineAnnealingWarmRestarts overwrite it. Here all of them multiply.
 * @throws ConfigError OPTIONS_INVALID
 * @example chained(constantFactor({ learningRate: 0.05, factor: 0.1, totalIters: 20 }), [exponential({ learningRate: 1, gamma: 0.9 })])
 */
export function chained(schedule: Schedule, factors: readonly Schedule[]): Schedule {
  const checked = checkOptions('chained', chainedArguments, { schedule, factors });
  return (step) => checked.factors.reduce((product, factor) => finite(product * factor(step)), checked.schedule(step));
}
