import { z } from 'zod';
import { countPercentages, summarizePercentages } from './readings.js';
import { gpuReport, reportGpus } from './gpu-totals.js';
import { availableCores, loadPerCore, memoryReport, readMemory } from './host.js';
import { loopTime, phases, totalTime, type Span } from './span.js';
import { judge, leastSamples, verdictBases, verdictKinds, type Verdict, type VerdictInput } from './verdict.js';

const share = z.number().min(0).max(1);
const rate = z.number().min(0).nullable();

/** The data of the event gpu-profile. */
export const profile = z.strictObject({
  final: z.boolean().describe('over the whole run, resumed parts included; else since the last one'),
  steps: z.int().min(0).describe('counted: those of the warm-up are not'),
  samples: z.number().min(0).describe('in the counted steps'),
  milliseconds: z.number().min(0).describe('ms that the phases took together'),
  shares: z
    .strictObject({ data: share, forwardBackward: share, update: share, measure: share, plugins: share, validation: share, pace: share })
    .nullable()
    .describe('of the milliseconds, by phase of the loop; they add up to 1. Null when nothing was counted'),
  stepsPerSecond: rate.describe('of the time without validation'),
  samplesPerSecond: rate.describe('of the time without validation'),
  cpu: z.strictObject({
    cores: rate.describe('CPU time of the process over wall time: 1 is one core'),
    available: z.int().min(1).describe('cores that the process may use'),
    loadPerCore: rate.describe("runnable tasks of the machine a core, over the last minute; null on Windows, which doesn't tell"),
  }),
  memory: memoryReport,
  slowestPlugin: z
    .strictObject({ name: z.string(), milliseconds: z.number().min(0) })
    .nullable()
    .describe('ms in all its hooks since this fit began'),
  gpus: z.array(gpuReport).describe('one a GPU; empty without readings'),
  forgottenReadings: z.int().min(0).describe('readings that came faster than they were taken, and found no room'),
  verdict: z.strictObject({
    kind: z.enum(verdictKinds).describe('what the loop waits for most'),
    share: z.number().min(0).nullable().describe('the number that the verdict rests on'),
    of: z.enum(verdictBases).nullable().describe('data, compute, host: share of the time without validation; gpu: mean utilization, 0 to 1; cpu: cores kept busy'),
    rule: z.string(),
    remedy: z.string().nullable(),
  }),
});
export type Profile = z.output<typeof profile>;

/** Backends that compute on the CPU. The one named tensorflow may be tfjs-node or tfjs-node-gpu: only its GPU can tell. */
const cpuBackends: readonly string[] = ['cpu', 'wasm'];

/**
 * Percent: a GPU with p95 below it is as good as not used, by the measure of the few percent that a desktop's window
 * manager takes.
 */
const unusedP95 = 5;

type Busiest = NonNullable<VerdictInput['gpu']> & { readonly name: string };

/** The busiest GPU: which one the backend uses cannot be told (CUDA counts in another order than nvidia-smi), and only if all idle may one say so. */
export function busiestGpu({ gpus }: Span): Busiest | null {
  const seen = Object.values(gpus).flatMap(({ name, utilization }) => {
    const summary = summarizePercentages(utilization);
    return summary === null ? [] : [{ ...summary, name, samples: countPercentages(utilization) }];
  });
  return seen.sort((a, b) => b.mean - a.mean)[0] ?? null;
}

/** The GPU that is there and that the training does not use, by its backend or by its readings. */
export function unusedGpu(of: Span, backend: string): string | null {
  const first = Object.values(of.gpus)[0];
  if (first === undefined) return null;
  if (cpuBackends.includes(backend)) return first.name;
  const busiest = busiestGpu(of);
  return backend === 'tensorflow' && busiest !== null && busiest.samples >= leastSamples && busiest.p95 < unusedP95 ? busiest.name : null;
}

export const cpuCores = ({ cpu, wall }: Span): number | null => (wall > 0 ? cpu / wall : null);

const computesOn = (of: Span, backend: string): 'cpu' | 'gpu' => {
  if (cpuBackends.includes(backend) || unusedGpu(of, backend) !== null) return 'cpu';
  return backend === 'tensorflow' && Object.keys(of.gpus).length === 0 ? 'cpu' : 'gpu';
};

export const judgeSpan = (of: Span, backend: string): Verdict =>
  judge({
    spent: of.spent,
    steps: of.steps,
    device: computesOn(of, backend),
    gpu: busiestGpu(of),
    cpuCores: cpuCores(of),
  });

export interface ProfilePlace {
  readonly final: boolean;
  readonly backend: string;
  readonly pluginTimes: Readonly<Record<string, number>>;
}

export function slowestOf(pluginTimes: ProfilePlace['pluginTimes']): Profile['slowestPlugin'] {
  const [slowest] = Object.entries(pluginTimes).sort(([, a], [, b]) => b - a);
  return slowest === undefined ? null : { name: slowest[0], milliseconds: slowest[1] };
}

export function profileOf(of: Span, { final, backend, pluginTimes }: ProfilePlace): Profile {
  const total = totalTime(of.spent);
  const loop = loopTime(of.spent);
  const perSecond = (count: number): number | null => (loop > 0 ? (count * 1000) / loop : null);
  return {
    final,
    steps: of.steps,
    samples: of.samples,
    milliseconds: total,
    shares: total > 0 ? (Object.fromEntries(phases.map((phase) => [phase, of.spent[phase] / total])) as NonNullable<Profile['shares']>) : null,
    stepsPerSecond: perSecond(of.steps),
    samplesPerSecond: perSecond(of.samples),
    cpu: { cores: cpuCores(of), available: availableCores(), loadPerCore: loadPerCore() },
    memory: readMemory({ rss: of.peakRss, tensorBytes: of.peakTensorBytes }),
    slowestPlugin: slowestOf(pluginTimes),
    gpus: reportGpus(of.gpus),
    forgottenReadings: of.forgotten,
    verdict: judgeSpan(of, backend),
  };
}
