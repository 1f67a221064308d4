import { real, type SteererContext, type SteererHooks } from 'trainscope/plugin';
import { plateauState } from 'trainscope/schedules';
import { z } from 'zod';
import { units } from './unit.js';

const rate = z.number().nonnegative();

export const events = {
  'learning-rate': z
    .strictObject({
      learningRate: rate.describe('of the next update'),
      previous: real.describe('learning rate before: at the start and on a plateau the one in force, otherwise that of the event before'),
      count: z.int().min(0).describe('steps or epochs done, which a schedule takes as its count'),
      per: z.enum(units).describe('what is counted'),
      reason: z.enum(['start', 'schedule', 'plateau']).describe('start: set before the first step of a fit'),
      monitor: z.string().optional().describe('on a plateau: the metric that did not improve'),
      value: real.optional().describe('on a plateau: its last value'),
    })
    .describe('The learning rate was set. Of a schedule by steps, one change in logEvery is told.'),
};

export const state = z.strictObject({
  /** The optimizer's learning rate when the first fit began, before this plugin set any. */
  base: real.nullable().default(null),
  /** Epochs before the present or next one. */
  epochs: z.int().min(0).nullable().default(null),
  plateau: plateauState.nullable().default(null),
  /** Of a plateau: looks at the metric in this fit, and epochs that ended without one. */
  looks: z.int().min(0).default(0),
  epochsWithout: z.int().min(0).default(0),
  /** The learning rate of the last event, and the step of the last one that counts for `logEvery`. */
  told: z.strictObject({ step: z.int().min(0), learningRate: rate }).nullable().default(null),
});

export type Context = SteererContext<{ readonly 'learning-rate': z.input<(typeof events)['learning-rate']> }, z.output<typeof state>>;
export type Hooks = SteererHooks<Context>;
