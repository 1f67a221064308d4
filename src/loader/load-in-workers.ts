import { ConfigError } from '../errors.js';
import type { SeekableBatches } from '../data/source.js';
import { moduleUrl } from '../thread/module-url.js';
import { thrownText } from '../thrown-text.js';
import type { AnyLoaderFactory, LoaderFactory } from './define-loader.js';
import { batchesIn, epochBatches } from './epoch-batches.js';
import { loaderClosed, loaderFailed } from './loader-error.js';
import { LoaderThread } from './loader-thread.js';
import { checkOptions, type LoadInWorkersOptions, type ResolvedLoaderOptions } from './options.js';
import { Pass, type Counts } from './pass.js';
import { Passes } from './passes.js';
import { ThreadPool } from './thread-pool.js';

/**
 * Data for `fit`, `evaluate` and `predict`: a function of the epoch, whose batches threads make. Of one loader several
 * readers may read at once, and each gets its batches in their order.
 */
export interface WorkerLoader {
  /** The batches of an epoch, counted from 0: `for await (const batch of data(0))`. @throws DataError LOADER_CLOSED */
  (epoch: number): SeekableBatches;
  /** That the module has. */
  readonly samples: number;
  /** Undefined where `order` decides. */
  readonly batchesPerEpoch: number | undefined;
  /** Whether its samples come in another order than the module's, each epoch: not what `predict` takes. False with an `order` of one's own. */
  readonly shuffled: boolean;
  /** Since it was made, over all that read it. */
  readonly stats: LoaderStats;
  /**
   * Ends the threads, after the module's close() where it has one. What is being read fails with LOADER_CLOSED. Again is
   * the same promise. A loader that is not closed ends with the process, and does not keep it.
   * @throws DataError LOADER_FAILED, once all have ended, where the module's close() threw. It has 2 s, in which the batch that is at work ends as well
   */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How well the threads keep up: a training that waits for most of its batches wants more of them, or a faster module. */
export type LoaderStats = Readonly<Counts>;

/**
 * Loads data in worker threads, beside the training: what is slow to read, decode or augment is made while the step before
 * computes. The module's default export makes the loader (see defineLoader); TypeScript is run by tsx.
 *
 * Batches come in one order, and what is in them follows from the seed, the epoch and the index of the sample (or the
 * number of the batch) alone: any number of threads gives the same, and a resumed fit goes on with what would have come.
 * Of each reader at most `workers * prefetch` batches are being made or ready.
 *
 * @throws ConfigError OPTIONS_INVALID, also where dropLast leaves no batch; DataError LOADER_FAILED for a module that is not there, cannot be loaded, or whose
 * loader cannot be made
 * @example
 * const data = await loadInWorkers<typeof import('./digits.loader.js').default>({
 *   module: new URL('./digits.loader.js', import.meta.url),
 *   options: { folder: 'digits' },
 *   batchSize: 64,
 *   seed: 1,
 * });
 * await trainer.fit(data, { epochs: 3 });
 * await data.close();
 */
export async function loadInWorkers<F extends AnyLoaderFactory = LoaderFactory>(options: LoadInWorkersOptions<F>): Promise<WorkerLoader> {
  const settings = checkOptions(options);
  const module = moduleUrl(settings.module as string | URL, { what: 'the module of the loader', does: 'makes a loader', example: 'digits.loader', missing: loaderFailed });
  const threads = startThreads(module, settings);
  const pool = new ThreadPool(threads);
  try {
    const counts = (await Promise.all(threads.map(({ ready }) => ready))).map(({ count }) => count);
    const [count = 0] = counts;
    const other = counts.find((each) => each !== count);
    if (other !== undefined) {
      throw loaderFailed({ found: `the loaders of ${module} have ${count} samples in one thread and ${other} in another`, expected: 'all threads read the same samples', remedy: 'Let count follow from the options alone.' });
    }
    if (settings.order === undefined && batchesIn(count, settings) === 0) throw nothingLeft(module, count, settings);
    threads.forEach((thread) => thread.keepAlive(false));
    return loaderOf(pool, count, settings);
  } catch (error) {
    // The first error is the one to tell.
    await pool.close().catch(() => undefined);
    throw error;
  }
}

const nothingLeft = (module: string, count: number, { batchSize }: ResolvedLoaderOptions): ConfigError => {
  const problem = `batchSize is ${batchSize} and dropLast is true, and the loader of ${module} has ${count === 1 ? '1 sample' : `${count} samples`}`;
  return new ConfigError('OPTIONS_INVALID', { found: problem, expected: 'at least one batch is left', remedy: 'Lower batchSize, or leave out dropLast.', problems: [{ path: ['batchSize'], message: problem }] });
};

function startThreads(module: string, { options, seed, workers, resourceLimits }: ResolvedLoaderOptions): LoaderThread[] {
  const threads: LoaderThread[] = [];
  try {
    for (let index = 0; index < workers; index += 1) threads.push(new LoaderThread({ module, options, seed, index, threads: workers }, { resourceLimits }));
    return threads;
  } catch (cause) {
    void new ThreadPool(threads).close().catch(() => undefined);
    throw new ConfigError('OPTIONS_INVALID', {
      found: `the threads of the loader cannot be started: ${thrownText(cause)}`,
      expected: 'options that structured clone copies: plain data, typed arrays, maps and sets, no functions and no tensors',
      remedy: 'Give the module paths, numbers and arrays, and make the rest in it.',
      cause,
    });
  }
}

function loaderOf(pool: ThreadPool, count: number, settings: ResolvedLoaderOptions): WorkerLoader {
  const counts: Counts = { taken: 0, waited: 0, waitedMs: 0 };
  const close = (): Promise<void> => pool.close();
  const passes = new Passes((epoch, from, following) => {
    const batches = epochBatches(epoch, count, settings);
    return new Pass({ pool, epoch, batches, from, window: settings.prefetch * pool.size, counts, following });
  });
  const read = (epoch: number): SeekableBatches => {
    if (pool.isClosed) throw loaderClosed();
    return { [Symbol.asyncIterator]: () => passes.open(epoch, 0), iterateFrom: (batch) => passes.open(epoch, batch) };
  };
  return Object.defineProperties(read, {
    samples: { value: count, enumerable: true },
    batchesPerEpoch: { value: settings.order === undefined ? batchesIn(count, settings) : undefined, enumerable: true },
    shuffled: { value: settings.order === undefined && settings.shuffle !== false, enumerable: true },
    stats: { get: (): LoaderStats => ({ ...counts }), enumerable: true },
    close: { value: close },
    [Symbol.asyncDispose]: { value: close },
  }) as WorkerLoader;
}
