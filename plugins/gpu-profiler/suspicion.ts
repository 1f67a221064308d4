import type { FindingInput } from 'trainscope/plugin';
import { busiestGpu, cpuCores } from './profile.js';
import { loopTime, type Span } from './span.js';
import { dataShareAlone, dataShareWithIdleGpu, remedies, type Verdict } from './verdict.js';

/** A finding is judged over at least so many steps: a slow batch now and then evens out. */
export const judgedSteps = 50;

/**
 * A warning is for a wait that is worth someone's time: half of the loop (without it the training would be twice as
 * fast), a second in all (the limit of an uninterrupted thought: Nielsen, Usability Engineering, 1993), and 2 ms a step. A
 * batch that is in memory costs a copy, 0.1 to 1 ms for 128 MNIST images; in a model as small as that copy it
 * may take half of the loop, with nothing wrong.
 */
const clearShare = dataShareAlone;
const clearWait = 1000;
const clearWaitPerStep = 2;

/** Once told, it is told again only after the share has fallen well below the threshold in between. */
const clearedBelow = 0.8;

export type Told = 'nothing' | 'info' | 'warning';

/** How sure it is that the loop waits for data. */
export function dataSuspicion({ spent, steps }: Span, { kind, share }: Verdict): Told {
  if (kind !== 'data-bound') return 'nothing';
  const isClear = share !== null && share >= clearShare && spent.data >= clearWait && spent.data >= clearWaitPerStep * steps;
  return isClear ? 'warning' : 'info';
}

/** Whether what was told of the data is over. */
export function dataHasCleared(of: Span, { kind, of: basis }: Verdict): boolean {
  const threshold = basis === 'gpu' || basis === 'cpu' ? dataShareWithIdleGpu : dataShareAlone;
  return kind !== 'data-bound' && of.spent.data / loopTime(of.spent) < clearedBelow * threshold;
}

export function dataFinding(of: Span, verdict: Verdict, severity: 'info' | 'warning'): FindingInput {
  const gpu = busiestGpu(of);
  return {
    rule: 'data-bound',
    docs: 'rules/data-bound.md',
    severity,
    message: `The loop waits for its data: ${verdict.rule} (${Math.round(of.spent.data)} ms in ${of.steps} steps).`,
    evidence: {
      share: verdict.share,
      milliseconds: of.spent.data,
      steps: of.steps,
      millisecondsPerStep: of.spent.data / of.steps,
      gpuUtilization: gpu === null ? null : { mean: gpu.mean, p5: gpu.p5, p95: gpu.p95 },
    },
    remedy: remedies.data,
  };
}

/** For a GPU that waits for this process: on a CPU backend the verdict in the events says enough. */
export function hostFinding(of: Span, verdict: Verdict, slowestPlugin: string | null): FindingInput | undefined {
  const gpu = busiestGpu(of);
  if (verdict.kind !== 'host-bound' || gpu === null) return undefined;
  return {
    rule: 'host-bound',
    docs: 'rules/host-bound.md',
    severity: 'info',
    message: `The GPU waits for this process: ${verdict.rule}.`,
    evidence: { share: verdict.share, of: verdict.of, steps: of.steps, cpuCores: cpuCores(of), gpuUtilization: { mean: gpu.mean, p5: gpu.p5, p95: gpu.p95 }, slowestPlugin },
    remedy: verdict.remedy ?? remedies.host,
  };
}

export const unusedFinding = (name: string, backend: string): FindingInput => ({
  rule: 'unused-gpu',
  docs: 'rules/unused-gpu.md',
  severity: 'info',
  message: `${name} is there, and the training runs on the backend "${backend}" without using it.`,
  evidence: { gpu: name, backend },
  remedy: 'Install @tensorflow/tfjs-node-gpu with the CUDA and cuDNN that it needs (or take the backend webgpu), and see that the run says so at its start. A small model may be faster where it is.',
});

export const lostFinding = (reason: string, command: string): FindingInput => ({
  rule: 'gpu-monitor-lost',
  docs: 'rules/gpu-monitor-lost.md',
  severity: 'info',
  message: `GPU readings came to an end: ${reason}.`,
  evidence: { command, reason },
  remedy: `Run ${command} by hand and see whether it answers. The training is not affected; verdicts go without GPU readings.`,
});
