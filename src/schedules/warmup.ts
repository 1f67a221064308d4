import { z } from 'zod';
import { checkOptions, invalidOptions } from './check-options.js';
import { length, lowRate, scheduleFunction } from './option-fields.js';
import type { Schedule } from './schedule.js';

export const warmupOptions = z
  .strictObject({
    steps: length('How many steps or epochs the warm-up takes; the schedule behind it then starts at its 0.'),
    from: lowRate('The learning rate at 0: a rate and not a factor.').default(0),
    mode: z.enum(['linear', 'constant']).default('linear').describe('Climb in a straight line, or stay at `from` and then jump.'),
  })
  .superRefine(({ mode, from }, context) => {
    if (mode === 'linear' || from > 0) return;
    context.addIssue({ code: 'custom', path: ['from'], message: 'from must be above 0 with mode "constant", or nothing is learned in the warm-up' });
  });
export type WarmupOptions = z.input<typeof warmupOptions>;

const warmupArguments = warmupOptions.safeExtend({ schedule: scheduleFunction });

/** What is wrong with a warm-up to a schedule that starts at `start`, or undefined. */
export const warmupProblem = (from: number, start: number): string | undefined =>
  from <= start ? undefined : `from is ${from}, above the ${start} that the schedule behind it starts at; from is a learning rate, not a factor`;

/**
 * A warm-up in front of any schedule: `steps` counts from `from` towards the first value of the schedule, which then runs from its 0, as
 * behind optax's join_schedules. A cosine over 100 steps of which 10 warm up is thus `warmup(cosine({ learningRate, tMax: 90 }), { steps: 10 })`.
 *
 * 'linear' is PyTorch's SequentialLR of LinearLR (start_factor = from / learningRate) and the schedule; the default `from` of 0 is
 * that of Hugging Face's schedules, whose first step changes nothing. 'constant' is the same with ConstantLR (He et al. 2016,
 * arXiv:1512.03385, section 4.2, warm a ResNet-110 up with 0.01 before 0.1). Goyal et al. 2017, arXiv:1706.02677, compare the two.
 * @throws ConfigError OPTIONS_INVALID, also when `from` is above the schedule's first value
 * @example warmup(constant({ learningRate: 0.1 }), { steps: 4 }) // 0, 0.025, 0.05, 0.075, 0.1, 0.1, ...
 */
export function warmup(schedule: Schedule, options: WarmupOptions): Schedule {
  const { steps, from, mode } = checkOptions('warmup', warmupArguments, { ...options, schedule });
  const start = schedule(0);
  const problem = warmupProblem(from, start);
  if (problem !== undefined) throw invalidOptions('warmup', [{ path: ['from'], message: problem }]);
  const climb = mode === 'linear' ? start - from : 0;
  return (step) => (step < steps ? from + climb * (step / steps) : schedule(step - steps));
}
