import { NvidiaSmiStream, type StreamOptions } from './nvidia-smi-stream.js';
import type { GpuSample } from './sample-line.js';

export interface WatchOptions extends StreamOptions {
  /** Indices or UUIDs; empty: all. */
  readonly gpus: readonly (number | string)[];
}

/** Something to tell of the GPUs. */
export type GpuNews =
  | { readonly kind: 'available'; readonly gpus: readonly GpuSample[] }
  /** `lost`: there were readings, or something ran that gave none. A machine without a GPU has lost nothing. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly lost: boolean };

/** The GPUs that are watched during one fit: their readings, and each thing that is to be told of them once. */
export class GpuWatch {
  readonly #stream: NvidiaSmiStream;
  /** Latest reading and number of readings by UUID. */
  readonly #seen = new Map<string, { readonly sample: GpuSample; readonly count: number }>();
  #saidAvailable = false;
  #saidUnavailable = false;

  constructor(readonly options: WatchOptions) {
    this.#stream = new NvidiaSmiStream(options);
    this.#stream.start();
  }

  /** Hands over the watched GPUs' readings since the last time, and how many (of any GPU) found no room. */
  take(): { readonly samples: readonly GpuSample[]; readonly forgotten: number } {
    if (this.#stream.pending === 0) return { samples: [], forgotten: 0 };
    const { values, forgotten } = this.#stream.drain();
    const samples = values.filter((sample) => this.#isWatched(sample));
    for (const sample of samples) this.#seen.set(sample.uuid, { sample, count: (this.#seen.get(sample.uuid)?.count ?? 0) + 1 });
    return { samples, forgotten };
  }

  /** What has not been told yet. `atEnd`: nothing more will come, so what is not known by now is told as such. */
  news(atEnd: boolean): readonly GpuNews[] {
    const news: GpuNews[] = [];
    const { status } = this.#stream;
    const hasEnded = status.kind === 'ended' && status.cause !== 'stopped';
    const seen = [...this.#seen.values()];
    // A GPU's second reading means that all GPUs have been read once.
    if (!this.#saidAvailable && (seen.some(({ count }) => count > 1) || (seen.length > 0 && (atEnd || hasEnded)))) {
      this.#saidAvailable = true;
      news.push({ kind: 'available', gpus: seen.map(({ sample }) => sample).sort((a, b) => a.index - b.index) });
    }
    if (this.#saidUnavailable) return news;
    if (hasEnded) {
      this.#saidUnavailable = true;
      news.push({ kind: 'unavailable', reason: status.reason, lost: this.#saidAvailable || status.cause === 'silent' || status.cause === 'nonsense' });
    } else if (atEnd && !this.#saidAvailable) {
      this.#saidUnavailable = true;
      news.push({ kind: 'unavailable', reason: this.#nothingYet(status.kind === 'running'), lost: false });
    }
    return news;
  }

  stop(): Promise<void> {
    return this.#stream.stop();
  }

  #isWatched({ index, uuid }: GpuSample): boolean {
    const { gpus } = this.options;
    return gpus.length === 0 || gpus.includes(index) || gpus.includes(uuid);
  }

  #nothingYet(hasReadings: boolean): string {
    const { command, gpus } = this.options;
    return hasReadings ? `no GPU has an index or UUID among ${gpus.join(', ')}` : `${command} had given no reading when the fit ended`;
  }
}
