import { definePlugin, type ObserverContext, type PhaseTimes } from 'trainscope/plugin';
import { z } from 'zod';
import { StepWindow, type Speed } from './throughput/step-window.js';

const options = z.strictObject({
  window: z.int().min(1).max(100_000).default(100).describe("Over how many of the latest steps the speed is taken. The window_size of Composer's SpeedMonitor and of Lightning's ThroughputMonitor."),
  every: z.int().min(1).default(50).describe("An event every so many steps, and one at the end of the fit. 50: how often Lightning logs."),
});

const speed = z.number().min(0);
const events = {
  throughput: z
    .strictObject({
      samplesPerSecond: speed.describe('over the window'),
      stepsPerSecond: speed.describe('over the window'),
      stepMs: z.strictObject({ p50: speed, p95: speed }).describe('time of a step, over the window, ms'),
      window: z.int().min(1).describe('steps in the window: fewer than asked for at first'),
      shares: z
        .strictObject({ data: speed, compute: speed, measure: speed, plugins: speed, pace: speed })
        .describe('of the time since the last event of the kind: waiting for data; forward, backward and update; measuring and reading; plugins; letting the event loop turn'),
      flops: speed.nullable().describe("floating-point operations of the model a second, over the window, where the plugin modelSummary is there and knows those of the model: 6 a multiply-add and sample"),
      overall: z
        .strictObject({ samplesPerSecond: speed, stepsPerSecond: speed, samples: z.int().min(0), steps: z.int().min(0), seconds: speed })
        .describe('of the whole fit, in all of its processes'),
    })
    .describe('How fast the training is, without validations and pauses.'),
};

const state = z.strictObject({
  /** Of this fit, without validation, ms. */
  ms: z.number().min(0).default(0),
  steps: z.int().min(0).default(0),
  samples: z.int().min(0).default(0),
  /** Of a forward pass of one sample: told once, by a model-summary that a resumed run does not hear again. */
  multiplyAdds: z.int().min(0).nullable().default(null),
  /** Set by a fit that came to its end: the next one counts anew. */
  ended: z.boolean().default(false),
});
type Context = ObserverContext<{ readonly [K in keyof typeof events]: z.input<(typeof events)[K]> }, z.output<typeof state>>;

const perSecond = 1000;
/** Forward pass 2 operations a multiply-add, backward pass twice that: Kaplan et al. 2020, section 2.1. */
const flopsPerMultiplyAdd = 6;

/** The phases that count as training; one that is not named here, such as validation, does not. */
const phases = ['data', 'forwardBackward', 'update', 'measure', 'plugins', 'pace'] as const satisfies readonly (keyof PhaseTimes)[];
const trained = (times: PhaseTimes): number => phases.reduce((sum, phase) => sum + times[phase], 0);

const rate = (count: number, ms: number): number => (ms > 0 ? (count / ms) * perSecond : 0);

/**
 * Tells how fast the training is: samples and steps a second over the latest steps and over the whole fit, how long a
 * step takes, and which part of the loop takes it. Composer's SpeedMonitor, Lightning's ThroughputMonitor.
 *
 * - The time is that of the loop, from the end of one step to the end of the next, with all plugins and the waiting for
 *   data in it; validations and pauses are left out.
 * - It reads nothing from the device. Where operations are only issued, as on a GPU, the times of single steps are those
 *   of issuing them, until a read waits for them all: the speeds, which go over many steps, are right, and p95 shows the waiting.
 * - The first steps, which compile and warm up, leave the window; they stay in `overall`.
 *
 * @example new Trainer({ model, loss, plugins: [throughput({ every: 100 })] });
 */
export const throughput = definePlugin({
  name: 'throughput',
  summary: 'Tells how many samples and steps a second are trained, and how long a step takes.',
  role: 'observe',
  options,
  events,
  state,
  hooks: ({ window, every }) => {
    let steps = new StepWindow(window);
    /** Times at the end of the step before. */
    let before: PhaseTimes | undefined;
    /** Times at the last event. */
    let told: PhaseTimes | undefined;
    let toldAt = -1;

    const shares = (now: PhaseTimes): Record<'data' | 'compute' | 'measure' | 'plugins' | 'pace', number> => {
      const whole = trained(now) - (told === undefined ? 0 : trained(told));
      const share = (...of: (typeof phases)[number][]): number => (whole > 0 ? of.reduce((sum, phase) => sum + now[phase] - (told?.[phase] ?? 0), 0) / whole : 0);
      return { data: share('data'), compute: share('forwardBackward', 'update'), measure: share('measure'), plugins: share('plugins'), pace: share('pace') };
    };

    const tell = ({ steps: count, samples, ms, p50, p95 }: Speed, context: Context): void => {
      const { state: overall, times } = context;
      context.emit('throughput', {
        samplesPerSecond: rate(samples, ms),
        stepsPerSecond: rate(count, ms),
        stepMs: { p50, p95 },
        window: count,
        shares: shares(times),
        flops: overall.multiplyAdds === null ? null : rate(samples, ms) * overall.multiplyAdds * flopsPerMultiplyAdd,
        overall: { samplesPerSecond: rate(overall.samples, overall.ms), stepsPerSecond: rate(overall.steps, overall.ms), samples: overall.samples, steps: overall.steps, seconds: overall.ms / perSecond },
      });
      told = times;
      toldAt = context.step;
    };

    return {
      setup(_info, context: Context) {
        context.listen(({ event, data }) => {
          if (event === 'model-summary' && typeof data['multiplyAdds'] === 'number') context.state.multiplyAdds = data['multiplyAdds'];
        });
      },
      fitStart(_info, context: Context) {
        const { ended, multiplyAdds } = context.state;
        if (ended) context.state = state.parse({ multiplyAdds });
        steps = new StepWindow(window);
        // What the opening of the fit took, and a rehearsal, are no part of its steps.
        before = context.times;
        told = before;
        toldAt = -1;
      },
      stepEnd({ batchSize }, context) {
        const { times } = context;
        const ms = Math.max(0, trained(times) - (before === undefined ? 0 : trained(before)));
        before = times;
        steps.add({ ms, samples: batchSize });
        const { state: overall } = context;
        overall.ms += ms;
        overall.steps += 1;
        overall.samples += batchSize;
        if (context.step % every === 0 && steps.speed !== undefined) tell(steps.speed, context);
      },
      fitEnd({ reason }, context) {
        if (steps.speed !== undefined && toldAt !== context.step) tell(steps.speed, context);
        if (reason !== 'aborted') context.state.ended = true;
      },
      error(_info, context) {
        context.state.ended = true;
      },
    };
  },
});
