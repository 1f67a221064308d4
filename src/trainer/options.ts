import type { Logger, LoggerOptions } from 'pino';
import { z } from 'zod';
import type { DataSource } from '../data/index.js';
import { ConfigError } from '../errors.js';
import type { Sink } from '../events/index.js';
import type { AnyPlugin } from '../plugin/define-plugin.js';
import { listProblems, problemsOf } from '../problems.js';
import type { LossSpec } from './loss/index.js';
import type { MetricsSpec } from './metrics/index.js';
import type { ModelSource } from './model.js';
import { clippingSchema, weightDecaySchema, type OptimizerSpec } from './optimizer/index.js';

const count = z.int().min(1);
const classWeight = z.number().min(0);

/** How a fit runs: also the part of a config file that is called `fit`. */
export const fitSettingsSchema = z.strictObject({
  epochs: count.optional().describe('How many epochs this call of fit runs. Default 1, as Keras.'),
  batchSize: count.optional().describe('Samples a batch. Default 32, as Keras.'),
  shuffle: z.boolean().optional().describe('A new order each epoch, inputs and labels together. Default: true for data in memory.'),
  dropLast: z.boolean().optional().describe('Leave out a last batch that is smaller than the others. Default false.'),
  prefetch: z.int().min(0).optional().describe('Batches of an asynchronous source to have ready ahead of time. Default 2.'),
  stepsPerEpoch: count.optional().describe('Steps that make an epoch; the data goes on where the epoch before stopped. Default: all of the data.'),
  checkFinite: z.boolean().optional().describe('Look for NaN and infinite numbers in the data before the first step. Default true.'),
  classWeights: z
    .record(z.string(), z.union([classWeight, z.record(z.string(), classWeight)]))
    .optional()
    .describe('Weight of each class (by its number) in the loss, for every output of classes, or by the names of outputs.'),
  validationEvery: z
    .union([z.strictObject({ epochs: count }), z.strictObject({ steps: count })])
    .optional()
    .describe('When to validate. Default: after each epoch.'),
  signals: z.boolean().optional().describe('On SIGINT and SIGTERM finish the step, take a checkpoint where the plugin checkpoint is attached, flush the sinks and return with the reason aborted; a second signal ends the process at once. Default false: a signal ends the process.'),
  resumeData: z.enum(['replay', 'refuse']).optional().describe("What a source that cannot seek does when a fit is resumed in the middle of a pass over it: 'replay' reads it again up to there, 'refuse' fails before the first step. Default 'replay': reading twice costs time, and losing the run costs more."),
  validationBatchSize: count.optional().describe('Samples a batch in validation. Default: batchSize; none for a Dataset beside training data in memory, which is taken to be batched.'),
});
export type FitSettings = z.input<typeof fitSettingsSchema>;

/** What a call of fit takes beside its settings. */
export interface FitOptions extends FitSettings {
  readonly validation?: DataSource;
  /** Ends the fit cleanly after the step that is under way. */
  readonly signal?: AbortSignal;
}

/** The part of the trainer's options that is plain data: also what a config file may set. */
export const trainerSettingsSchema = z.strictObject({
  seed: z.int().optional().describe('Fixes the order of the data and the random streams of plugins. For all that is random, use the plugin seed.'),
  backend: z.enum(['auto', 'keep', 'tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu']).optional().describe("'auto' takes the first that works; 'keep' leaves what is set. Default 'auto', which keeps a backend that is in use."),
  accumulateSteps: count.optional().describe('Batches whose gradients are averaged into one update. Default 1.'),
  clip: clippingSchema.optional().describe('Gradient clipping. Default none.'),
  weightDecay: weightDecaySchema.optional().describe('Biases and normalisation weights are exempt. Default none.'),
  logEvery: count.optional().describe('A step event every so many steps. Default 10: at 10 ms a step some ten lines a second.'),
  progress: z.union([z.boolean(), z.literal('auto')]).optional().describe("A progress bar on stderr. Default 'auto': in a terminal only."),
});
export type TrainerSettings = z.input<typeof trainerSettingsSchema>;

export interface TrainerOptions<Plugins extends readonly AnyPlugin[] = readonly AnyPlugin[]> extends TrainerSettings {
  /** A model, or a function that makes one: made when the fit begins, so that the plugin `seed` covers its initial weights. */
  readonly model: ModelSource | (() => ModelSource | Promise<ModelSource>);
  readonly loss: LossSpec;
  /** Default: Adam at 0.001 (Kingma & Ba 2015, Keras' default). */
  readonly optimizer?: OptimizerSpec;
  readonly lossWeights?: readonly number[] | Readonly<Record<string, number>>;
  readonly metrics?: MetricsSpec;
  readonly plugins?: Plugins;
  /** A pino logger, or options for one (transports included). Events go to it, a line each. */
  readonly logger?: Logger | LoggerOptions;
  readonly sinks?: readonly Sink[];
  /** Defaults of every fit, as a config file gives them. */
  readonly fit?: FitSettings;
}

const isSink = (value: unknown): boolean => typeof value === 'object' && value !== null && 'write' in value && typeof value.write === 'function' && 'name' in value && typeof value.name === 'string';

/** What is no plain data: looked at here as far as nobody else does. */
const trainerObjects = {
  model: z.unknown(),
  loss: z.unknown(),
  optimizer: z.unknown(),
  lossWeights: z.unknown(),
  metrics: z.unknown(),
  plugins: z.unknown(),
  logger: z.custom((value) => value === undefined || (typeof value === 'object' && value !== null), 'it takes a pino logger, or the options of one'),
  sinks: z.array(z.custom(isSink, 'it takes a sink, { name, write(event) }, as fileSink and memorySink make them')).optional(),
  fit: fitSettingsSchema,
};
const fitObjects = {
  validation: z.unknown(),
  signal: z.custom((value) => value === undefined || value instanceof AbortSignal, 'it takes an AbortSignal: new AbortController().signal'),
};

/** Checks the plain part of options, unknown keys included. @throws ConfigError OPTIONS_INVALID with every problem. */
function checkPlain<S extends z.ZodObject>(what: string, schema: S, options: object, others: Readonly<Record<string, z.ZodType>>): z.output<S> {
  const whole = schema.extend(Object.fromEntries(Object.entries(others).map(([key, other]) => [key, other.optional()])));
  const result = whole.safeParse(options);
  if (!result.success) {
    const problems = problemsOf(result.error, whole, options);
    throw new ConfigError('OPTIONS_INVALID', { found: `${what} are not valid: ${listProblems(problems)}`, problems });
  }
  return Object.fromEntries(Object.entries(result.data).filter(([key, value]) => !(key in others) && value !== undefined)) as z.output<S>;
}

export const checkTrainerOptions = (options: object): z.output<typeof trainerSettingsSchema> => checkPlain('options of the trainer', trainerSettingsSchema, options, trainerObjects);
/** A fit's options over the trainer's defaults for all fits. What is undefined in them leaves the default. */
export function checkFitOptions(options: object, defaults: FitSettings = {}): z.output<typeof fitSettingsSchema> {
  return { ...checkPlain('options of fit', fitSettingsSchema, defaults, {}), ...checkPlain('options of fit', fitSettingsSchema, options, fitObjects) };
}

const batchOptionsSchema = z.strictObject({ batchSize: count.optional() });
export const checkBatchOptions = (method: 'evaluate' | 'predict', options: object): z.output<typeof batchOptionsSchema> => checkPlain(`options of ${method}`, batchOptionsSchema, options, {});
