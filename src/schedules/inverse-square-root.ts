import { z } from 'zod';
import { checkOptions } from './check-options.js';
import { length, rate } from './option-fields.js';
import type { Schedule } from './schedule.js';

export const inverseSquareRootOptions = z.strictObject({
  learningRate: rate('The learning rate at the top, which the last step of the warm-up reaches.'),
  warmupSteps: length('How many steps the climb takes; the Transformer paper took 4000.'),
});
export type InverseSquareRootOptions = z.input<typeof inverseSquareRootOptions>;

/**
 * A straight climb, then down with one over the square root of the step: section 5.3 of Attention Is All You Need,
 * Vaswani et al. 2017, arXiv:1706.03762, d_model^-0.5 * min(s^-0.5, s * warmup_steps^-1.5). The paper's s counts from 1, so it is the count + 1
 * here, and the first step already learns. Its top, at s = warmup_steps, is (d_model * warmup_steps)^-0.5: give that as learningRate
 * (6.99e-4 for the base model's 512 and 4000).
 *
 * Hugging Face's inverse_sqrt counts from 0 and so starts at a learning rate of 0.
 * @throws ConfigError OPTIONS_INVALID
 * @example inverseSquareRoot({ learningRate: 0.1, warmupSteps: 4 }) // 0.025, 0.05, 0.075, 0.1, 0.0894, ..., 0.05 at 15
 */
export function inverseSquareRoot(options: InverseSquareRootOptions): Schedule {
  const { learningRate, warmupSteps } = checkOptions('inverseSquareRoot', inverseSquareRootOptions, options);
  return (step) => {
    const s = step + 1;
    return learningRate * (s < warmupSteps ? s / warmupSteps : Math.sqrt(warmupSteps / s));
  };
}
