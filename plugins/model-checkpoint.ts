import { asValidation, definePlugin, real, type Metrics, type ObserverContext } from 'trainscope/plugin';
import { z } from 'zod';
import { metricDirection } from './early-stopping/metric-direction.js';
import { parseFilepath, type Filepath } from './model-checkpoint/filepath.js';
import { stepRead } from './shared/step-read.js';

const options = z
  .strictObject({
    filepath: z.string().min(1).describe('The folder of the saved model. Numbers stand in it as {epoch}, {epoch:03d}, {step}, {val_loss:.4f}; without any, each model replaces the one before. In a config file: a path in its folder, or in the output folder.'),
    monitor: z.string().min(1).default('val_loss').describe("The metric that says which model is best; `val_` in front: that of the validation. Keras' default."),
    mode: z.enum(['auto', 'min', 'max']).default('auto').describe('Whether a lower or a higher value is better; auto reads it from the name.'),
    saveBestOnly: z.boolean().default(false).describe("Save only where the metric is better than at any save before. Keras' default."),
    saveWeightsOnly: z.boolean().default(false).describe("Leave out what tf.loadLayersModel builds the model from. Keras' default. Of a model written by hand there are the weights alone."),
    saveFreq: z.union([z.literal('epoch'), z.int().min(1)]).default('epoch').describe("'epoch': at the end of each epoch, after its validation. A number: after every so many steps; a training metric is that of the one step then. Keras' default."),
    initialValueThreshold: z.number().optional().describe('With saveBestOnly: the value that the first model has to beat.'),
  })
  .superRefine((given, context) => {
    const { filepath, monitor, mode, saveBestOnly, initialValueThreshold } = given;
    const parsed = parseFilepath(filepath);
    if ('problem' in parsed) context.addIssue({ code: 'custom', path: ['filepath'], message: parsed.problem });
    if (saveBestOnly && mode === 'auto' && metricDirection(monitor) === undefined) {
      context.addIssue({ code: 'custom', path: ['mode'], message: `the name "${monitor}" does not tell whether it is to fall or to rise: set mode to 'min' or 'max'` });
    }
    if (initialValueThreshold !== undefined && !saveBestOnly) {
      context.addIssue({ code: 'custom', path: ['initialValueThreshold'], message: 'nothing is compared with it: set saveBestOnly to true, or leave it out' });
    }
  });

const events = {
  'model-checkpoint': z
    .strictObject({
      path: z.string().nullable().describe('folder that the model is written to; null when it was not saved'),
      saved: z.boolean().describe('false with saveBestOnly where the metric is no better'),
      metric: z.string().describe('the monitored one'),
      value: real.nullable().describe('of the metric now; null where it is not known'),
      best: real.nullable().describe('best value so far, this one included; null while none was finite'),
      bestEpoch: z.int().min(0).nullable(),
      bytes: z.int().min(0).describe('of both files'),
    })
    .describe('The model was taken, and is written while the training goes on; model-checkpoint-failed says when that fails.'),
  'model-checkpoint-failed': z
    .strictObject({ path: z.string(), message: z.string(), code: z.string().nullable().describe("the error's code") })
    .describe('A model could not be written. The training goes on, and what was at its path is as it was.'),
};

const best = z.strictObject({ value: real, epoch: z.int().min(0), step: z.int().min(0) }).nullable();
const state = z.strictObject({ best: best.default(null) });
type Context = ObserverContext<{ readonly [K in keyof typeof events]: z.input<(typeof events)[K]> }, z.output<typeof state>>;

const filepathOf = (text: string): Filepath => {
  const parsed = parseFilepath(text);
  return 'problem' in parsed ? { metrics: [], fill: () => text } : parsed;
};

