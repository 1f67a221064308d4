import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { memorySink, Trainer, type TrainerState } from '../../src/index.js';
import { definePlugin } from '../../src/plugin/index.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeAll(() => useBackend('cpu'));

const counter = definePlugin({
  name: 'counter',
  summary: 'Counts.',
  role: 'observe',
  state: z.strictObject({ seen: z.int().default(0) }),
  hooks: () => ({
    stepEnd(_, context) {
      context.state.seen += 1;
      context.random('draws').float();
    },
  }),
});
const open = () => {
  const sink = memorySink();
  return { sink, trainer: new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', backend: 'keep', seed: 3, plugins: [counter()], sinks: [sink] }) };
};

describe('setState', () => {
  it('goes on counting epochs, steps, samples and events', async () => {
    const first = open();
    await first.trainer.fit(clouds(8), { epochs: 2, batchSize: 4 });
    const saved = JSON.parse(JSON.stringify(first.trainer.getState())) as TrainerState;
    expect(saved).toMatchObject({ epoch: 2, step: 4, samples: 16, seq: first.sink.events.length, plugins: { counter: { seen: 4 } } });

    const second = open();
    second.trainer.setState(saved);
    expect(second.trainer.getState()).toEqual(saved);
    await second.trainer.fit(clouds(8), { batchSize: 4 });
    expect(second.sink.events.map(({ seq }) => seq)).toEqual(second.sink.events.map((_, i) => saved.seq + 1 + i));
    expect(second.trainer.getState()).toMatchObject({ epoch: 3, step: 6, samples: 24, plugins: { counter: { seen: 6 } } });
    await first.trainer.dispose();
    await second.trainer.dispose();
  });

  it('gives no number to a second event when a trainer goes back to an earlier state', async () => {
    const { trainer, sink } = open();
    const fresh = trainer.getState();
    await trainer.fit(clouds(8));
    trainer.setState(fresh);
    await trainer.fit(clouds(8));
    expect(sink.events.map(({ seq }) => seq)).toEqual(sink.events.map((_, i) => i + 1));
    await trainer.dispose();
  });

  const words = { generator: 'xoroshiro128plus', words: [1, 2, 3] };
  for (const [what, code, change] of [
    ['another format', 'STATE_INVALID', { format: 2 }],
    ['a negative step', 'STATE_INVALID', { step: -1 }],
    ['half an epoch', 'STATE_INVALID', { epoch: 1.5 }],
    ['samples as text', 'STATE_INVALID', { samples: '16' }],
    ['no seq', 'STATE_INVALID', { seq: undefined }],
    ['no streams', 'STATE_INVALID', { streams: null }],
    ['a seed that is not finite', 'STATE_INVALID', { streams: { seed: Infinity, streams: {} } }],
    ['plugins that are a list', 'STATE_INVALID', { plugins: [] }],
    ['a stream of three words', 'RANDOM_STATE', { streams: { seed: 9, streams: { 'plugin/counter/draws': words } } }],
    ["a plugin's part that does not fit", 'PLUGIN_STATE', { plugins: { counter: { seen: 'many' } } }],
  ] as const) {
    it(`refuses ${what} with ${code}, and changes nothing`, async () => {
      const { trainer } = open();
      await trainer.fit(clouds(8), { batchSize: 4 });
      const before = trainer.getState();
      expect(() => {
        trainer.setState({ ...before, epoch: 7, seq: 99, plugins: { counter: { seen: 50 } }, ...change } as never);
      }).toThrow(expect.objectContaining({ code }));
      expect(trainer.getState()).toEqual(before);
      await trainer.dispose();
    });
  }

  for (const nothing of [undefined, null, 5, 'state']) {
    it(`refuses ${String(nothing)}`, async () => {
      const { trainer } = open();
      expect(() => {
        trainer.setState(nothing as never);
      }).toThrow(expect.objectContaining({ code: 'STATE_INVALID' }));
      await trainer.dispose();
    });
  }
});
