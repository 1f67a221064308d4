import { definePlugin } from 'trainscope/plugin';
import { z } from 'zod';
import { events, state } from './lr-scheduler/contract.js';
import { followPlateau, isOfValidation } from './lr-scheduler/follow-plateau.js';
import { followSchedule } from './lr-scheduler/follow-schedule.js';
import { isPlateau, scheduleOption, type ScheduleOption } from './lr-scheduler/schedule-option.js';
import { units, usualUnit } from './lr-scheduler/unit.js';
import { defaultMonitor } from './lr-scheduler/with-rate.js';
import { stepRead } from './shared/step-read.js';

export type { PlateauSpec, RatelessSpec, ScheduleOption } from './lr-scheduler/schedule-option.js';

const options = z.strictObject({
  schedule: scheduleOption.describe('A schedule by its kind, or reduceOnPlateau with the metric to monitor; in code also a function of the count.'),
  per: z
    .enum(units)
    .optional()
    .describe(
      'What the schedule counts, and so what its lengths mean. Left out: step for oneCycle, cyclic, warmup, inverseSquareRoot and what is put together with them, and for a function; epoch for the others.',
    ),
  logEvery: z.int().min(1).default(10).describe("Of a schedule by steps, how many steps lie between two of its events at least. 10 as the trainer's own."),
});

/** The metric that is watched, where one is. */
const monitorOf = (schedule: ScheduleOption): string | undefined => (isPlateau(schedule) ? (schedule.monitor ?? defaultMonitor) : undefined);

/**
 * Sets the learning rate: by a schedule (any kind of trainscope/schedules, or a function), or down by a factor when a
 * metric stands still (`kind: 'reduceOnPlateau'`).
 *
 * - Step s trains with `schedule(s - 1)`, or epoch e with `schedule(e - 1)`, both counted from 1: the first step already has
 *   the value at 0, as after making a PyTorch scheduler. Counted are all steps and epochs of the trainer, those that skipped
 *   their update or were cut short too, so a further fit and a resumed one go on where the count was.
 * - What `per` is when it is left out follows PyTorch's documentation: oneCycle and cyclic go by steps, most others by
 *   epochs. Warm-ups and inverseSquareRoot go by steps, and so does a function.
 * - A learning rate that the schedule leaves out is the optimizer's when the first fit starts; it is kept in the state.
 * - The schedule wins over others that set the rate: it is set anew after every step, or every epoch. A plateau reduces
 *   from the rate that is in force.
 * - A plateau looks at the end of each epoch, and not at one without validation when it watches a `val_` metric. With
 *   per: 'step' it looks at every validation, or, for a training metric, at that of every batch, which costs a
 *   readback a step; that metric is noisy, so take a large patience.
 *
 * @throws ConfigError OPTIONS_INVALID for options that do not fit, with the nearest names. PluginError PLUGIN_REQUIRES,
 * from fit(), for a metric that is not measured, or a `val_` metric without validation; PLUGIN_FAILED, also from fit(), for
 * a schedule that does not go with the optimizer's learning rate (`etaMin` above it), and for a function that gives no rate.
 *
 * @example lrScheduler({ schedule: { kind: 'warmup', steps: 100, schedule: { kind: 'cosine', learningRate: 0.1, tMax: 900 } } });
 * @example lrScheduler({ schedule: { kind: 'step', stepSize: 30 } }); // the optimizer's rate, a tenth of it from epoch 31 on
 * @example lrScheduler({ schedule: { kind: 'reduceOnPlateau', monitor: 'val_loss', patience: 5 } });
 */
export const lrScheduler = definePlugin({
  name: 'lrScheduler',
  summary: 'Sets the learning rate by a schedule, or lowers it when a metric has stopped improving.',
  role: 'steer',
  options,
  events,
  state,
  requires: ({ schedule }) => {
    const monitor = monitorOf(schedule);
    return monitor === undefined ? [] : [...(isOfValidation(monitor) ? (['validation'] as const) : []), `metric:${monitor}` as const];
  },
  needs: ({ schedule, per }) => {
    const monitor = monitorOf(schedule);
    return per === 'step' && monitor !== undefined && !isOfValidation(monitor) ? { every: 1, of: { stepRead: stepRead() } } : undefined;
  },
  hooks: ({ schedule, per = usualUnit(schedule), logEvery }) => (isPlateau(schedule) ? followPlateau(schedule, per) : followSchedule(schedule, per, logEvery)),
});
