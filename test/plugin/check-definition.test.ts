import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definePlugin } from '../../src/plugin/index.js';

const sound = { name: 'sound', summary: 's', role: 'observe' as const, hooks: () => ({}) };
const define = definePlugin as unknown as (definition: unknown) => (options?: unknown, attach?: unknown) => { onError: string; enforce: string | undefined; name: string };

describe('what a plugin is attached with', () => {
  for (const [what, attach, says] of [
    ['an unknown key', { onerror: 'stop' }, /unknown key "onerror" \(did you mean "onError"\?\)/],
    ['a place that does not exist', { enforce: 'first' }, /enforce: found "first", expected one of pre, post/],
    ['a policy that does not exist', { onError: 'explode' }, /onError: found "explode", expected one of isolate, disable, stop/],
    ['a name that is no text', { name: 5 }, /name: found 5, expected text/],
    ['null', null, /found nothing \(null\), expected an object/],
    ['a text', 'stop', /found "stop", expected an object/],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => define(sound)({}, attach)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID', message: expect.stringMatching(says) as string }));
    });
  }

  it('takes all that is documented', () => {
    expect(define(sound)({}, { name: 'other', enforce: 'post', onError: 'isolate' })).toMatchObject({ name: 'other', enforce: 'post', onError: 'isolate' });
    expect(define(sound)({}, { name: undefined })).toMatchObject({ name: 'sound', onError: 'disable' });
  });
});

describe('a definition', () => {
  for (const [what, definition, says] of [
    ['null', null, /null/],
    ['nothing', undefined, /definePlugin at least/],
    ['one without a name', { ...sound, name: undefined }, /name: missing/],
    ['one without hooks', { ...sound, hooks: undefined }, /hooks: it takes a function/],
    ['hooks that are an object', { ...sound, hooks: {} }, /"sound".*hooks: it takes a function/],
    ['needs that are a list', { ...sound, needs: [] }, /needs: it takes a function/],
    ['requires that are a list', { ...sound, requires: ['validation'] }, /requires: it takes a function/],
    ['a state that is no schema', { ...sound, state: { seen: 0 } }, /state: it takes a zod schema/],
    ['options that are no schema', { ...sound, options: { every: 1 } }, /options: it takes a zod schema/],
    ['events that are no schemas', { ...sound, events: { 'my-event': {} } }, /events\.my-event: it takes a zod schema/],
    ['a role that does not exist', { ...sound, role: 'steers' }, /role: found "steers", expected one of observe, steer \(did you mean "steer"\?\)/],
    ['an unknown key', { ...sound, need: () => undefined }, /unknown key "need" \(did you mean "needs"\?\)/],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => define(definition)).toThrow(expect.objectContaining({ code: 'PLUGIN_INVALID', message: expect.stringMatching(says) as string }));
    });
  }

  it('whose hooks give nothing is refused when the plugin is made', () => {
    expect(() => define({ ...sound, hooks: () => undefined })()).toThrow(expect.objectContaining({ code: 'PLUGIN_INVALID', message: expect.stringMatching(/gave undefined/) as string }));
  });

  it('takes all that is documented', () => {
    const whole = { ...sound, options: z.strictObject({}), events: { 'my-event': z.strictObject({}) }, state: z.strictObject({}), codeOnly: ['x'], enforce: 'pre', onError: 'stop', needs: () => undefined, requires: () => [] };
    expect(define(whole)()).toMatchObject({ enforce: 'pre', onError: 'stop' });
  });
});
