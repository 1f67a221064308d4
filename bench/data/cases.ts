import { shuffle } from 'simple-statistics';
import { loadInWorkers, type WorkerLoader } from 'trainscope/loader';
import type digits from './digits.loader.js';
import { estimate, type Estimate } from '../overhead/statistics.js';
import type { Quiet } from './free-cores.js';
import { ideal } from './ideal.js';
import { dataSeed } from './seed.js';
import { inMemory, inThread, profiledFit, timedDrain, timedFit, type Profile, type Work } from './ways.js';

/** ms a batch of each measure, one a round. */
export interface Times {
  readonly source: number[];
  readonly compute: number[];
  readonly oneThread: number[];
  readonly loader: number[];
  /** See ideal(). */
  readonly ideal: number[];
}

export interface Case {
  readonly name: string;
  /** What of compute the source is to take. */
  readonly wanted: number;
  readonly work: Work;
  readonly ms: { readonly [Name in keyof Times]: Estimate };
  /** Throughput of the loader to that of the slower of source and compute alone, within a round. */
  readonly throughput: Estimate;
  /** The same to what the machine can do of both at once. */
  readonly toIdeal: Estimate;
  /** Share of the shorter of the two that is hidden, within a round. */
  readonly overlap: Estimate;
  /** How much faster than one thread that does both. */
  readonly speedup: Estimate;
  /** What gpuProfiler says with one thread, and with the loader. */
  readonly before: Profile;
  readonly after: Profile;
  /** Batches of the timed fits that were not there when they were asked for, to all. */
  readonly waited: number;
  /** See freeCores: looked at before and after each measure. */
  readonly cores: Estimate;
}

/** Batches that are made ready: with the loader's default of 2 a source that stands still for a moment, as the collector makes it, was waited for. */
const prefetch = 4;

export const load = (work: Work): Promise<WorkerLoader> =>
  loadInWorkers<typeof digits>({ module: new URL('./digits.loader.js', import.meta.url), options: work.options, batchSize: work.batchSize, seed: dataSeed, workers: 1, prefetch });

async function withLoader<T>(work: Work, use: (data: WorkerLoader) => Promise<T>): Promise<T> {
  const data = await load(work);
  try {
    return await use(data);
  } finally {
    await data.close();
  }
}

/** How many warps make the source take so many ms a batch: it is linear in them. */
export async function calibrate(work: Work, probe = 4): Promise<(ms: number) => number> {
  const at = (warps: number): Promise<number> => withLoader({ ...work, options: { ...work.options, warps } }, timedDrain);
  const [none, some] = [await at(0), await at(probe)];
  return (ms) => Math.max(0, ((ms - none) / (some - none)) * probe);
}

/** ms a batch of the computation alone. */
export const computeAlone = (work: Work): Promise<number> => withLoader(work, async (data) => (await timedFit(work, await inMemory(data))).ms);

export async function measureCase(name: string, wanted: number, work: Work, rounds: number, quiet: Quiet): Promise<Case> {
  return withLoader(work, async (data) => {
    const [memory, generated] = [await inMemory(data), inThread(work)];
    const times: Times = { source: [], compute: [], oneThread: [], loader: [], ideal: [] };
    let waited = 0;
    let taken = 0;
    const ways: Readonly<Record<keyof Times, () => Promise<number>>> = {
      source: () => timedDrain(data),
      compute: async () => (await timedFit(work, memory)).ms,
      oneThread: async () => {
        const { ms, loss } = await timedFit(work, generated);
        losses.add(loss);
        return ms;
      },
      loader: async () => {
        const before = data.stats;
        const { ms, loss } = await timedFit(work, data);
        losses.add(loss);
        waited += data.stats.waited - before.waited;
        taken += data.stats.taken - before.taken;
        return ms;
      },
      ideal: () => ideal(work, memory, prefetch),
    };
    const losses = new Set<number>();
    quiet.take();
    // Compiles what the thread runs, and what takes its batches.
    await timedFit(work, data);
    for (let round = 0; round < rounds; round += 1) {
      // No way always has its turn after the same other.
      for (const way of shuffle(Object.keys(ways) as (keyof Times)[], Math.random)) times[way].push(await quiet.measure(ways[way]));
    }
    // The same batches in the same order: both come to the same loss to the bit, or something else was compared.
    if (losses.size !== 1) throw new Error(`the losses differ: ${[...losses].join(', ')}`);
    const byRound = (of: (round: { readonly [Name in keyof Times]: number }) => number): Estimate =>
      estimate(times.loader.map((loader, i) => of({ loader, source: times.source[i] ?? Number.NaN, compute: times.compute[i] ?? Number.NaN, oneThread: times.oneThread[i] ?? Number.NaN, ideal: times.ideal[i] ?? Number.NaN })));
    return {
      name,
      wanted,
      work,
      ms: { source: estimate(times.source), compute: estimate(times.compute), oneThread: estimate(times.oneThread), loader: estimate(times.loader), ideal: estimate(times.ideal) },
      throughput: byRound(({ source, compute, loader }) => Math.max(source, compute) / loader),
      toIdeal: byRound(({ ideal: best, loader }) => best / loader),
      overlap: byRound(({ source, compute, loader }) => (source + compute - loader) / Math.min(source, compute)),
      speedup: byRound(({ oneThread, loader }) => oneThread / loader),
      before: await profiledFit(work, generated),
      after: await profiledFit(work, data),
      waited: waited / taken,
      cores: estimate(quiet.take()),
    };
  });
}
