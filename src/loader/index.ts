/** Data made in worker threads, beside the training: `import { defineLoader, loadInWorkers } from 'trainscope/loader'`. */
export type { NumericArray, Samples, SeekableBatches, ShapedArray } from '../data/source.js';
export type { RandomStream } from '../random/index.js';
export { defineLoader, type AnyLoaderFactory, type ByBatch, type BySample, type LoadedSample, type Loader, type LoaderFactory, type LoaderOptionsOf, type LoaderPlace, type LoaderThreadInfo, type SampleValue, type SampleValues } from './define-loader.js';
export { loadInWorkers, type LoaderStats, type WorkerLoader } from './load-in-workers.js';
export type { EpochOrder, LoadInWorkersOptions } from './options.js';
