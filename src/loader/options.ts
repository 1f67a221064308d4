import type { ResourceLimits } from 'node:worker_threads';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import type { RandomStream } from '../random/index.js';
import { resourceLimitsSchema } from '../thread/resource-limits.js';
import type { AnyLoaderFactory, LoaderFactory, LoaderOptionsOf } from './define-loader.js';

/** Gives the samples of an epoch in their order: indices from 0 to count - 1, any number of them, also again and again. */
export type EpochOrder = (epoch: number, given: { readonly count: number; readonly random: RandomStream }) => ArrayLike<number>;

/** With or without options, as the module takes some. */
type OptionsField<Options> = unknown extends Options ? { readonly options?: unknown } : undefined extends Options ? { readonly options?: Options } : { readonly options: Options };

export type LoadInWorkersOptions<F extends AnyLoaderFactory = LoaderFactory> = OptionsField<LoaderOptionsOf<F>> & {
  /** A file: URL, or a path from the working folder, of a module whose default export is a loader (see defineLoader). */
  readonly module: string | URL;
  /** Threads. Default 1: the least that takes the source off the thread that computes. Each further one holds what the module loads once more. */
  readonly workers?: number;
  /** Samples a batch. Default 32, as for samples in memory. */
  readonly batchSize?: number;
  /** A new order each epoch. Default true, as for samples in memory. */
  readonly shuffle?: boolean;
  /** An order of one's own in place of `shuffle`: weighted, a part of the samples. It has to follow from the epoch and the random numbers that it is given. */
  readonly order?: EpochOrder;
  /** What the orders and the random numbers of the module follow from. Default 0, so that equal calls give equal batches. */
  readonly seed?: number;
  /** Leaves out a last batch that is smaller than batchSize. Default false, as in Keras and PyTorch. */
  readonly dropLast?: boolean;
  /** Batches that a thread has ready or at work beyond those that were taken. Default 2, as PyTorch's prefetch_factor: one at work, one ready. */
  readonly prefetch?: number;
  /** Bounds of the JavaScript heap of each thread, MiB. */
  readonly resourceLimits?: ResourceLimits;
};

/** PyTorch's prefetch_factor (torch.utils.data.DataLoader): one batch at work while one waits to be taken. */
const defaultPrefetch = 2;
/** As for samples in memory (data/memory.ts), and Keras' own. */
const defaultBatchSize = 32;

const schema = z.strictObject({
  // What is missing or no path, moduleUrl tells.
  module: z.unknown().optional(),
  options: z.unknown().optional(),
  workers: z.int().min(1).default(1),
  batchSize: z.int().min(1).default(defaultBatchSize),
  shuffle: z.boolean().optional(),
  order: z.custom<EpochOrder>((value) => typeof value === 'function', 'it takes a function, (epoch, { count, random }) => indices').optional(),
  seed: z.int().default(0),
  dropLast: z.boolean().default(false),
  prefetch: z.int().min(1).default(defaultPrefetch),
  resourceLimits: resourceLimitsSchema.optional(),
}).refine(({ shuffle, order }) => shuffle !== true || order === undefined, 'shuffle is true and there is an order, which decides alone');

/** The options with every default in its place. */
export type ResolvedLoaderOptions = z.output<typeof schema>;

/** @throws ConfigError OPTIONS_INVALID with every problem */
export const checkOptions = (options: unknown): ResolvedLoaderOptions => checkArgument('options of loadInWorkers', schema, options);
