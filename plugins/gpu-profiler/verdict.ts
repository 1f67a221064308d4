import type { PhaseTimes } from 'trainscope/plugin';
import { loopTime } from './span.js';

export const verdictKinds = ['data-bound', 'compute-bound', 'host-bound', 'balanced', 'unknown'] as const;
export const verdictBases = ['data', 'compute', 'host', 'gpu', 'cpu'] as const;

/** What the loop waits for most. */
export interface Verdict {
  kind: (typeof verdictKinds)[number];
  /** The share that it rests on, 0 to 1: see `of`. */
  share: number | null;
  /**
   * data, compute (forward, backward, update), host (measuring, plugins, pace): of the loop's time without validation.
   * gpu: mean utilization. cpu: cores kept busy by the process (may exceed 1).
   */
  of: (typeof verdictBases)[number] | null;
  /** The rule that applied, with its numbers, in words. */
  rule: string;
  remedy: string | null;
}

export interface VerdictInput {
  /** ms by phase. */
  readonly spent: PhaseTimes;
  readonly steps: number;
  /** What the backend computes on. */
  readonly device: 'cpu' | 'gpu';
  /** Utilization of the busiest GPU in percent, when the device is one whose readings are there. */
  readonly gpu: { readonly mean: number; readonly p5: number; readonly p95: number; readonly samples: number } | null;
  /** CPU time of the process over wall time. */
  readonly cpuCores: number | null;
}

/** A mean over n steps is about sqrt(n) times steadier than one step, and one long step (garbage collection) is at most a twentieth of it. */
export const leastSteps = 20;

/** Below 20 readings, p5 and p95 are the lowest and the highest one. */
export const leastSamples = 20;

/** Percent: a GPU with p95 below the first, or p5 below the second, is idle at times. SageMaker Debugger's rule LowGPUUtilization. */
const idleP95 = 70;
const idleP5 = 10;

/** Percent: the same rule's 70, of the mean. A GPU that is busy for so much of the time bounds the loop, gaps or not. */
const busyMean = 70;

/**
 * Without data to wait for, a loop with a share s runs 1 / (1 - s) times as fast: 0.5 doubles it (and is the share of
 * SageMaker Debugger's IOBottleneck), 0.3 makes it 1.4 times as fast. The lower one is enough where the GPU's idling is a
 * second witness.
 */
export const dataShareAlone = 0.5;
export const dataShareWithIdleGpu = 0.3;

/** Looking at the training is no training: 0.3 of the time, 1.4 times the speed, is too much. */
const hostShare = 0.3;

/** The rest of hostShare: no more than that is left to win beside the computation. */
const computeShare = 0.7;

/** One core fully used, less what the system takes. SageMaker Debugger's CPUBottleneck takes 90%; JavaScript has one core's worth. */
const busyCores = 0.9;

export const remedies = {
  data: 'Read ahead: pass the data as an asynchronous source, of which fit keeps `prefetch` batches ready. Load in parallel, decode and augment in worker threads (trainscope/loader, or more of its workers as far as there are cores) or once before the training, or keep the data in memory.',
  compute: 'The loop computes: a faster backend (a GPU, tfjs-node, wasm with SIMD), or a smaller model or input.',
  computeOnGpu: 'The GPU is the limit: a smaller model or input, or a faster GPU. A larger batch helps only while it raises samplesPerSecond.',
  host: 'Measure at fewer steps (`every`), have fewer plugins work in each step, and keep other work off the event loop of this process.',
  launches: 'The process cannot issue kernels as fast as the GPU runs them: a larger batch puts more work in each. Fuse small layers, and read fewer values back.',
} as const;

const percent = (share: number): string => `${Math.round(share * 100)}%`;

