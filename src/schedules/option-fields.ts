import { z } from 'zod';
import type { Schedule } from './schedule.js';

/** A learning rate that something is trained with: above 0. JSON has no NaN and no Infinity, and zod's number refuses them too. */
export const rate = (what: string) => z.number().positive().describe(what);

/** A learning rate to come down to, or to climb from: 0 is allowed. */
export const lowRate = (what: string) => z.number().nonnegative().describe(what);

/** A number of steps or epochs, at least 1. Lengths have no default: only the caller knows whether the count is of steps or of epochs. */
export const length = (what: string) => z.int().min(1).describe(what);

/** What a rate is multiplied by, again and again: above 0. Above 1 the rate grows, as in a learning-rate range test. */
export const ratio = (what: string) => z.number().positive().describe(what);

/** Counts at which something changes, strictly rising. PyTorch's documentation asks for it; its code takes any order. */
export const milestones = (what: string) =>
  z
    .array(z.int().min(1))
    .superRefine((counts, context) => {
      counts.forEach((count, index) => {
        const before = counts[index - 1];
        if (before === undefined || count > before) return;
        context.addIssue({ code: 'custom', path: [index], message: `milestones must rise, and ${before} is followed by ${count}` });
      });
    })
    .describe(what);

/** A schedule as a function; only in code, as JSON has no functions. */
export const scheduleFunction = z.custom<Schedule>((value) => typeof value === 'function', 'a schedule must be a function of the step');
