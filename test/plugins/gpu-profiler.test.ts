import '@tensorflow/tfjs-backend-cpu';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { gpuProfiler } from '../../plugins/gpu-profiler.js';
import { PluginHarness } from '../../src/testing/plugin-harness.js';
import type { PhaseTimes } from '../../src/plugin/index.js';
import { StandIn, isGone, smiLine } from './gpu-profiler/stand-in.js';

const noTimes: PhaseTimes = { data: 0, forwardBackward: 0, update: 0, measure: 0, plugins: 0, validation: 0, pace: 0 };
const harnesses: PluginHarness[] = [];
const standIns: StandIn[] = [];
const path = process.env['PATH'];

/** Takes the place of nvidia-smi on the PATH. */
const inPlace = (standIn: StandIn): StandIn => {
  standIns.push(standIn);
  process.env['PATH'] = standIn.searchPath;
  return standIn;
};

const listen = (options: Parameters<typeof gpuProfiler>[0], fields: ConstructorParameters<typeof PluginHarness>[1] = {}): PluginHarness => {
  const harness = new PluginHarness(gpuProfiler(options), fields);
  harnesses.push(harness);
  return harness;
};

const fitStart = (harness: PluginHarness, fit = 1, resumed = false) => harness.call('fitStart', { fit, resumed, epochs: 1, stepsPerEpoch: undefined, hasValidation: false, weights: [] });
const fitEnd = (harness: PluginHarness) => harness.call('fitEnd', { reason: 'completed', by: null, message: '', metrics: {} });
const epochEnd = (harness: PluginHarness) => harness.call('epochEnd', { metrics: {}, validation: null, steps: 0, samples: 0, milliseconds: 0 });
const teardown = (harness: PluginHarness) => harness.call('teardown', { reason: 'completed' });

const pass = (harness: PluginHarness, took: Partial<PhaseTimes>): void => {
  const times: Record<keyof PhaseTimes, number> = { ...harness.fields.times };
  for (const [phase, milliseconds] of Object.entries(took)) times[phase as keyof PhaseTimes] += milliseconds;
  harness.fields.times = times;
};

/** Steps of 32 samples that take so many milliseconds in each phase. */
async function train(harness: PluginHarness, steps: number, took: Partial<PhaseTimes>): Promise<void> {
  for (let i = 0; i < steps; i += 1) {
    pass(harness, took);
    harness.fields.step += 1;
    await harness.call('stepEnd', { batchSize: 32, stepInEpoch: i, learningRate: 0.1, updated: true });
  }
}

/** Steps that take no time, until the plugin has taken so many readings of each GPU. */
async function trainUntilRead(harness: PluginHarness, isEnough: (state: { total: { gpus: Record<string, { memoryUsed: { count: number } }> } }) => boolean): Promise<void> {
  for (let i = 0; i < 1000; i += 1) {
    await train(harness, 1, {});
    if (isEnough(harness.context.state as never)) return;
    await wait(20);
  }
  throw new Error('no readings came in 20 s');
}

/** Steps that take no time, until the event `gpu` has come so often. */
async function trainUntilTold(harness: PluginHarness, times: number): Promise<void> {
  for (let i = 0; harness.dataOf('gpu').length < times; i += 1) {
    if (i > 1000) throw new Error('nothing was said of the GPU in 20 s');
    await train(harness, 1, {});
    await wait(20);
  }
}

const lastProfile = (harness: PluginHarness) => harness.dataOf('gpu-profile').at(-1) as Record<string, unknown>;

afterEach(async () => {
  for (const harness of harnesses.splice(0)) await teardown(harness);
  for (const standIn of standIns.splice(0)) standIn.remove();
  process.env['PATH'] = path;
});

