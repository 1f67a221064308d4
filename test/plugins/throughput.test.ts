import { beforeAll, describe, expect, test } from 'vitest';
import { Trainer } from 'trainscope';
import type { PhaseTimes, StepInfo } from 'trainscope/plugin';
import { modelSummary, throughput } from 'trainscope/plugins';
import { PluginHarness } from 'trainscope/testing';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeAll(async () => {
  await useBackend('cpu');
});

const step = (batchSize: number): StepInfo => ({ batchSize, stepInEpoch: 0, learningRate: 0.1, updated: true });

/** A plugin whose clock is the test's. */
function clocked(options: Parameters<typeof throughput>[0]) {
  const harness = new PluginHarness(throughput(options));
  const spend = (times: Partial<PhaseTimes>): void => {
    const now = { ...harness.fields.times } as Record<keyof PhaseTimes, number>;
    for (const [phase, ms] of Object.entries(times)) now[phase as keyof PhaseTimes] += ms;
    harness.fields.times = now;
  };
  return {
    harness,
    spend,
    begin: () => harness.call('fitStart', { fit: 1, resumed: false, epochs: 1, stepsPerEpoch: undefined, hasValidation: false, weights: [] }),
    step: async (batchSize: number, times: Partial<PhaseTimes>) => {
      spend(times);
      harness.fields.step += 1;
      await harness.call('stepEnd', step(batchSize));
    },
    end: (reason: 'completed' | 'aborted' = 'completed') => harness.call('fitEnd', { reason, by: null, message: '', metrics: { loss: 1 } }),
  };
}

describe('throughput', () => {
  test('four steps of 8 samples in 10, 20, 30 and 40 ms are 320 samples and 40 steps a second', async () => {
    const run = clocked({ every: 4 });
    await run.begin();
    for (const ms of [10, 20, 30, 40]) await run.step(8, { data: ms / 2, forwardBackward: ms / 2 });
    expect(run.harness.dataOf('throughput')).toEqual([
      {
        samplesPerSecond: 320,
        stepsPerSecond: 40,
        stepMs: { p50: 25, p95: 38.5 },
        window: 4,
        shares: { data: 0.5, compute: 0.5, measure: 0, plugins: 0, pace: 0 },
        flops: null,
        overall: { samplesPerSecond: 320, stepsPerSecond: 40, samples: 32, steps: 4, seconds: 0.1 },
      },
    ]);
  });

  test('a window of 2 leaves the slow first step behind; overall it stays', async () => {
    const run = clocked({ every: 3, window: 2 });
    await run.begin();
    for (const ms of [980, 10, 10]) await run.step(4, { update: ms });
    expect(run.harness.dataOf('throughput')).toMatchObject([{ samplesPerSecond: 400, stepMs: { p50: 10, p95: 10 }, window: 2, overall: { samplesPerSecond: 12, stepsPerSecond: 3 } }]);
  });

  test('what came before the first step, and validations, do not count', async () => {
    const run = clocked({ every: 2 });
    run.spend({ plugins: 5000 });
    await run.begin();
    await run.step(1, { forwardBackward: 10 });
    await run.step(1, { forwardBackward: 10, validation: 60_000 });
    expect(run.harness.dataOf('throughput')).toMatchObject([{ stepsPerSecond: 100, overall: { seconds: 0.02 }, shares: { compute: 1, plugins: 0 } }]);
  });

  test('shares are of the time since the event before', async () => {
    const run = clocked({ every: 1 });
    await run.begin();
    await run.step(1, { data: 30, measure: 10 });
    await run.step(1, { plugins: 5, update: 15 });
    expect(run.harness.dataOf('throughput').map(({ shares }) => shares)).toEqual([
      { data: 0.75, compute: 0, measure: 0.25, plugins: 0, pace: 0 },
      { data: 0, compute: 0.75, measure: 0, plugins: 0.25, pace: 0 },
    ]);
  });

  test('the end of the fit is told, unless its step was told already', async () => {
    const run = clocked({ every: 2 });
    await run.begin();
    for (let i = 0; i < 3; i += 1) await run.step(1, { update: 1 });
    await run.end();
    expect(run.harness.dataOf('throughput')).toHaveLength(2);
    const even = clocked({ every: 2 });
    await even.begin();
    for (let i = 0; i < 2; i += 1) await even.step(1, { update: 1 });
    await even.end();
    expect(even.harness.dataOf('throughput')).toHaveLength(1);
  });

  test('overall counts on in a fit that goes on, and anew in a further one', async () => {
    const run = clocked({ every: 1 });
    await run.begin();
    await run.step(1, { update: 10 });
    await run.end('aborted');
    await run.begin();
    await run.step(1, { update: 10 });
    await run.end();
    await run.begin();
    await run.step(1, { update: 10 });
    expect(run.harness.dataOf('throughput').map(({ overall }) => (overall as { steps: number }).steps)).toEqual([1, 2, 1]);
  });

  test('a time that does not pass is a speed of 0, and not of infinity', async () => {
    const run = clocked({ every: 1 });
    await run.begin();
    await run.step(1, {});
    expect(run.harness.dataOf('throughput')).toMatchObject([{ samplesPerSecond: 0, shares: { data: 0 } }]);
  });

  test('a training of 10 steps tells the speed of 40 samples an epoch; with the model known, 6 operations a multiply-add', async () => {
    const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', seed: 3, progress: false, plugins: [modelSummary({ print: false }), throughput({ every: 5 })] });
    const told: { readonly samplesPerSecond: number; readonly flops: number | null; readonly overall: { readonly samples: number; readonly steps: number } }[] = [];
    trainer.on('throughput', ({ data }) => told.push(data));
    await trainer.fit(clouds(40), { batchSize: 8, epochs: 2 });
    await trainer.dispose();
    expect(told.map(({ overall }) => [overall.samples, overall.steps])).toEqual([[40, 5], [80, 10]]);
    // 4 * 8 + 8 * 2 multiply-adds.
    for (const { samplesPerSecond, flops } of told) expect((flops ?? 0) / samplesPerSecond).toBeCloseTo(6 * 48, 6);
  });
});
