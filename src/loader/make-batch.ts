import { DataError } from '../errors.js';
import { showValue } from '../problems.js';
import { RandomStreams } from '../random/index.js';
import { thrownText } from '../thrown-text.js';
import type { Samples } from '../data/source.js';
import { collate } from './collate.js';
import type { BySample, Loader, LoaderPlace } from './define-loader.js';
import { loaderFailed, placeOf } from './loader-error.js';
import type { Job } from './messages.js';

/** The samples of a batch by its first input, where that says so plainly: an array with its shape, or a typed array. */
function samplesIn(batch: object): number | undefined {
  const { inputs, xs, 0: first } = batch as { readonly inputs?: unknown; readonly xs?: unknown; readonly 0?: unknown };
  const values = inputs ?? xs ?? first;
  if (typeof values !== 'object' || values === null) return undefined;
  const { shape } = values as { readonly shape?: unknown };
  if (Array.isArray(shape)) return typeof shape[0] === 'number' ? shape[0] : undefined;
  return ArrayBuffer.isView(values) ? (values as { readonly length?: number }).length : undefined;
}

/** Makes the batches of a job by the user's module. */
export class BatchMaker {
  readonly #loader: Loader;
  readonly #streams: RandomStreams;
  readonly #module: string;

  constructor(loader: Loader, seed: number, module: string) {
    this.#loader = loader;
    this.#streams = new RandomStreams(seed);
    this.#module = module;
  }

  /** @throws DataError LOADER_FAILED with the sample, batch, epoch and module; the module's own error is its cause */
  async make(job: Job): Promise<Samples> {
    const { sample, batch } = this.#loader;
    if (sample !== undefined) return this.#together(job, await Promise.all(this.#samples(job, sample)));
    const { epoch, batch: number } = job;
    let samples: unknown;
    try {
      samples = await batch(job.indices, this.#place(job, `loader/batch/${epoch}/${number}`));
    } catch (cause) {
      throw this.#failed(placeOf(job), cause);
    }
    if (typeof samples === 'object' && samples !== null) {
      const count = samplesIn(samples);
      if (count === undefined || count === job.indices.length) return samples as Samples;
      throw loaderFailed({
        found: `${placeOf(job)} of ${this.#module} has ${count} samples`,
        expected: `batch(indices) was asked for ${job.indices.length}`,
        remedy: 'Give one row for each of the indices.',
      });
    }
    throw loaderFailed({
      found: `${placeOf(job)} of ${this.#module} is ${showValue(samples)}`,
      expected: 'batch(indices) gives { inputs, labels } of typed arrays or { values, shape }',
      remedy: 'Return the batch.',
    });
  }

  /** One after the other is asked for, and then all are waited for. */
  #samples(job: Job, sample: BySample['sample']): Promise<Awaited<ReturnType<BySample['sample']>>>[] {
    return Array.from(job.indices, async (index) => {
      try {
        return await sample(index, this.#place(job, `loader/sample/${job.epoch}/${index}`));
      } catch (cause) {
        throw this.#failed(`sample ${index}, in ${placeOf(job)},`, cause);
      }
    });
  }

  #together(job: Job, samples: Parameters<typeof collate>[0]): Samples {
    try {
      return collate(samples, job.indices);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      const { found, expected, remedy } = error;
      throw loaderFailed({ found: `${placeOf(job)} of ${this.#module}: ${found}`, ...(expected === undefined ? {} : { expected }), ...(remedy === undefined ? {} : { remedy }), cause: error });
    }
  }

  #failed(what: string, cause: unknown): Error {
    return loaderFailed({ found: `${what} could not be made by ${this.#module}: ${thrownText(cause)}`, remedy: 'The error is in the module itself; it is the cause of this one.', cause });
  }

  #place({ epoch, batch }: Job, name: string): LoaderPlace {
    const streams = this.#streams;
    let random: LoaderPlace['random'] | undefined;
    return {
      epoch,
      batch,
      // A stream costs a digest, and many modules draw nothing.
      get random() {
        return (random ??= streams.derive(name));
      },
    };
  }
}