describe('where the time went', () => {
  it('is told for each epoch and for the whole run, in shares that add up, without the steps of the warm-up', async () => {
    const harness = listen({ gpu: false, warmUp: 2 });
    await fitStart(harness);
    await train(harness, 2, { data: 1000, forwardBackward: 1000 });
    await train(harness, 20, { data: 1, forwardBackward: 6, update: 2, pace: 1 });
    pass(harness, { validation: 50 });
    await epochEnd(harness);
    await train(harness, 20, { data: 3, forwardBackward: 5, update: 2 });
    await epochEnd(harness);
    await fitEnd(harness);
    const profiles = harness.dataOf('gpu-profile');
    expect(profiles.map(({ final, steps, samples, milliseconds }) => [final, steps, samples, milliseconds])).toEqual([
      [false, 20, 640, 250],
      [false, 20, 640, 200],
      [true, 40, 1280, 450],
    ]);
    expect(profiles.map(({ shares }) => shares)).toEqual([
      { data: 0.08, forwardBackward: 0.48, update: 0.16, measure: 0, plugins: 0, validation: 0.2, pace: 0.08 },
      { data: 0.3, forwardBackward: 0.5, update: 0.2, measure: 0, plugins: 0, validation: 0, pace: 0 },
      { data: 80 / 450, forwardBackward: 220 / 450, update: 80 / 450, measure: 0, plugins: 0, validation: 50 / 450, pace: 20 / 450 },
    ]);
    // 20 steps in 200 ms beside the validation.
    expect(profiles.map(({ stepsPerSecond, samplesPerSecond }) => [stepsPerSecond, samplesPerSecond])).toEqual([[100, 3200], [100, 3200], [100, 3200]]);
    expect(profiles.map(({ verdict }) => (verdict as { kind: string; share: number }).kind)).toEqual(['compute-bound', 'compute-bound', 'compute-bound']);
    expect(profiles.map(({ verdict }) => (verdict as { kind: string; share: number }).share)).toEqual([0.8, 0.7, 0.75]);
    expect(harness.findings).toEqual([]);
  });

  it('is told every 10 steps when asked so', async () => {
    const harness = listen({ gpu: false, warmUp: 0, every: 10 });
    await fitStart(harness);
    await train(harness, 34, { forwardBackward: 5 });
    await epochEnd(harness);
    await fitEnd(harness);
    expect(harness.dataOf('gpu-profile').map(({ final, steps }) => [final, steps])).toEqual([[false, 10], [false, 10], [false, 10], [true, 34]]);
  });

  it('of a fit shorter than the warm-up is a final profile that knows nothing', async () => {
    const harness = listen({ gpu: false });
    await fitStart(harness);
    await train(harness, 10, { data: 5, update: 5 });
    await epochEnd(harness);
    await fitEnd(harness);
    expect(harness.dataOf('gpu-profile')).toHaveLength(1);
    expect(lastProfile(harness)).toMatchObject({ final: true, steps: 0, shares: null, stepsPerSecond: null, samplesPerSecond: null, gpus: [], verdict: { kind: 'unknown' } });
  });

  it('goes on in a resumed run from what the checkpoint held, with a warm-up of its own', async () => {
    const first = listen({ gpu: false, warmUp: 1 });
    await fitStart(first);
    await train(first, 31, { data: 1, forwardBackward: 9 });
    const saved = JSON.parse(JSON.stringify(first.context.state)) as unknown;
    const second = listen({ gpu: false, warmUp: 1 });
    second.context.state = second.plugin.bind().parseState(saved);
    await fitStart(second, 1, true);
    await train(second, 11, { data: 1, forwardBackward: 9 });
    await fitEnd(second);
    expect(lastProfile(second)).toMatchObject({ final: true, steps: 40, samples: 1280, milliseconds: 400, verdict: { kind: 'compute-bound', share: 0.9 } });
  });

  it('of a second fit, whose clock begins at 0 again, is added to that of the first', async () => {
    const harness = listen({ gpu: false, warmUp: 0 });
    await fitStart(harness);
    await train(harness, 20, { update: 10 });
    await fitEnd(harness);
    await teardown(harness);
    harness.fields.times = noTimes;
    await fitStart(harness, 2);
    await train(harness, 20, { update: 20 });
    await fitEnd(harness);
    expect(lastProfile(harness)).toMatchObject({ steps: 40, milliseconds: 600 });
  });

  it('comes with the machine: cores, memory and the slowest plugin', async () => {
    const harness = listen({ gpu: false, warmUp: 0 }, { pluginTimes: { quick: 1, slow: 80, other: 7 } });
    await fitStart(harness);
    await train(harness, 1, { update: 10 });
    const { rss, heapUsed } = process.memoryUsage();
    await fitEnd(harness);
    const { cpu, memory, slowestPlugin } = lastProfile(harness) as { cpu: Record<string, number>; memory: Record<string, number>; slowestPlugin: unknown };
    expect(slowestPlugin).toEqual({ name: 'slow', milliseconds: 80 });
    expect(cpu['cores']).toBeGreaterThan(0);
    expect(cpu['available']).toBeGreaterThanOrEqual(1);
    // Another source of the same numbers, within a factor of two.
    expect(memory['rss']).toBeGreaterThan(rss / 2);
    expect(memory['peakRss']).toBeGreaterThanOrEqual(memory['rss'] ?? Infinity);
    expect(memory['heapUsed']).toBeGreaterThan(heapUsed / 2);
    expect(memory['tensors']).toBe(0);
  });
});

