import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { memorySink, Trainer, type MemorySink } from '../../src/index.js';
import { definePlugin, type ErrorPolicy, type HookName } from '../../src/plugin/index.js';
import { tensorsLeftBy } from '../../src/testing/index.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeAll(() => useBackend('cpu'));
// Timeouts alone: the loop itself goes on by setImmediate.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A fit with a plugin whose promise in one hook never settles, aborted when it waits there. */
function stuckIn(hook: HookName, onError: ErrorPolicy): { readonly sink: MemorySink; readonly controller: AbortController; readonly waits: Promise<void>; readonly fit: () => Promise<unknown>; readonly dispose: () => Promise<void> } {
  const sink = memorySink();
  const controller = new AbortController();
  let arrived: () => void = () => undefined;
  const waits = new Promise<void>((resolve) => (arrived = resolve));
  const plugin = definePlugin({
    name: 'waiting',
    summary: 's',
    role: 'steer',
    onError,
    hooks: () => ({
      [hook]: () => {
        arrived();
        return new Promise<never>(() => undefined);
      },
    }),
  })();
  const model = smallClassifier();
  const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', plugins: [plugin], sinks: [sink], progress: false });
  const dispose = async (): Promise<void> => {
    await trainer.dispose();
    model.dispose();
  };
  const fit = (): Promise<unknown> => trainer.fit(clouds(12), { batchSize: 4, epochs: 2, validation: clouds(4, 2), signal: controller.signal }).catch((error: unknown) => error);
  return { sink, controller, waits, fit, dispose };
}

const errorsIn = ({ events }: MemorySink): unknown[] => events.filter(({ event }) => event === 'plugin-error').map(({ plugin, data }) => [plugin, data['hook'], data['code']]);
const inLoop = ['setup', 'fitStart', 'epochStart', 'batch', 'gradients', 'stepEnd', 'validationStart', 'validationEnd', 'epochEnd'] as const;

describe('a hook whose promise never settles', () => {
  it.each(inLoop)('in %s holds an aborted fit for 20 s and no longer: it ends as aborted, the plugin is named, and no tensor is left', async (hook) => {
    let outcome: unknown;
    const left = await tensorsLeftBy(async () => {
      const { sink, controller, waits, fit, dispose } = stuckIn(hook, 'disable');
      const running = fit().then((value) => (outcome = value));
      await waits;
      controller.abort();
      await turns();
      await vi.advanceTimersByTimeAsync(19_999);
      await turns();
      expect(outcome).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1);
      await running;
      expect(outcome).toMatchObject({ reason: 'aborted' });
      expect(errorsIn(sink)).toEqual([['waiting', hook, 'PLUGIN_STUCK']]);
      await dispose();
    });
    expect(left).toBe(0);
  });

  it('in stepEnd, where it is to stop the run, fails the fit by its name', async () => {
    const { controller, waits, fit } = stuckIn('stepEnd', 'stop');
    const running = fit();
    await waits;
    controller.abort();
    await turns();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await running).toMatchObject({ code: 'PLUGIN_STUCK', plugin: 'waiting', hook: 'stepEnd', step: 1 });
  });

  it.each(['fitEnd', 'teardown'] as const)('in %s of a fit that is done holds it until it is aborted, and the training stands as done', async (hook) => {
    const { sink, controller, waits, fit } = stuckIn(hook, 'disable');
    let outcome: unknown;
    const running = fit().then((value) => (outcome = value));
    await waits;
    await vi.advanceTimersByTimeAsync(3_600_000);
    await turns();
    expect(outcome).toBeUndefined();
    controller.abort();
    await turns();
    await vi.advanceTimersByTimeAsync(20_000);
    await running;
    expect(outcome).toMatchObject({ reason: 'completed', steps: 6, message: '' });
    expect(errorsIn(sink)).toEqual([['waiting', hook, 'PLUGIN_STUCK']]);
    expect(sink.events.at(-1)).toMatchObject({ event: 'run-end', data: { reason: 'completed' } });
  });

  it('in teardown does not hold a process that is asked to end by SIGTERM: the fit, which was done, ends as done', async () => {
    let arrived: () => void = () => undefined;
    const waits = new Promise<void>((resolve) => (arrived = resolve));
    const plugin = definePlugin({
      name: 'waiting',
      summary: 's',
      role: 'observe',
      hooks: () => ({
        teardown: () => {
          arrived();
          return new Promise<never>(() => undefined);
        },
      }),
    })();
    const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', plugins: [plugin], progress: false });
    const running = trainer.fit(clouds(12), { batchSize: 4, signals: true });
    await waits;
    process.emit('SIGTERM', 'SIGTERM');
    await turns();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await running).toMatchObject({ reason: 'completed', message: '', steps: 3 });
    expect(process.listenerCount('SIGTERM')).toBe(0);
    await trainer.dispose();
  });

  it('in error, and in teardown after it, has 20 s in each, and the error that ended the fit stays', async () => {
    const sink = memorySink();
    const controller = new AbortController();
    const never = (): Promise<void> => new Promise(() => undefined);
    const waiting = definePlugin({ name: 'waiting', summary: 's', role: 'observe', onError: 'isolate', hooks: () => ({ error: never, teardown: never }) })();
    const failing = definePlugin({
      name: 'failing',
      summary: 's',
      role: 'steer',
      hooks: () => ({
        stepEnd: () => {
          controller.abort();
          throw new Error('the one that matters');
        },
      }),
    })();
    const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', plugins: [waiting, failing], sinks: [sink], progress: false });
    const running = trainer.fit(clouds(12), { batchSize: 4, signal: controller.signal }).catch((error: unknown) => error);
    await turns();
    await vi.advanceTimersByTimeAsync(20_000);
    await turns();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await running).toMatchObject({ code: 'PLUGIN_FAILED', plugin: 'failing' });
    expect(errorsIn(sink)).toEqual([
      ['failing', 'stepEnd', null],
      ['waiting', 'error', 'PLUGIN_STUCK'],
      ['waiting', 'teardown', 'PLUGIN_STUCK'],
    ]);
  });
});
