import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Logger, LoggerOptions } from 'pino';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { ruleNames } from '../diagnosis/index.js';
import type { Sink } from '../events/index.js';
import type { AnyPlugin } from '../plugin/define-plugin.js';
import { patchNames, type PatchName } from './patches.js';

/** What trainscopeCallbacks takes. */
export interface LayersCallbacksOptions {
  /** Plugins that need nothing that model.fit does not show. Default: none. */
  readonly plugins?: readonly AnyPlugin[];
  /** A pino logger, or options for one (transports included). Events go to it, a line each. */
  readonly logger?: Logger | LoggerOptions;
  readonly sinks?: readonly Sink[];
  /** A `step` event every so many steps. Default 10, as the trainer's: at 10 ms a step some ten lines a second. */
  readonly logEvery?: number;
  /**
   * The rules of trainscope/diagnosis: `every` so many steps the model is measured for them (default 10, and at steps
   * 1, 2 and 5, as the plugin diagnosis does), `skip` names rules that are not asked. False: no rules, and no measuring.
   */
  readonly diagnosis?: false | { readonly every?: number; readonly skip?: readonly (typeof ruleNames)[number][] };
  /**
   * What of the model is wrapped during the fit, to be seen: `gradients` (applyGradients of the optimizer),
   * `activations` (call of the layers), `predictions` (the loss functions; also counts validation samples), `end`
   * (isTraining, to tell a fit that threw). Default: all. []: nothing is touched, and only weights and logs are seen.
   */
  readonly patch?: readonly PatchName[];
  /** The model, for when the callbacks stand behind one that is a plain object: TensorFlow.js does not tell it then. */
  readonly model?: LayersModel;
  /** Fixes the random streams of plugins. model.fit shuffles with Math.random, which this does not touch. */
  readonly seed?: number;
}

const isSink = (value: unknown): boolean => typeof value === 'object' && value !== null && 'write' in value && typeof value.write === 'function' && 'name' in value && typeof value.name === 'string';

const schema = z.strictObject({
  plugins: z.array(z.custom<AnyPlugin>(() => true)).default([]),
  logger: z.custom<Logger | LoggerOptions>((value) => value === undefined || (typeof value === 'object' && value !== null), 'it takes a pino logger, or the options of one').optional(),
  sinks: z.array(z.custom<Sink>(isSink, 'it takes a sink, { name, write(event) }, as fileSink and memorySink make them')).default([]),
  logEvery: z.int().min(1).default(10),
  diagnosis: z.union([z.literal(false), z.strictObject({ every: z.int().min(1).default(10), skip: z.array(z.enum(ruleNames)).default([]) })]).prefault({}),
  patch: z.array(z.enum(patchNames)).default([...patchNames]),
  model: z.custom<LayersModel>((value) => value === undefined || (typeof value === 'object' && value !== null), 'it takes the model that is fitted').optional(),
  seed: z.int().optional(),
});
export type CheckedOptions = z.output<typeof schema>;

/** @throws ConfigError OPTIONS_INVALID with every problem */
export const checkOptions = (options: LayersCallbacksOptions): CheckedOptions => checkArgument('options of trainscopeCallbacks', schema, options);