describe('waiting for data', () => {
  it('half of the time, 5 ms a step, is one warning; told again only after it was over', async () => {
    const harness = listen({ gpu: false, warmUp: 10 });
    await fitStart(harness);
    const epoch = async (data: number): Promise<void> => {
      await train(harness, 250, { data, forwardBackward: 5 });
      await epochEnd(harness);
    };
    await train(harness, 10, { data: 5000 });
    await epoch(1);
    expect(harness.findings).toEqual([]);
    await epoch(5);
    await epoch(5);
    expect(harness.findings).toHaveLength(1);
    expect(harness.findings[0]).toMatchObject({
      rule: 'data-bound',
      severity: 'warning',
      message: 'The loop waits for its data: waiting for data took 50% of the loop, at least 50% (1250 ms in 250 steps).',
      evidence: { share: 0.5, milliseconds: 1250, steps: 250, millisecondsPerStep: 5, gpuUtilization: null },
    });
    // 4.5 of 9.5 ms is less than half, but not yet well below it.
    await epoch(4.5);
    await epoch(5);
    expect(harness.findings).toHaveLength(1);
    await epoch(1);
    await epoch(5);
    expect(harness.findings).toHaveLength(2);
  });

  it('is information while the wait is too short to matter, and becomes a warning when it does', async () => {
    const harness = listen({ gpu: false, warmUp: 0 });
    await fitStart(harness);
    await train(harness, 100, { data: 1, forwardBackward: 1 });
    await epochEnd(harness);
    expect(harness.findings.map(({ rule, severity }) => [rule, severity])).toEqual([['data-bound', 'info']]);
    await train(harness, 100, { data: 20, forwardBackward: 20 });
    await epochEnd(harness);
    expect(harness.findings.map(({ severity }) => severity)).toEqual(['info', 'warning']);
  });

  it('is not told of 49 steps; the next epoch adds to them', async () => {
    const harness = listen({ gpu: false, warmUp: 0 });
    await fitStart(harness);
    await train(harness, 49, { data: 50, forwardBackward: 1 });
    await epochEnd(harness);
    expect(harness.findings).toEqual([]);
    await train(harness, 1, { data: 50, forwardBackward: 1 });
    await fitEnd(harness);
    expect(harness.findings).toHaveLength(1);
  });
});

