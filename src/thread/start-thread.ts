import { existsSync } from 'node:fs';
import { Worker, type ResourceLimits, type Transferable, type WorkerOptions } from 'node:worker_threads';

/** The key in workerData: the user's module may look at workerData, and should see whose this is. */
export const startKey = 'trainscope';

export interface ThreadOptions {
  /** What runs in the thread, as it is called once compiled: `new URL('./bootstrap.js', import.meta.url)`. */
  readonly bootstrap: URL;
  /** What it finds under `startKey` in its workerData. */
  readonly start: object;
  readonly transfer: readonly Transferable[];
  readonly resourceLimits?: ResourceLimits | undefined;
}

/** There in a clone of the project alone, where the sources are run as they are. */
export const sourcesEntry = new URL('./from-sources.js', import.meta.url);
export const runsFromSources = (): boolean => existsSync(sourcesEntry);

/** Throws what Worker throws: for what structured clone does not take. */
export function startThread({ bootstrap, start, transfer, resourceLimits }: ThreadOptions): Worker {
  const fromSources = runsFromSources();
  const entry = fromSources ? sourcesEntry : bootstrap;
  const options: WorkerOptions = {
    name: 'trainscope',
    workerData: { [startKey]: { ...start, bootstrap: bootstrap.href.replace(/\.js$/, fromSources ? '.ts' : '.js') } },
    transferList: [...transfer],
    ...(resourceLimits === undefined ? {} : { resourceLimits }),
  };
  return new Worker(entry, options);
}
