import { describe, expect, it } from 'vitest';
import { dataHasCleared, dataSuspicion } from '../../../plugins/gpu-profiler/suspicion.js';
import { judgeSpan, unusedGpu } from '../../../plugins/gpu-profiler/profile.js';
import { emptySpan, noTime, type Span } from '../../../plugins/gpu-profiler/span.js';
import { judge, type VerdictInput } from '../../../plugins/gpu-profiler/verdict.js';
import { addSample } from '../../../plugins/gpu-profiler/gpu-totals.js';
import { parseLine } from '../../../plugins/gpu-profiler/sample-line.js';
import { smiLine } from './stand-in.js';

type Times = Partial<VerdictInput['spent']>;
const onCpu = (spent: Times, steps = 100) => judge({ spent: { ...noTime(), ...spent }, steps, device: 'cpu', gpu: null, cpuCores: 1 });
const onGpu = (spent: Times, gpu: VerdictInput['gpu'], cpuCores = 0.3) => judge({ spent: { ...noTime(), ...spent }, steps: 100, device: 'gpu', gpu, cpuCores });
const idle = { mean: 30, p5: 0, p95: 60, samples: 100 };

describe('on a CPU', () => {
  it.each([
    ['half of the loop spent waiting for data is data-bound', { data: 500, forwardBackward: 450, update: 50 }, 'data-bound', 0.5, 'data'],
    ['a little less is not', { data: 499, forwardBackward: 451, update: 50 }, 'balanced', 0.501, 'compute'],
    ['validation counts on neither side', { data: 500, forwardBackward: 500, validation: 9000 }, 'data-bound', 0.5, 'data'],
    ['seven tenths in passes and update are compute-bound', { data: 200, forwardBackward: 600, update: 100, pace: 100 }, 'compute-bound', 0.7, 'compute'],
    ['three tenths in measuring, plugins and pace are host-bound', { data: 100, forwardBackward: 600, measure: 100, plugins: 150, pace: 50 }, 'host-bound', 0.3, 'host'],
    ['data and host both over: the greater one has it', { data: 500, measure: 400, forwardBackward: 100 }, 'data-bound', 0.5, 'data'],
    ['and so it has when it is the same', { data: 500, measure: 500 }, 'data-bound', 0.5, 'data'],
  ] as const)('%s', (_, spent, kind, share, of) => {
    const verdict = onCpu(spent);
    expect(verdict).toMatchObject({ kind, of });
    expect(verdict.share).toBeCloseTo(share, 12);
  });

  it('19 steps and a loop without time are no ground for a verdict, 20 steps are', () => {
    expect(onCpu({ data: 900, update: 100 }, 19)).toMatchObject({ kind: 'unknown', share: null, of: null, remedy: null });
    expect(onCpu({ validation: 100 }).kind).toBe('unknown');
    expect(onCpu({ data: 900, update: 100 }, 20)).toMatchObject({ kind: 'data-bound', share: 0.9 });
  });

  it('a verdict says its rule with the numbers, and a remedy', () => {
    expect(onCpu({ data: 620, forwardBackward: 380 })).toMatchObject({ rule: 'waiting for data took 62% of the loop, at least 50%', remedy: expect.stringContaining('prefetch') as string });
  });
});

describe('on a GPU with readings', () => {
  it.each([
    ['three tenths for data and an idle GPU are data-bound', { data: 300, forwardBackward: 700 }, idle, 0.3, 'data-bound', 0.3, 'data'],
    ['with less data and an idle process nobody can say', { data: 290, forwardBackward: 710 }, idle, 0.3, 'unknown', 0.3, 'gpu'],
    ['with less data and a core at 90% the process is the limit', { data: 290, forwardBackward: 710 }, idle, 0.9, 'host-bound', 0.9, 'cpu'],
    ['with a mean of 70% it is compute-bound whatever the process waits for', { data: 900, measure: 100 }, { mean: 70, p5: 0, p95: 100, samples: 50 }, 1, 'compute-bound', 0.7, 'gpu'],
    ['p95 at 70 and p5 at 10 is not idle', { data: 400, forwardBackward: 600 }, { mean: 50, p5: 10, p95: 70, samples: 50 }, 0.3, 'balanced', 0.5, 'gpu'],
    ['p5 at 9 is idle at times', { data: 400, forwardBackward: 600 }, { mean: 50, p5: 9, p95: 70, samples: 50 }, 0.3, 'data-bound', 0.4, 'data'],
    ['p95 at 69 is idle', { measure: 200, plugins: 200, forwardBackward: 600 }, { mean: 50, p5: 10, p95: 69, samples: 50 }, 0.3, 'host-bound', 0.4, 'host'],
  ] as const)('%s', (_, spent, gpu, cores, kind, share, of) => {
    const verdict = onGpu(spent, gpu, cores);
    expect(verdict).toMatchObject({ kind, of });
    expect(verdict.share).toBeCloseTo(share, 12);
  });
});

