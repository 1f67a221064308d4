import type { ResourceLimits, Transferable } from 'node:worker_threads';
import type { Logger, LoggerOptions } from 'pino';
import { z } from 'zod';
import { ConfigError } from '../errors.js';
import type { Sink } from '../events/index.js';
import type { AnyPluginFactory } from '../plugin/index.js';
import { listProblems, problemsOf } from '../problems.js';
import { resourceLimitsSchema } from '../thread/resource-limits.js';

export interface TrainInWorkerOptions<Data = unknown, Plugins extends readonly AnyPluginFactory[] = readonly AnyPluginFactory[]> {
  /** What the training gets as `data`: copied by structured clone (plain data, typed arrays, maps, sets). */
  readonly data?: Data;
  /** Parts of `data` that are handed over and not copied, such as the buffers of typed arrays. They are gone here. */
  readonly transfer?: readonly Transferable[];
  /** Stops the training after its present step, as stop() does. */
  readonly signal?: AbortSignal;
  /** Get every event on the main thread, and are closed at the end. */
  readonly sinks?: readonly Sink[];
  /** A pino logger of the main thread, or options for one: every event is a line. */
  readonly logger?: Logger | LoggerOptions;
  /** The plugins of the training whose events are listened to here by name: `plugins: [gradientNorm]`. They are not attached to anything. */
  readonly plugins?: Plugins;
  /** Bounds of the worker's JavaScript heap, MiB. TensorFlow.js keeps the tensors of wasm and tfjs-node outside of it. */
  readonly resourceLimits?: ResourceLimits;
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
const has = (value: unknown, types: Readonly<Record<string, 'string' | 'function'>>): boolean =>
  (isObject(value) || typeof value === 'function') && Object.entries(types).every(([key, type]) => typeof (value as Readonly<Record<string, unknown>>)[key] === type);

const schema = z.strictObject({
  data: z.unknown().optional(),
  transfer: z.array(z.unknown()).optional(),
  signal: z.custom((value) => value instanceof AbortSignal, 'it takes an AbortSignal: new AbortController().signal').optional(),
  sinks: z.array(z.custom((value) => has(value, { name: 'string', write: 'function' }), 'it takes a sink, { name, write(event) }, as fileSink and memorySink make them')).optional(),
  logger: z.custom(isObject, 'it takes a pino logger, or the options of one').optional(),
  plugins: z.array(z.custom((value) => typeof value === 'function' && has(value, { pluginName: 'string' }), 'it takes what makes the plugin (gradientNorm), not the plugin (gradientNorm())')).optional(),
  resourceLimits: resourceLimitsSchema.optional(),
});

/** @throws ConfigError OPTIONS_INVALID with every problem */
export function checkOptions(options: object): void {
  const result = schema.safeParse(options);
  if (result.success) return;
  const problems = problemsOf(result.error, schema, options);
  throw new ConfigError('OPTIONS_INVALID', { found: `options of trainInWorker are not valid: ${listProblems(problems)}`, problems });
}
