import { setTimeout as wait } from 'node:timers/promises';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { gpuProfiler } from '../../../plugins/gpu-profiler.js';
import { definePlugin } from '../../../src/plugin/index.js';
import { memorySink, Trainer } from '../../../src/index.js';
import { tensorsLeftBy } from '../../../src/testing/index.js';
import { useBackend } from '../../support/backends.js';
import { randoms } from '../../support/numbers.js';
import { StandIn, isGone, smiLine } from './stand-in.js';

const path = process.env['PATH'];
let standIn: StandIn | undefined;

const inPlace = (made: StandIn): StandIn => {
  standIn = made;
  process.env['PATH'] = made.searchPath;
  return made;
};

beforeAll(() => useBackend('cpu'));
afterEach(() => {
  standIn?.remove();
  standIn = undefined;
  process.env['PATH'] = path;
});

const network = (): Sequential =>
  sequential({ layers: [layers.dense({ units: 64, activation: 'relu', inputShape: [64] }), layers.dense({ units: 1 })] });

const inMemory = (samples: number) => ({
  inputs: { values: randoms(samples * 64, 3), shape: [samples, 64] },
  labels: { values: randoms(samples, 4), shape: [samples, 1] },
});

/** Batches of 4 that come 20 ms after they are asked for, read ahead by none. */
const slow = (batches: number) => ({
  async *[Symbol.asyncIterator]() {
    for (let i = 0; i < batches; i += 1) {
      await wait(20);
      yield { inputs: { values: randoms(4 * 64, i + 1), shape: [4, 64] }, labels: { values: randoms(4, i + 1), shape: [4, 1] } };
    }
  },
});

describe('in a training', () => {
  it('with its data in memory the profiles come at each epoch and at the end, nothing is found, and nothing is left', async () => {
    const child = inPlace(StandIn.repeating(smiLine({ index: 0 }), smiLine({ index: 1 })));
    const sink = memorySink();
    const model = network();
    const left = await tensorsLeftBy(async () => {
      const trainer = new Trainer({ model, loss: 'meanSquaredError', optimizer: 'sgd', plugins: [gpuProfiler({ warmUp: 5 })], sinks: [sink] });
      await trainer.fit(inMemory(640), { batchSize: 16, epochs: 2, validation: inMemory(32) });
      await trainer.dispose();
    });
    const events = sink.events.filter(({ plugin }) => plugin === 'gpuProfiler');
    const profiles = events.filter(({ event }) => event === 'gpu-profile').map(({ data }) => data as { final: boolean; steps: number; samples: number; shares: Record<string, number> });
    expect(profiles.map(({ final, steps, samples }) => [final, steps, samples])).toEqual([[false, 35, 560], [false, 40, 640], [true, 75, 1200]]);
    for (const { shares } of profiles) expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(events.filter(({ event }) => event === 'gpu')).toHaveLength(1);
    expect(sink.events.filter(({ event, data }) => event === 'finding' && (data as { severity: string }).severity !== 'info')).toEqual([]);
    expect(left).toBe(0);
    expect(isGone(await child.pid())).toBe(true);
  });

  it('with a source that takes 20 ms a batch there is one warning, which names the share', async () => {
    process.env['PATH'] = '/nowhere';
    const sink = memorySink();
    const trainer = new Trainer({ model: network(), loss: 'meanSquaredError', optimizer: 'sgd', plugins: [gpuProfiler()], sinks: [sink] });
    await trainer.fit(slow(110), { epochs: 1, prefetch: 0 });
    await trainer.dispose();
    const findings = sink.events.filter(({ event, plugin }) => event === 'finding' && plugin === 'gpuProfiler').map(({ data }) => data);
    expect(findings).toMatchObject([{ rule: 'data-bound', severity: 'warning', evidence: { steps: 100 } }]);
  });

  it('that fails nvidia-smi is ended too', async () => {
    const child = inPlace(StandIn.repeating(smiLine()));
    const failing = definePlugin({
      name: 'failing',
      summary: 'Fails once nvidia-smi runs.',
      role: 'steer',
      hooks: () => ({
        async stepEnd() {
          await child.pid();
          throw new Error('the disk is full');
        },
      }),
    });
    const trainer = new Trainer({ model: network(), loss: 'meanSquaredError', optimizer: 'sgd', plugins: [gpuProfiler(), failing()] });
    await expect(trainer.fit(inMemory(32))).rejects.toThrow('the disk is full');
    expect(isGone(await child.pid())).toBe(true);
  });
});
