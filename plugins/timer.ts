import { definePlugin, type SteererContext } from 'trainscope/plugin';
import { z } from 'zod';
import { duration, milliseconds, sayDuration } from './timer/duration.js';
import { NextUnit } from './timer/next-unit.js';

const options = z
  .strictObject({
    duration: duration.optional().describe("After how long the training ends: 'DD:HH:MM:SS', or days, hours, minutes and seconds. Without it the time is only taken."),
    interval: z.enum(['step', 'epoch']).default('step').describe("Where the fit may end: after any step, or after whole epochs alone. Lightning's default."),
    reserve: duration.default({ seconds: 0 }).describe('How much of the duration is kept free for what comes after the last step or epoch, such as the last checkpoint.'),
  })
  .superRefine(({ duration: limit, reserve }, context) => {
    if (limit === undefined) return;
    const [whole, kept] = [milliseconds(limit), milliseconds(reserve)];
    if (whole <= 0) context.addIssue({ code: 'custom', path: ['duration'], message: 'the duration is 0: no step could be trained' });
    else if (kept >= whole) context.addIssue({ code: 'custom', path: ['reserve'], message: `the reserve of ${sayDuration(kept)} leaves nothing of the duration of ${sayDuration(whole)}` });
  });

const seconds = z.number().min(0);
const events = {
  timer: z
    .strictObject({
      training: seconds.describe('all but validation, s'),
      validation: seconds.describe('s'),
      total: seconds.describe('s'),
      limit: seconds.nullable().describe('the duration that was given, s; null without one'),
      stopped: z.boolean().describe('whether the time ended the fit'),
      started: z.iso.datetime().describe('when the fit began; of a resumed one, at first'),
      ended: z.iso.datetime(),
      steps: z.int().min(0).describe('of this fit'),
      epochs: z.int().min(0).describe('of this fit that are whole'),
      processes: z.int().min(1).describe('1, and one more with every resume'),
    })
    .describe('The fit has ended, and took so long. The time between the end of a process and a resume is not counted.'),
};

const state = z.strictObject({
  /** Of this fit, ms. */
  total: z.number().min(0).default(0),
  validation: z.number().min(0).default(0),
  started: z.iso.datetime().nullable().default(null),
  steps: z.int().min(0).default(0),
  epochs: z.int().min(0).default(0),
  processes: z.int().min(0).default(0),
  /** Set by a fit that came to its end: the next one is timed anew, while a resumed one goes on. */
  ended: z.boolean().default(false),
});
type Context = SteererContext<{ readonly [K in keyof typeof events]: z.input<(typeof events)[K]> }, z.output<typeof state>>;

const perSecond = 1000;

/**
 * Ends the fit before a time is up, and tells how long training and validation took: Lightning's Timer.
 *
 * - It ends where the next step (or epoch) would pass the limit, if that takes as long as the longest of the latest ten: a
 *   job whose machine is taken away after twelve hours has written its last checkpoint by then. Keep a `reserve` for what
 *   comes after the last step, such as a validation.
 * - A resumed fit counts on, and is not charged for the time between. Where the limit had ended it, it stays ended, until
 *   it is resumed with a longer one.
 * - A further fit() of the same trainer is timed anew; after an abort it is the one that was aborted, gone on with.
 *
 * @throws ConfigError OPTIONS_INVALID for a duration of 0, and for a reserve that leaves nothing of it
 *
 * @example new Trainer({ model, loss, plugins: [timer({ duration: '00:11:30:00' }), checkpoint({ folder: 'run-1' })] });
 */
export const timer = definePlugin({
  name: 'timer',
  summary: 'Ends the fit before a time is up, and tells how long training and validation took.',
  role: 'steer',
  options,
  events,
  state,
  hooks: ({ duration: given, interval, reserve }) => {
    const limit = given === undefined ? undefined : milliseconds(given);
    const next = new NextUnit();
    /** When the state was last brought up to date, ms. */
    let at = 0;
    /** Where the unit under way began. */
    let unitFrom = 0;
    let validationFrom: number | undefined;

    const catchUp = (context: Context): void => {
      const now = performance.now();
      context.state.total += now - at;
      at = now;
    };

    const judge = (context: Context): void => {
      const { total } = context.state;
      if (limit === undefined || total + next.expected + milliseconds(reserve) <= limit) return;
      context.stop(`the time is up: ${sayDuration(total)} of ${sayDuration(limit)} are used, and another ${interval} may take ${sayDuration(next.expected)}`);
    };

    const unitDone = (context: Context): void => {
      next.add(at - unitFrom);
      unitFrom = at;
      judge(context);
    };

    return {
      fitStart(_info, context: Context) {
        if (context.state.ended) context.state = state.parse({});
        context.state.started ??= new Date().toISOString();
        context.state.processes += 1;
        at = performance.now();
        unitFrom = at;
        validationFrom = undefined;
        judge(context);
      },
      epochStart(_info, context) {
        catchUp(context);
        if (interval === 'epoch') unitFrom = at;
      },
      stepEnd(_info, context) {
        catchUp(context);
        context.state.steps += 1;
        if (interval === 'step') unitDone(context);
      },
      validationStart(_info, context) {
        catchUp(context);
        validationFrom = at;
      },
      validationEnd(_info, context) {
        catchUp(context);
        context.state.validation += at - (validationFrom ?? at);
        validationFrom = undefined;
        // The next step begins now: a validation is no part of it.
        if (interval === 'step') {
          unitFrom = at;
          judge(context);
        }
      },
      epochEnd(_info, context) {
        catchUp(context);
        context.state.epochs += 1;
        if (interval === 'epoch') unitDone(context);
        else unitFrom = at;
      },
      fitEnd({ reason, by }, context) {
        catchUp(context);
        const { total, validation, started, steps, epochs, processes } = context.state;
        const ended = new Date().toISOString();
        context.emit('timer', {
          training: (total - validation) / perSecond,
          validation: validation / perSecond,
          total: total / perSecond,
          limit: limit === undefined ? null : limit / perSecond,
          stopped: by === context.name,
          started: started ?? ended,
          ended,
          steps,
          epochs,
          processes,
        });
        if (reason !== 'aborted') context.state.ended = true;
      },
      error(_info, context) {
        context.state.ended = true;
      },
    };
  },
});