describe('GPU readings', () => {
  it('of two GPUs are told by GPU, with the busier one in the verdict', async () => {
    inPlace(StandIn.repeating(smiLine({ index: 0, utilization: 90, used: 2048, power: '[Not Supported]' }), smiLine({ index: 1, utilization: 10, name: 'Tesla T4' })));
    const harness = listen({ warmUp: 1 }, { backend: 'tensorflow' });
    await fitStart(harness);
    await train(harness, 1, {});
    await trainUntilRead(harness, ({ total: { gpus } }) => (gpus['GPU-1']?.memoryUsed.count ?? 0) >= 20 && (gpus['GPU-0']?.memoryUsed.count ?? 0) >= 20);
    await train(harness, 20, { data: 4, forwardBackward: 6 });
    await fitEnd(harness);
    expect(harness.dataOf('gpu')).toEqual([
      {
        available: true,
        reason: null,
        command: 'nvidia-smi',
        gpus: [
          { index: 0, uuid: 'GPU-0', name: 'NVIDIA GeForce RTX 4090', mig: false, memoryTotal: 24576 },
          { index: 1, uuid: 'GPU-1', name: 'Tesla T4', mig: false, memoryTotal: 24576 },
        ],
      },
    ]);
    expect(lastProfile(harness)).toMatchObject({
      gpus: [
        { index: 0, utilization: { mean: 90, p5: 90, p95: 90, max: 90 }, memoryUtilization: { mean: 20 }, memoryUsed: { mean: 2048, max: 2048 }, power: null, temperature: { mean: 60, max: 60 }, smClock: { mean: 1800 } },
        { index: 1, utilization: { mean: 10 }, power: { mean: 120.5, max: 120.5 } },
      ],
      verdict: { kind: 'compute-bound', share: 0.9, of: 'gpu' },
    });
    expect(harness.findings).toEqual([]);
  });

  it('of a GPU that idles while data is awaited make the loop data-bound', async () => {
    inPlace(StandIn.repeating(smiLine({ utilization: 20 })));
    const harness = listen({ warmUp: 0 }, { backend: 'webgpu' });
    await fitStart(harness);
    await trainUntilRead(harness, ({ total: { gpus } }) => (gpus['GPU-0']?.memoryUsed.count ?? 0) >= 20);
    await train(harness, 100, { data: 40, forwardBackward: 60 });
    await epochEnd(harness);
    expect(harness.findings).toMatchObject([{ rule: 'data-bound', severity: 'info', evidence: { gpuUtilization: { mean: 20, p5: 20, p95: 20 } } }]);
    expect(harness.findings[0]?.message).toContain('waiting for data took 40% of the loop, at least 30%, while the GPU utilization has mean 20%, p5 20% and p95 20%');
  });

  it('of one GPU are left out when gpus names the other', async () => {
    inPlace(StandIn.repeating(smiLine({ index: 0 }), smiLine({ index: 1 }), smiLine({ index: 2 })));
    const harness = listen({ warmUp: 0, gpus: [1, 'GPU-2'] }, { backend: 'tensorflow' });
    await fitStart(harness);
    await trainUntilTold(harness, 1);
    await fitEnd(harness);
    expect((lastProfile(harness)['gpus'] as { index: number }[]).map(({ index }) => index)).toEqual([1, 2]);
  });

  it('that fall into a validation do not count as utilization', async () => {
    const standIn = inPlace(StandIn.once(smiLine({ utilization: 1 })));
    const harness = listen({ warmUp: 0 }, { backend: 'tensorflow' });
    await fitStart(harness);
    await harness.call('validationStart', { atEpochEnd: true });
    await standIn.printed();
    await harness.call('validationEnd', { metrics: {}, samples: 1, milliseconds: 1, atEpochEnd: true });
    await fitEnd(harness);
    expect(lastProfile(harness)['gpus']).toMatchObject([{ utilization: null, memoryUsed: { mean: 1024 } }]);
  });

  it('with MIG have no utilization, and the verdict goes without', async () => {
    inPlace(StandIn.repeating(smiLine({ utilization: '[N/A]', memory: '[N/A]', mig: 'Enabled', name: 'NVIDIA A100-SXM4-40GB' })));
    const harness = listen({ warmUp: 0 }, { backend: 'tensorflow' });
    await fitStart(harness);
    await trainUntilTold(harness, 1);
    await train(harness, 20, { forwardBackward: 1, measure: 9 });
    await fitEnd(harness);
    expect(harness.dataOf('gpu')).toMatchObject([{ available: true, gpus: [{ mig: true }] }]);
    expect(lastProfile(harness)).toMatchObject({ gpus: [{ mig: true, unreadable: '[N/A]', utilization: null, memoryUtilization: null, memoryUsed: { mean: 1024 } }], verdict: { kind: 'compute-bound', share: 1, of: 'compute' } });
  });

  it('beside the wasm backend tell once that the GPU is not used', async () => {
    inPlace(StandIn.repeating(smiLine({ utilization: 0 })));
    const harness = listen({ warmUp: 0 }, { backend: 'wasm' });
    await fitStart(harness);
    await trainUntilTold(harness, 1);
    await epochEnd(harness);
    await epochEnd(harness);
    await fitEnd(harness);
    expect(harness.findings).toMatchObject([{ rule: 'unused-gpu', severity: 'info', message: 'NVIDIA GeForce RTX 4090 is there, and the training runs on the backend "wasm" without using it.' }]);
  });
});

