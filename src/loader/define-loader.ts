import type { NumericArray, Samples, ShapedArray } from '../data/source.js';
import type { RandomStream } from '../random/index.js';

/** Which place of the training something is made for. Whatever is drawn at random here follows from it alone. */
export interface LoaderPlace {
  /** From 0: a function of the epoch is asked for it. */
  readonly epoch: number;
  /** The batch in the epoch, from 0. */
  readonly batch: number;
  /**
   * Random numbers of this place: of seed, epoch and sample in `sample`, of seed, epoch and batch in `batch`. The same
   * numbers come whatever thread asks, and however often.
   */
  readonly random: RandomStream;
}

/** One input, label or weight of a single sample: a number, a vector, or `{ values, shape }` with the shape of the sample. */
export type SampleValue = number | readonly number[] | NumericArray | ShapedArray;

/** Those of a sample: one alone, several by name, or several in the model's order (typed arrays or `{ values, shape }`). */
export type SampleValues = SampleValue | readonly (NumericArray | ShapedArray)[] | Readonly<Record<string, SampleValue>>;

/** A single sample. The arrays are copied into a batch, so the module may keep them and use them again. */
export interface LoadedSample {
  readonly inputs: SampleValues;
  readonly labels?: SampleValues | undefined;
  /** A number for each sample, or one for each label. */
  readonly sampleWeights?: SampleValues | undefined;
}

interface LoaderParts {
  /** Samples that there are: at least 1. */
  readonly count: number;
  /** Called when the loader is closed: for files and connections. It has 2 s, in which the batch that is at work ends as well; samples may still be awaited. */
  readonly close?: (() => void | Promise<void>) | undefined;
}

/** Gives samples one by one; the loader puts them together to batches of [batch, ...]. */
export interface BySample extends LoaderParts {
  /**
   * The sample of an index from 0 to count - 1. Of a batch all are asked for before any is waited for, so that what is
   * read asynchronously is read side by side.
   */
  readonly sample: (index: number, place: LoaderPlace) => LoadedSample | Promise<LoadedSample>;
  readonly batch?: undefined;
}

/** Gives whole batches. */
export interface ByBatch extends LoaderParts {
  /**
   * The samples of these indices as a batch: [indices.length, ...] each. Its arrays are handed over to the training: the
   * module must not keep them. Views of a part of a buffer and of shared memory are copied, and may be kept.
   */
  readonly batch: (indices: Int32Array, place: LoaderPlace) => Samples | Promise<Samples>;
  readonly sample?: undefined;
}

/** What a thread reads: samples one by one, or batches. */
export type Loader = BySample | ByBatch;

/** Which of the threads it is. */
export interface LoaderThreadInfo {
  /** From 0. */
  readonly index: number;
  /** How many there are. */
  readonly count: number;
}

/** The default export of a module that loads data. It is called once in each thread. */
export type LoaderFactory<Options = unknown> = (options: Options, thread: LoaderThreadInfo) => Loader | Promise<Loader>;

/** Any of them: what a type parameter is held to. */
export type AnyLoaderFactory = (options: never, thread: LoaderThreadInfo) => Loader | Promise<Loader>;

/** What the training script has to give to a loader. */
export type LoaderOptionsOf<F extends AnyLoaderFactory> = Parameters<F>[0];

/**
 * Types a loader: the module that the training names exports it as its default. It runs in each thread, once, and gives
 * what reads samples or batches there. Files are opened and tables are made in it; what it throws rejects loadInWorkers.
 *
 * @example
 * export default defineLoader(async ({ folder }: { folder: string }) => {
 *   const names = await readdir(folder);
 *   return {
 *     count: names.length,
 *     sample: async (index, { random }) => ({ inputs: turned(await decode(join(folder, names[index])), random.float()), labels: classOf(names[index]) }),
 *   };
 * });
 */
export const defineLoader = <Options = unknown>(make: LoaderFactory<Options>): LoaderFactory<Options> => make;