/** The path up to the first part that has a number in it: what is above that is there before the first model. */
const firstOfItsKind = (text: string): string => /^[^{]*(?:\{[^{}]*\}[^{}\\/]*)?/.exec(text)?.[0] ?? text;

const isOfValidation = (name: string): boolean => name.startsWith('val_');

/**
 * Saves the model while it trains, in TensorFlow.js's own format: Keras' ModelCheckpoint. The plugin `checkpoint` saves
 * the whole run, to be resumed; this one saves what is to be used: a folder of model.json and weights.bin.
 *
 * - The training waits for the copy of the weights alone. A folder is whole or not there, whenever the process dies.
 * - A model that replaces another takes its place in one move. A folder that holds anything else is refused.
 * - A metric that is NaN is no improvement, the first neither (Keras takes the first whatever it is).
 * - With `weightAverage` in the validation, what is saved at the end of an epoch are the averages, which the metric is of.
 * - The best value so far is part of a checkpoint of the run: a resumed one goes on comparing with it.
 *
 * @throws ConfigError OPTIONS_INVALID for a filepath that cannot be read, and a monitor whose direction its name does not
 * tell; PluginError PLUGIN_REQUIRES for a metric that is not measured; CheckpointError CHECKPOINT_UNWRITABLE and
 * CHECKPOINT_FOLDER_TAKEN before the first step
 *
 * @example
 * new Trainer({ model, loss, plugins: [modelCheckpoint({ filepath: 'models/best', saveBestOnly: true })] });
 */
export const modelCheckpoint = definePlugin({
  name: 'modelCheckpoint',
  summary: 'Saves the model in the format of TensorFlow.js while it trains: each, or the best alone.',
  role: 'observe',
  enforce: 'post',
  onError: 'stop',
  options,
  events,
  state,
  paths: ['filepath'],
  requires: ({ filepath, monitor, saveBestOnly }) => {
    const metrics = [...filepathOf(filepath).metrics, ...(saveBestOnly ? [monitor] : [])];
    return [...(metrics.some(isOfValidation) ? (['validation'] as const) : []), ...metrics.map((name) => `metric:${name}` as const)];
  },
  needs: ({ saveFreq }) => (saveFreq === 'epoch' ? undefined : { every: saveFreq, of: { stepRead: stepRead() } }),
  hooks: (given) => {
    const { filepath: text, monitor, saveBestOnly, saveWeightsOnly, saveFreq, initialValueThreshold } = given;
    const filepath = filepathOf(text);
    const direction = given.mode === 'auto' ? (metricDirection(monitor) ?? 'min') : given.mode;
    const isBetter = (value: number, than: number): boolean => (direction === 'min' ? value < than : value > than);
    /** Writes under way. */
    const writing = new Set<Promise<void>>();

    const fail = (context: Context, path: string, error: unknown): void => {
      const { message, code } = error instanceof Error ? (error as Error & { code?: unknown }) : { message: String(error), code: null };
      context.emit('model-checkpoint-failed', { path, message, code: typeof code === 'string' ? code : null }, { level: 'error' });
    };

    const save = async (metrics: Metrics, context: Context): Promise<void> => {
      const { epoch, step } = context;
      const value = metrics[monitor];
      const before = context.state.best;
      const toBeat = before?.value ?? initialValueThreshold;
      const improved = value !== undefined && !Number.isNaN(value) && (toBeat === undefined || isBetter(value, toBeat));
      const now = improved ? { value, epoch, step } : before;
      const facts = { metric: monitor, value: value ?? null, best: now?.value ?? null, bestEpoch: now?.epoch ?? null };
      if (saveBestOnly && !improved) {
        context.emit('model-checkpoint', { ...facts, path: null, saved: false, bytes: 0 }, { level: 'debug' });
        return;
      }
      const path = filepath.fill({ ...metrics, epoch, step });
      context.state.best = now;
      const failed = (error: unknown): void => {
        // What is not on the disk is not the best: the next that beats the one before is saved.
        if (context.state.best === now) context.state.best = before;
        fail(context, path, error);
      };
      try {
        const { bytes, written } = await context.models.save(path, { weightsOnly: saveWeightsOnly });
        context.emit('model-checkpoint', { ...facts, path, saved: true, bytes });
        const settled = written.catch(failed).finally(() => writing.delete(settled));
        writing.add(settled);
        // Each model that waits is a copy of the weights: where the disk is slower than the training, that waits for it.
        if (writing.size > 1) await Promise.all([...writing].slice(0, -1));
      } catch (error) {
        failed(error);
      }
    };

    return {
      async fitStart({ resumed }, context: Context) {
        if (!resumed) await context.models.open(filepathOf(firstOfItsKind(text)).fill({ ...Object.fromEntries(filepath.metrics.map((name) => [name, 0])), epoch: 0, step: 0 }));
      },
      measured: (_values, context) => save(context.metrics, context),
      async epochEnd({ metrics, validation }, context) {
        // Of an epoch without validation nothing can be said by a metric of the validation.
        if (saveFreq !== 'epoch' || (saveBestOnly && isOfValidation(monitor) && validation === null)) return;
        await save({ ...context.metrics, ...metrics, ...asValidation(validation ?? {}) }, context);
      },
      async fitEnd() {
        await Promise.all(writing);
      },
      async error() {
        await Promise.all(writing);
      },
    };
  },
});
