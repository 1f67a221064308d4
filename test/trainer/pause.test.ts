import { beforeEach, expect, test } from 'vitest';
import { Trainer } from 'trainscope';
import { definePlugin } from 'trainscope/plugin';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeEach(() => useBackend('cpu'));

const data = clouds(40);
const sum = (times: object): number => Object.values<number>({ ...times }).reduce((all, each) => all + each, 0);

test('a training that is held for 400 ms in its third step goes on after it; no phase and no plugin has that time', async () => {
  let seen: { readonly before: number; readonly after: number; readonly mine: number; readonly held: number } | undefined;
  const hold = definePlugin({
    name: 'hold',
    summary: 'Holds the third step.',
    role: 'steer',
    hooks: () => ({
      async stepEnd(_info, context) {
        if (context.step !== 3) return;
        const [before, began] = [sum(context.times), performance.now()];
        await context.pauseUntil(new Promise((done) => setTimeout(done, 400)));
        seen = { before, after: sum(context.times), mine: 0, held: performance.now() - began };
      },
      fitEnd(_info, context) {
        if (seen !== undefined) seen = { ...seen, mine: context.pluginTimes['hold'] ?? NaN };
      },
    }),
  });
  const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', progress: false, plugins: [hold()] });
  const { steps, reason } = await trainer.fit(data, { epochs: 1, batchSize: 8 });
  expect([steps, reason]).toEqual([5, 'completed']);
  expect(seen?.held).toBeGreaterThan(398);
  expect((seen?.after ?? NaN) - (seen?.before ?? NaN)).toBeLessThan((seen?.held ?? NaN) / 2);
  expect(seen?.mine).toBeLessThan((seen?.held ?? NaN) / 2);
  await trainer.dispose();
});

test('a stop and an abort end a pause that nothing else would end', async () => {
  for (const end of ['stopped', 'aborted'] as const) {
    const controller = new AbortController();
    const held = definePlugin({
      name: 'hold',
      summary: 'Holds the second step for good.',
      role: 'steer',
      hooks: () => ({
        async stepEnd(_info, context) {
          if (context.step !== 2) return;
          setTimeout(() => {
            if (end === 'aborted') controller.abort();
            else context.stop('enough');
          }, 20);
          await context.pauseUntil(new Promise(() => undefined));
        },
      }),
    });
    const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', progress: false, plugins: [held()] });
    const { steps, reason } = await trainer.fit(data, { epochs: 1, batchSize: 8, signal: controller.signal });
    expect([steps, reason]).toEqual([2, end]);
    await trainer.dispose();
  }
});

test('what a pause waits for may fail: then the hook has failed', async () => {
  const failing = definePlugin({ name: 'hold', summary: 'Holds and fails.', role: 'steer', hooks: () => ({ stepEnd: (_info, context) => context.pauseUntil(Promise.reject(new Error('the socket closed'))) }) });
  const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', progress: false, plugins: [failing()] });
  await expect(trainer.fit(data, { epochs: 1, batchSize: 8 })).rejects.toMatchObject({ code: 'PLUGIN_FAILED' });
  await trainer.dispose();
});