describe('on a GPU without readings, or with fewer than 20', () => {
  it.each([
    ['waiting for the values is the computation', { data: 100, forwardBackward: 300, measure: 600 }, 'compute-bound', 0.9],
    ['half of the loop for data is data-bound', { data: 500, measure: 500 }, 'data-bound', 0.5],
    ['three tenths are not', { data: 400, measure: 600 }, 'balanced', 0.6],
    ['plugins and pace at three tenths are host-bound', { plugins: 200, pace: 100, measure: 700 }, 'host-bound', 0.3],
  ] as const)('%s', (_, spent, kind, share) => {
    for (const gpu of [null, { ...idle, samples: 19 }]) {
      const verdict = onGpu(spent, gpu);
      expect(verdict.kind).toBe(kind);
      expect(verdict.share).toBeCloseTo(share, 12);
    }
  });
});

const spanOf = (spent: Times, steps: number, ...utilizations: number[]): Span => {
  const of = { ...emptySpan(), steps, spent: { ...noTime(), ...spent } };
  for (const utilization of utilizations) {
    const parsed = parseLine(smiLine({ utilization }));
    if (parsed.kind === 'sample') addSample(of.gpus, parsed.sample, true);
  }
  return of;
};
const times = (count: number, value: number): number[] => new Array<number>(count).fill(value);

describe('what the backend computes on', () => {
  it('wasm and cpu compute on the CPU, with an idle GPU beside them too', () => {
    const of = spanOf({ data: 400, forwardBackward: 600 }, 100, ...times(20, 0));
    for (const backend of ['wasm', 'cpu']) {
      expect(judgeSpan(of, backend).kind).toBe('balanced');
      expect(unusedGpu(of, backend)).toBe('NVIDIA GeForce RTX 4090');
    }
    expect(judgeSpan(of, 'webgpu').kind).toBe('data-bound');
    expect(unusedGpu(of, 'webgpu')).toBeNull();
  });

  it('tensorflow computes on the CPU without a GPU, and with one that never does more than 4%', () => {
    const slow = { data: 100, measure: 300, forwardBackward: 600 };
    expect(judgeSpan(spanOf(slow, 100), 'tensorflow')).toMatchObject({ kind: 'host-bound', share: 0.3 });
    const unused = spanOf(slow, 100, ...times(20, 4));
    expect(unusedGpu(unused, 'tensorflow')).toBe('NVIDIA GeForce RTX 4090');
    expect(judgeSpan(unused, 'tensorflow')).toMatchObject({ kind: 'host-bound', share: 0.3, of: 'host' });
    const used = spanOf(slow, 100, ...times(20, 90));
    expect(unusedGpu(used, 'tensorflow')).toBeNull();
    expect(judgeSpan(used, 'tensorflow')).toMatchObject({ kind: 'compute-bound', share: 0.9, of: 'gpu' });
  });
});

describe('a finding about data', () => {
  const suspicion = (data: number, forwardBackward: number, steps: number) => {
    const of = spanOf({ data, forwardBackward }, steps);
    return dataSuspicion(of, judgeSpan(of, 'cpu'));
  };

  it('is a warning from half of the loop, a second in all and 2 ms a step', () => {
    expect(suspicion(1000, 1000, 100)).toBe('warning');
  });

  it('is information when the wait is short in all, or short in each step, and nothing below half of the loop', () => {
    expect(suspicion(999, 999, 100)).toBe('info');
    expect(suspicion(1999, 1000, 1000)).toBe('info');
    expect(suspicion(2000, 1000, 1000)).toBe('warning');
    expect(suspicion(999, 1001, 100)).toBe('nothing');
  });

  it('is information at three tenths with an idle GPU', () => {
    const of = spanOf({ data: 3000, forwardBackward: 7000 }, 100, ...times(20, 30));
    expect(dataSuspicion(of, judgeSpan(of, 'webgpu'))).toBe('info');
  });

  it('is over only when the share has fallen below 40%, and with a GPU below 24%', () => {
    const cleared = (data: number, backend: string, ...readings: number[]) => {
      const of = spanOf({ data, forwardBackward: 1000 - data }, 100, ...readings);
      return dataHasCleared(of, judgeSpan(of, backend));
    };
    expect(cleared(400, 'cpu')).toBe(false);
    expect(cleared(399, 'cpu')).toBe(true);
    expect(cleared(240, 'webgpu', ...times(20, 40))).toBe(false);
    expect(cleared(239, 'webgpu', ...times(20, 40))).toBe(true);
  });
});