describe('without readings the training goes on, and one event says why', () => {
  it('when there is no nvidia-smi', async () => {
    process.env['PATH'] = standInFolder();
    const harness = listen({ warmUp: 0 });
    await fitStart(harness);
    await trainUntilTold(harness, 1);
    await train(harness, 60, { forwardBackward: 5 });
    await epochEnd(harness);
    await fitEnd(harness);
    expect(harness.dataOf('gpu')).toEqual([{ available: false, reason: 'nvidia-smi was not found on the PATH', command: 'nvidia-smi', gpus: [] }]);
    expect(harness.findings).toEqual([]);
    expect(lastProfile(harness)).toMatchObject({ final: true, gpus: [], verdict: { kind: 'compute-bound' } });
  });

  it('when the machine has no GPU', async () => {
    inPlace(new StandIn("console.log('No devices were found'); process.exitCode = 6;"));
    const harness = listen({ warmUp: 0 });
    await fitStart(harness);
    await trainUntilTold(harness, 1);
    await fitEnd(harness);
    expect(harness.dataOf('gpu')).toEqual([{ available: false, reason: 'nvidia-smi ended with exit code 6 (no such device was found): No devices were found', command: 'nvidia-smi', gpus: [] }]);
    expect(harness.findings).toEqual([]);
  });

  it('when the fit is over before the first one', async () => {
    inPlace(new StandIn('setInterval(() => {}, 1000);'));
    const harness = listen({ warmUp: 0 });
    await fitStart(harness);
    await train(harness, 3, { update: 1 });
    await fitEnd(harness);
    expect(harness.dataOf('gpu')).toEqual([{ available: false, reason: 'nvidia-smi had given no reading when the fit ended', command: 'nvidia-smi', gpus: [] }]);
    expect(harness.findings).toEqual([]);
  });

  it('when gpus names none that is there', async () => {
    const standIn = inPlace(StandIn.once(smiLine({ index: 0 })));
    const harness = listen({ warmUp: 0, gpus: [7, 'GPU-8'] });
    await fitStart(harness);
    await standIn.printed();
    await train(harness, 1, {});
    await fitEnd(harness);
    expect(harness.dataOf('gpu')).toEqual([{ available: false, reason: 'no GPU has an index or UUID among 7, GPU-8', command: 'nvidia-smi', gpus: [] }]);
  });

  it.each([
    ['it hangs', 'setInterval(() => {}, 1000);', 'nvidia-smi gave no reading for 835 ms and was ended'],
    ['it prints nonsense', "setInterval(() => console.log('la, la, la'), 1);", 'nvidia-smi printed what is no reading and was ended: la, la, la'],
  ])('when %s, with a finding', async (_, body, reason) => {
    inPlace(new StandIn(body));
    const harness = listen({ warmUp: 0, interval: 167, silence: body.includes('la') ? 15_000 : 500 });
    await fitStart(harness);
    await trainUntilTold(harness, 1);
    await train(harness, 5, { update: 1 });
    await fitEnd(harness);
    expect(harness.dataOf('gpu')).toEqual([{ available: false, reason, command: 'nvidia-smi', gpus: [] }]);
    expect(harness.findings).toMatchObject([{ rule: 'gpu-monitor-lost', severity: 'info', message: `GPU readings came to an end: ${reason}.` }]);
  });

  it('when it exits early, after the readings that it gave', async () => {
    inPlace(new StandIn(`console.log(${JSON.stringify(smiLine({ utilization: 33 }))}); console.error('GPU is lost'); process.exitCode = 15;`));
    const harness = listen({ warmUp: 0 }, { backend: 'tensorflow' });
    await fitStart(harness);
    await trainUntilTold(harness, 2);
    await fitEnd(harness);
    expect(harness.dataOf('gpu').map(({ available, reason }) => [available, reason])).toEqual([
      [true, null],
      [false, 'nvidia-smi ended with exit code 15 (a GPU has fallen off the bus): GPU is lost'],
    ]);
    expect(harness.findings).toMatchObject([{ rule: 'gpu-monitor-lost', severity: 'info' }]);
    expect(lastProfile(harness)).toMatchObject({ gpus: [{ utilization: { mean: 33 } }] });
  });
});

describe('nvidia-smi is ended', () => {
  it.each(['teardown', 'error'] as const)('at %s', async (hook) => {
    const standIn = inPlace(StandIn.repeating(smiLine()));
    const harness = listen({});
    await fitStart(harness);
    const pid = await standIn.pid();
    if (hook === 'teardown') await teardown(harness);
    else await harness.call('error', { error: new Error('the model failed') });
    expect(isGone(pid)).toBe(true);
  });

  it('before the next fit begins one of its own', async () => {
    const first = inPlace(StandIn.repeating(smiLine()));
    const harness = listen({});
    await fitStart(harness);
    const pid = await first.pid();
    const second = inPlace(StandIn.repeating(smiLine()));
    await fitStart(harness, 2);
    expect(isGone(pid)).toBe(true);
    expect(isGone(await second.pid())).toBe(false);
  });
});

it.each([{ command: '--help' }, { command: '' }, { command: 'a\0b' }, { interval: 100 }, { every: 0 }, { intervall: 1000 }])('options %j are refused', (options) => {
  expect(() => gpuProfiler(options as never)).toThrow();
});

/** A folder without an nvidia-smi. */
function standInFolder(): string {
  const standIn = new StandIn('');
  standIns.push(standIn);
  return `${standIn.folder}/none`;
}
