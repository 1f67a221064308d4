import { beforeEach, describe, expect, test } from 'vitest';
import { Trainer } from 'trainscope';
import { definePlugin, type TrainscopeEvent } from 'trainscope/plugin';
import { z } from 'zod';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeEach(() => useBackend('cpu'));

const listener = (hear: (event: TrainscopeEvent) => void) =>
  definePlugin({
    name: 'listener',
    summary: 'Hears all.',
    role: 'observe',
    options: z.strictObject({}),
    hooks: () => ({
      setup: (_info, context) => {
        context.listen(hear);
      },
    }),
  })();

const trainer = (hear: (event: TrainscopeEvent) => void) => new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', progress: false, logEvery: 1, plugins: [listener(hear)] });

describe('a plugin that listens', () => {
  test('hears every event of the fit, from run-start to run-end, in the order of seq', async () => {
    const heard: TrainscopeEvent[] = [];
    const trained = trainer((event) => heard.push(event));
    await trained.fit(clouds(16), { epochs: 1, batchSize: 8 });
    await trained.dispose();
    expect(heard.map(({ event }) => event)).toEqual(['run-start', 'epoch-start', 'step', 'step', 'epoch-end', 'run-end']);
    expect(heard.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('hears those of the second fit once', async () => {
    const heard: string[] = [];
    const trained = trainer(({ event }) => heard.push(event));
    await trained.fit(clouds(16), { epochs: 1, batchSize: 8 });
    heard.length = 0;
    await trained.fit(clouds(16), { epochs: 1, batchSize: 8 });
    await trained.dispose();
    expect(heard).toEqual(['run-start', 'epoch-start', 'step', 'step', 'epoch-end', 'run-end']);
  });

  test('that throws is told of once and not called again; the training goes on', async () => {
    let calls = 0;
    const troubles: string[] = [];
    const trained = trainer(() => {
      calls += 1;
      throw new Error('deaf');
    });
    trained.on('listener-error', ({ data }) => troubles.push(data.message));
    const { reason } = await trained.fit(clouds(16), { epochs: 1, batchSize: 8 });
    await trained.dispose();
    expect([reason, calls, troubles]).toEqual(['completed', 1, ['deaf']]);
  });
});
