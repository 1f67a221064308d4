import { z } from 'zod';
import { checkOptions } from './check-options.js';
import { rate } from './option-fields.js';
import type { Schedule } from './schedule.js';

export const constantOptions = z.strictObject({
  learningRate: rate('The learning rate.'),
});
export type ConstantOptions = z.input<typeof constantOptions>;

/**
 * The same learning rate at every step: the tail of a `sequential`, or the plateau behind a `warmup`.
 * @throws ConfigError OPTIONS_INVALID
 */
export function constant(options: ConstantOptions): Schedule {
  const { learningRate } = checkOptions('constant', constantOptions, options);
  return () => learningRate;
}
