import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definePlugin } from '../../src/plugin/index.js';
import { orderPlugins } from '../../src/plugin/order.js';

const simple = (name: string, hooks: object, role: 'observe' | 'steer' = 'observe') => definePlugin({ name, summary: 's', role: role as 'observe', hooks: () => hooks as never });
const every = definePlugin({
  name: 'every',
  summary: 's',
  role: 'observe',
  options: z.strictObject({ every: z.int().min(1).default(10), nested: z.strictObject({ window: z.number().positive().default(5) }).prefault({}) }),
  hooks: () => ({}),
});
const thrownBy = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('a plugin is checked when it is made', () => {
  it('refuses a hook that does not exist, with the nearest name', () => {
    expect(thrownBy(() => simple('typo', { epochEnds: () => undefined })())).toMatchObject({ code: 'PLUGIN_HOOK_UNKNOWN', plugin: 'typo', hook: 'epochEnds', message: expect.stringContaining('Did you mean "epochEnd"?') as string });
  });

  it('refuses an unknown option, with the nearest name and all problems at once', () => {
    const error = thrownBy(() => every({ evry: 3, nested: { window: -1 } } as never));
    expect(error).toMatchObject({ code: 'OPTIONS_INVALID' });
    expect((error as { problems: { path: unknown; suggestion?: string }[] }).problems.map(({ path, suggestion }) => [path, suggestion])).toEqual(expect.arrayContaining([[['evry'], 'every'], [['nested', 'window'], undefined]]));
  });

  for (const [what, value] of [['negative', -1], ['zero', 0], ['not finite', Number.POSITIVE_INFINITY], ['NaN', Number.NaN], ['a text', '3']] as const) {
    it(`refuses an option that is ${what}`, () => {
      expect(thrownBy(() => every({ every: value as number }))).toMatchObject({ code: 'OPTIONS_INVALID' });
    });
  }

  it('refuses a transforming hook in a plugin that observes', () => {
    expect(thrownBy(() => simple('looker', { gradients: () => undefined })())).toMatchObject({ code: 'PLUGIN_INVALID', hook: 'gradients' });
  });

  it('refuses a hook that is no function', () => {
    expect(thrownBy(() => simple('odd', { stepEnd: 3 })())).toMatchObject({ code: 'PLUGIN_INVALID', hook: 'stepEnd' });
  });

  it('refuses a state schema without defaults', () => {
    const stateful = definePlugin({ name: 'stateful', summary: 's', role: 'observe', state: z.object({ count: z.number() }), hooks: () => ({}) });
    expect(thrownBy(() => stateful())).toMatchObject({ code: 'PLUGIN_STATE' });
  });

  it('fills in defaults and records the options', () => {
    expect(every({ every: 3 }).options).toEqual({ every: 3, nested: { window: 5 } });
  });

  it('gives fresh hooks and state to each trainer', () => {
    const counting = definePlugin({ name: 'c', summary: 's', role: 'observe', state: z.object({ seen: z.array(z.number()).default([]) }), hooks: () => ({}) })();
    const [a, b] = [counting.bind(), counting.bind()];
    (a.state as { seen: number[] }).seen.push(1);
    expect(b.state).toEqual({ seen: [] });
  });

  it('stops the run on failure when it steers, and is disabled when it observes; attaching overrides', () => {
    expect(simple('a', {})().onError).toBe('disable');
    expect(definePlugin({ name: 'b', summary: 's', role: 'steer', hooks: () => ({}) })().onError).toBe('stop');
    expect(simple('a', {})({}, { onError: 'isolate' }).onError).toBe('isolate');
  });
});

it('two plugins of one name are refused, and two names for one kind are not', () => {
  expect(thrownBy(() => orderPlugins([every(), every()]))).toMatchObject({ code: 'PLUGIN_DUPLICATE', plugin: 'every' });
  expect(orderPlugins([every(), every({}, { name: 'other' })])).toHaveLength(2);
});
