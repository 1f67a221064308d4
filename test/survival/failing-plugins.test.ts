import { beforeAll, describe, expect, it } from 'vitest';
import { memorySink, Trainer } from '../../src/index.js';
import { definePlugin, gradientNorms, hookKinds, hookNames, type AnyPlugin, type ErrorPolicy, type HookName, type Role } from '../../src/plugin/index.js';
import { tensorsLeftBy } from '../../src/testing/index.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeAll(() => useBackend('cpu'));

interface Case {
  readonly hook: HookName;
  readonly role: Role;
  readonly isAsync: boolean;
  readonly onError: ErrorPolicy;
}

const cases: readonly Case[] = hookNames.flatMap((hook) =>
  (['observe', 'steer'] as const).flatMap((role) => {
    if (role === 'observe' && hookKinds[hook] !== 'observe') return [];
    return [false, true].flatMap((isAsync) => (isAsync && hookKinds[hook] === 'transformSync' ? [] : (['isolate', 'disable', 'stop'] as const).map((onError): Case => ({ hook, role, isAsync, onError }))));
  }),
);

/** Throws in one hook at every call. */
const failing = ({ hook, role, isAsync, onError }: Case): AnyPlugin => {
  const fail = (): unknown => {
    if (isAsync) return Promise.reject(new Error(`broken ${hook}`));
    throw new Error(`broken ${hook}`);
  };
  const needs = () => (hook === 'measured' ? { every: 1, of: { norms: gradientNorms() } } : undefined);
  return definePlugin({ name: 'broken', summary: 's', role: role as 'steer', onError, needs, hooks: () => ({ [hook]: fail }) })();
};

/** A fit of 2 epochs of 3 steps beside a sound plugin that counts its teardowns. */
async function train(each: Case): Promise<{ readonly outcome: unknown; readonly again: unknown; readonly torn: number; readonly told: readonly unknown[]; readonly last: string | undefined }> {
  const sink = memorySink();
  let torn = 0;
  const sound = definePlugin({ name: 'sound', summary: 's', role: 'observe', hooks: () => ({ teardown: () => void (torn += 1) }) })();
  const model = smallClassifier();
  const trainer = new Trainer({ model, loss: 'sparseCategoricalCrossentropy', plugins: [sound, failing(each)], sinks: [sink], progress: false });
  const options = { batchSize: 4, epochs: 2, validation: clouds(4, 2) };
  const fit = (): Promise<unknown> => trainer.fit(clouds(12), options).catch((error: unknown) => error);
  // `error` is called by a fit that fails: by data that does not fit the model.
  const outcome = each.hook === 'error' ? await trainer.fit({ inputs: [[1]], labels: [0] }, options).catch((error: unknown) => error) : await fit();
  const [first, told, last] = [torn, sink.events.filter(({ event }) => event === 'plugin-error').map(({ plugin, data }) => [plugin, data['hook'], data['policy']]), sink.events.at(-1)?.event];
  const again = each.hook === 'error' ? await fit() : undefined;
  await trainer.dispose();
  model.dispose();
  return { outcome, again, torn: first, told, last };
}

const named = cases.map((each): [string, Case] => [`${each.hook}, ${each.isAsync ? 'by a promise' : 'at once'}, role ${each.role}, policy ${each.onError}`, each]);

describe('a plugin that throws', () => {
  it('has 14 hooks to do it in: 11 that observe in two roles, two transforms and the loss, at once and by a promise, with three policies', () => {
    // 11 x 2 roles x 2 + 2 x 1 x 2 + 1 x 1 x 1 = 49, times 3 policies.
    expect(cases).toHaveLength(147);
  });

  it.each(named)('in %s: the fit goes on, or fails by its name; all are torn down and no tensor is left', async (_, each) => {
    let run: Awaited<ReturnType<typeof train>> | undefined;
    const left = await tensorsLeftBy(async () => (run = await train(each)));
    const { hook, onError } = each;
    if (hook === 'error') {
      expect(run?.outcome).toMatchObject({ code: 'DATA_SHAPE' });
      expect(run?.again).toMatchObject({ reason: 'completed' });
    } else if (onError === 'stop' && hook !== 'teardown') expect(run?.outcome).toMatchObject({ code: 'PLUGIN_FAILED', plugin: 'broken', hook });
    else expect(run?.outcome).toMatchObject({ reason: 'completed', steps: 6 });
    expect(run?.told[0]).toEqual(['broken', hook, hook === 'teardown' ? 'isolate' : onError]);
    expect(run?.torn).toBe(1);
    expect(left).toBe(0);
  });
});