/** Says what bounds the loop. Pure. */
export function judge(input: VerdictInput): Verdict {
  const { spent, steps, device, gpu, cpuCores } = input;
  const loop = loopTime(spent);
  if (steps < leastSteps || loop <= 0) {
    return { kind: 'unknown', share: null, of: null, rule: `${steps} steps were counted; a verdict takes ${leastSteps} after the warm-up`, remedy: null };
  }
  const shares = { data: spent.data / loop, compute: (spent.forwardBackward + spent.update) / loop, measure: spent.measure / loop, host: (spent.plugins + spent.pace) / loop };
  if (device === 'cpu') return judgeOnCpu(shares);
  return gpu === null || gpu.samples < leastSamples ? judgeGpuUnseen(shares) : judgeGpu(shares, gpu, cpuCores);
}

interface Shares {
  readonly data: number;
  readonly compute: number;
  readonly measure: number;
  /** Plugins and pace. */
  readonly host: number;
}

/** The greater of the two that is over its threshold, if any. */
function waiting(data: number, dataThreshold: number, host: number, witness: string): Verdict | undefined {
  const dataIsOver = data >= dataThreshold;
  const hostIsOver = host >= hostShare;
  if (dataIsOver && (!hostIsOver || data >= host)) {
    return { kind: 'data-bound', share: data, of: 'data', rule: `waiting for data took ${percent(data)} of the loop, at least ${percent(dataThreshold)}${witness}`, remedy: remedies.data };
  }
  if (hostIsOver) {
    return { kind: 'host-bound', share: host, of: 'host', rule: `measuring, plugins and pace took ${percent(host)} of the loop, at least ${percent(hostShare)}${witness}`, remedy: remedies.host };
  }
  return undefined;
}

function computing(share: number, rule: string, remedy: string): Verdict {
  if (share >= computeShare) return { kind: 'compute-bound', share, of: 'compute', rule: `${rule} took ${percent(share)} of the loop, at least ${percent(computeShare)}`, remedy };
  return { kind: 'balanced', share, of: 'compute', rule: `${rule} took ${percent(share)} of the loop, and neither data nor host reached its threshold`, remedy: null };
}

const judgeOnCpu = ({ data, compute, measure, host }: Shares): Verdict =>
  waiting(data, dataShareAlone, measure + host, '') ?? computing(compute, 'forward and backward pass and update', remedies.compute);

/** On a GPU the passes only issue kernels, and reading the values waits until they have run: with no readings, that wait counts as computing. */
const judgeGpuUnseen = ({ data, compute, measure, host }: Shares): Verdict =>
  waiting(data, dataShareAlone, host, '') ?? computing(compute + measure, 'passes, update and the wait for their values on a GPU without readings', remedies.computeOnGpu);

function judgeGpu({ data, measure, host }: Shares, { mean, p5, p95 }: { readonly mean: number; readonly p5: number; readonly p95: number }, cpuCores: number | null): Verdict {
  const utilization = `GPU utilization has mean ${Math.round(mean)}%, p5 ${p5}% and p95 ${p95}%`;
  if (mean >= busyMean) return { kind: 'compute-bound', share: mean / 100, of: 'gpu', rule: `${utilization}: a mean of at least ${busyMean}%`, remedy: remedies.computeOnGpu };
  const isIdle = p95 < idleP95 || p5 < idleP5;
  if (!isIdle) return { kind: 'balanced', share: mean / 100, of: 'gpu', rule: `${utilization}: neither busy nor idle`, remedy: null };
  const found = waiting(data, dataShareWithIdleGpu, measure + host, `, while the ${utilization}`);
  if (found !== undefined) return found;
  if (cpuCores !== null && cpuCores >= busyCores) {
    return { kind: 'host-bound', share: cpuCores, of: 'cpu', rule: `the process kept ${cpuCores.toFixed(2)} cores busy, at least ${busyCores}, while the ${utilization}`, remedy: remedies.launches };
  }
  return { kind: 'unknown', share: mean / 100, of: 'gpu', rule: `${utilization}: it is idle at times, and neither data nor host shows why`, remedy: null };
}
