import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Trainer, type FitOptions, type TrainscopeEvent } from 'trainscope';
import { definePlugin } from 'trainscope/plugin';
import { checkpoint, timer } from 'trainscope/plugins';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeAll(async () => {
  await useBackend('cpu');
});
// Time passes where a test says so: see `passing`.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'], now: new Date('2026-03-01T12:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Each step takes one second, each validation three. 40 samples in batches of 8: an epoch has 5 steps. */
const passing = definePlugin({
  name: 'passing',
  summary: 'Lets time pass.',
  role: 'steer',
  enforce: 'pre',
  hooks: () => ({
    batch: () => void vi.advanceTimersByTime(1000),
    validationEnd: () => void vi.advanceTimersByTime(3000),
  }),
});

const data = clouds(40);
const made = (options: Parameters<typeof timer>[0], more: ReturnType<typeof checkpoint>[] = []) => {
  const trainer = new Trainer({ model: smallClassifier, loss: 'sparseCategoricalCrossentropy', seed: 3, progress: false, plugins: [passing(), timer(options), ...more] });
  const events: TrainscopeEvent[] = [];
  trainer.onAny((event) => events.push(event));
  return { trainer, events, timed: () => events.filter(({ event }) => event === 'timer').map((event) => event.data as unknown as Record<string, unknown>) };
};
async function train(options: Parameters<typeof timer>[0], fit: FitOptions = {}) {
  const run = made(options);
  const result = await run.trainer.fit(data, { batchSize: 8, epochs: 4, ...fit });
  await run.trainer.dispose();
  return { ...run, result };
}

describe('the limit', () => {
  test('of 8.5 s lets 8 steps of a second pass: a ninth would end after it', async () => {
    const { result, timed } = await train({ duration: { seconds: 8.5 } });
    expect(result).toMatchObject({ reason: 'stopped', stoppedBy: 'timer', steps: 8, message: 'the time is up: 8 s of 8.5 s are used, and another step may take 1 s' });
    expect(timed()).toEqual([
      { training: 8, validation: 0, total: 8, limit: 8.5, stopped: true, started: '2026-03-01T12:00:00.000Z', ended: '2026-03-01T12:00:08.000Z', steps: 8, epochs: 1, processes: 1 },
    ]);
  });

  test('of 8 s lets 8 steps pass, which is no more than it', async () => {
    expect((await train({ duration: '00:00:00:08' })).result.steps).toBe(8);
  });

  test('with a reserve of 3 s lets 5 of 8 pass', async () => {
    expect((await train({ duration: { seconds: 8 }, reserve: { seconds: 3 } })).result.steps).toBe(5);
  });

  test('by epochs, which take 5 s of steps and 3 s of validation, lets two of them pass in 20 s', async () => {
    const { result, timed } = await train({ duration: { seconds: 20 }, interval: 'epoch' }, { validation: data });
    expect(result.steps).toBe(10);
    expect(timed()).toMatchObject([{ training: 10, validation: 6, total: 16, epochs: 2, stopped: true }]);
  });

  test('by steps counts validations, and does not take one for a long step', async () => {
    // 5 steps and a validation: 8 s. Four more steps: 12 s.
    const { result } = await train({ duration: { seconds: 12 } }, { validation: data });
    expect(result.steps).toBe(9);
  });

  test('that is not reached changes nothing, and there may be none', async () => {
    const { result, timed } = await train({ duration: { hours: 1 } });
    expect(result).toMatchObject({ reason: 'completed', steps: 20 });
    expect(timed()).toMatchObject([{ total: 20, limit: 3600, stopped: false }]);
    expect((await train({})).timed()).toMatchObject([{ total: 20, limit: null, stopped: false, epochs: 4 }]);
  });
});

describe('further fits', () => {
  test('of the same trainer are timed anew', async () => {
    const { trainer, timed } = made({ duration: { seconds: 7 } });
    await trainer.fit(data, { batchSize: 8, epochs: 4 });
    const second = await trainer.fit(data, { batchSize: 8, epochs: 4 });
    await trainer.dispose();
    expect(second.reason).toBe('stopped');
    expect(timed().map(({ total }) => total)).toEqual([7, 7]);
  });

  describe('that are resumed', () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trainscope-timer-'))));
    afterEach(() => rmSync(folder, { recursive: true, force: true }));
    const saving = () => checkpoint({ folder, every: { steps: 1 } });

    test('count on, without the time between', async () => {
      const first = made({ duration: { seconds: 12 } }, [saving()]);
      const control = new AbortController();
      first.trainer.hook('stepEnd', (_info, { step }) => {
        if (step === 7) control.abort();
      });
      await first.trainer.fit(data, { batchSize: 8, epochs: 4, signal: control.signal });
      await first.trainer.dispose();
      vi.advanceTimersByTime(86_400_000);
      const second = made({ duration: { seconds: 12 } }, [saving()]);
      await second.trainer.resume(folder);
      const result = await second.trainer.fit(data, { batchSize: 8, epochs: 4 });
      await second.trainer.dispose();
      expect([result.reason, result.steps]).toEqual(['stopped', 12]);
      expect(second.timed()).toMatchObject([{ total: 12, steps: 12, processes: 2, started: '2026-03-01T12:00:00.000Z', ended: '2026-03-02T12:00:12.000Z' }]);
    });

    test('where the time was up stay ended, and go on with more of it', async () => {
      const fit = { batchSize: 8, epochs: 4 };
      const first = made({ duration: { seconds: 7 } }, [saving()]);
      await first.trainer.fit(data, fit);
      await first.trainer.dispose();
      const same = made({ duration: { seconds: 7 } }, [saving()]);
      await same.trainer.resume(folder);
      expect(await same.trainer.fit(data, fit)).toMatchObject({ reason: 'stopped', stoppedBy: 'timer', steps: 7 });
      await same.trainer.dispose();
      const more = made({ duration: { seconds: 9 } }, [saving()]);
      await more.trainer.resume(folder);
      expect(await more.trainer.fit(data, fit)).toMatchObject({ reason: 'stopped', steps: 9 });
      await more.trainer.dispose();
    });
  });
});

test.each([
  [{ duration: { seconds: 0 } }, 'the duration is 0: no step could be trained'],
  [{ duration: '00:00:01:00', reserve: { minutes: 2 } }, 'the reserve of 2 min leaves nothing of the duration of 1 min'],
  [{ duration: '1h' }, "expected 'DD:HH:MM:SS'"],
])('%j is refused: %s', (options, why) => {
  expect(() => timer(options as never)).toThrow(why);
});
