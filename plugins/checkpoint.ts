import { asValidation, definePlugin, real, type Metrics, type ObserverContext } from 'trainscope/plugin';
import { z } from 'zod';
import { metricDirection } from './early-stopping/metric-direction.js';

const options = z
  .strictObject({
    folder: z.string().min(1).default('checkpoints').describe('Where checkpoints are written, one folder each. It holds those of one run. In a config file: a path in its folder, or in the output folder.'),
    every: z
      .strictObject({
        steps: z.int().min(1).optional().describe('After every so many steps.'),
        epochs: z.int().min(1).optional().describe('At the end of every so many epochs.'),
        minutes: z.number().positive().optional().describe('After the first step that ends so many minutes after the last checkpoint.'),
      })
      .default({ epochs: 1 })
      .describe('When to take a checkpoint; several may be given. {}: at the end alone.'),
    keepLast: z.union([z.int().min(1), z.literal('all')]).default(3).describe('How many of the newest are kept. 3: two may be damaged, and one still is there.'),
    keepBest: z.int().min(0).default(0).describe('How many of those with the best value of `monitor` are kept beside them. Only those taken at a validation, or an epoch end, have a value.'),
    keepEvery: z.int().min(1).optional().describe('Every so many-th checkpoint is kept for good.'),
    monitor: z.string().min(1).default('val_loss').describe('The metric that says which are best; `val_` in front: that of the validation.'),
    mode: z.enum(['min', 'max', 'auto']).default('auto').describe('Whether a lower or a higher value is better; auto reads it from the name.'),
    atEnd: z.boolean().default(true).describe('One more when the fit ends, also when a signal, an abort or a plugin ends it; not when it fails.'),
  })
  .superRefine(({ monitor, mode, keepBest }, context) => {
    if (keepBest > 0 && mode === 'auto' && metricDirection(monitor) === undefined) {
      context.addIssue({ code: 'custom', path: ['mode'], message: `the name "${monitor}" does not tell whether it is to fall or to rise: set mode to 'min' or 'max'` });
    }
  });

const events = {
  checkpoint: z
    .strictObject({
      name: z.string().describe('folder of the checkpoint, in the folder of the plugin'),
      reason: z.string().describe('why it was taken'),
      metric: z.strictObject({ name: z.string(), value: real }).nullable().describe('what the best ones are chosen by'),
      lasting: z.boolean().describe('whether it is kept for good'),
      finite: z.boolean().describe('false when a weight or a slot is NaN or infinite: a roll-back passes it over'),
      bytes: z.int().min(0).describe('of weights, optimizer slots and kept copies'),
      ms: z.number().min(0).describe('for how long the training was held while they were copied, ms'),
    })
    .describe('A checkpoint was taken, and is written while the training goes on; checkpoint-failed says when that fails.'),
  'checkpoint-failed': z
    .strictObject({ name: z.string(), message: z.string(), code: z.string().nullable().describe("the error's code") })
    .describe('A checkpoint could not be written. The training goes on, and earlier checkpoints are as they were.'),
};

const state = z.strictObject({
  /** Checkpoints that were asked for at their time, for keepEvery. */
  taken: z.int().min(0).default(0),
  /** What was asked for last, and at which step: a validation of that step adds its value. */
  asked: z.strictObject({ step: z.int().min(0), reason: z.string() }).nullable().default(null),
});
type Context = ObserverContext<{ readonly [K in keyof typeof events]: z.input<(typeof events)[K]> }, z.output<typeof state>>;

const msPerMinute = 60_000;

/**
 * Saves the whole run while it trains, so that `trainer.resume(folder)` goes on as if it had never stopped: weights,
 * optimizer slots, counters, the place in the data, random streams, the state of every plugin.
 *
 * - The training waits for the copy of the weights alone; they are written while it goes on. A checkpoint that was begun
 *   and not finished, when the process dies, is never taken for one.
 * - It is taken when all plugins have seen the step, or the epoch's end.
 * - A folder holds one run: at the start of another run a folder that has checkpoints is refused.
 * - Each checkpoint holds the model in TensorFlow.js's own format as well (model.json, weights.bin).
 *
 * @throws CheckpointError CHECKPOINT_UNWRITABLE and CHECKPOINT_FOLDER_TAKEN before the first step
 *
 * @example
 * const trainer = new Trainer({ model, loss, plugins: [checkpoint({ folder: 'run-1', every: { steps: 500 }, keepBest: 2 })] });
 * await trainer.resume('run-1', { missing: 'start' });
 * await trainer.fit(data, { epochs: 20, signals: true });
 */
export const checkpoint = definePlugin({
  name: 'checkpoint',
  summary: 'Saves the whole run while it trains, so that it can be resumed exactly.',
  role: 'observe',
  enforce: 'post',
  onError: 'stop',
  options,
  events,
  state,
  paths: ['folder'],
  requires: ({ keepBest, monitor }) => (keepBest === 0 ? [] : [...(monitor.startsWith('val_') ? (['validation'] as const) : []), `metric:${monitor}` as const]),
  hooks: ({ folder, every, keepLast, keepBest, keepEvery, monitor, mode, atEnd }) => {
    let tookAt = 0;

    const ask = (context: Context, reason: string, metrics: Metrics = {}): void => {
      tookAt = performance.now();
      const value = metrics[monitor];
      const { asked, taken } = context.state;
      const again = asked?.step === context.step && asked.reason === reason;
      context.state = { taken: again ? taken : taken + 1, asked: { step: context.step, reason } };
      context.checkpoints.request({ reason, lasting: keepEvery !== undefined && context.state.taken % keepEvery === 0, ...(value === undefined ? {} : { metric: { name: monitor, value } }) });
    };

    return {
      async fitStart(_info, context) {
        tookAt = performance.now();
        await context.checkpoints.open({
          folder,
          policy: { keepLast, keepBest, mode: mode === 'auto' ? (metricDirection(monitor) ?? 'min') : mode },
          atEnd,
          taken: ({ milliseconds, ...taken }) => {
            context.emit('checkpoint', { ...taken, ms: milliseconds });
          },
          failed: ({ name, error }) => {
            const { message, code } = error instanceof Error ? (error as Error & { code?: unknown }) : { message: String(error), code: null };
            context.emit('checkpoint-failed', { name, message, code: typeof code === 'string' ? code : null }, { level: 'error' });
          },
        });
      },
      stepEnd(_info, context) {
        if (every.steps !== undefined && context.step % every.steps === 0) ask(context, `every ${String(every.steps)} steps`);
        else if (every.minutes !== undefined && performance.now() - tookAt >= every.minutes * msPerMinute) ask(context, `every ${String(every.minutes)} minutes`);
      },
      validationEnd({ metrics, atEpochEnd }, context) {
        const { asked } = context.state;
        if (!atEpochEnd && asked?.step === context.step) ask(context, asked.reason, asValidation(metrics));
      },
      epochEnd({ metrics, validation }, context) {
        if (every.epochs !== undefined && context.epoch % every.epochs === 0) ask(context, every.epochs === 1 ? 'every epoch' : `every ${String(every.epochs)} epochs`, { ...metrics, ...asValidation(validation ?? {}) });
      },
    };
  },
});
