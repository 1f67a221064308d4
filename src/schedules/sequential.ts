import { z } from 'zod';
import { checkOptions } from './check-options.js';
import { milestones as milestonesField, scheduleFunction } from './option-fields.js';
import type { Schedule } from './schedule.js';

/** At which counts the next schedule takes over. */
export const sequentialMilestones = milestonesField('At which counts the next schedule takes over, one fewer than the schedules; they must rise.');

/** A check of options: one milestone between each schedule and the next. */
export function milestonesFit(
  { schedules, milestones }: { schedules: readonly unknown[]; milestones: readonly number[] },
  context: z.RefinementCtx,
): void {
  if (milestones.length === schedules.length - 1) return;
  const message = `there are ${milestones.length} milestones for ${schedules.length} schedules, and there must be one fewer than schedules`;
  context.addIssue({ code: 'custom', path: ['milestones'], message });
}

const sequentialArguments = z
  .strictObject({ schedules: z.array(scheduleFunction).min(1), milestones: sequentialMilestones })
  .superRefine(milestonesFit);

/**
 * One schedule after another: at a milestone the next takes over and starts at its own 0. PyTorch's SequentialLR, optax's join_schedules.
 * @throws ConfigError OPTIONS_INVALID
 * @example sequential([constant({ learningRate: 0.1 }), exponential({ learningRate: 0.1, gamma: 0.5 })], [2]) // 0.1, 0.1, 0.1, 0.05, 0.025, ...
 */
export function sequential(schedules: readonly Schedule[], milestones: readonly number[]): Schedule {
  const checked = checkOptions('sequential', sequentialArguments, { schedules, milestones });
  return checked.schedules.reduce((before, next, index) => {
    const start = checked.milestones[index - 1] ?? 0;
    return (step) => (step < start ? before(step) : next(step - start));
  });
}
