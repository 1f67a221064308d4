import { beforeAll, expect, it } from 'vitest';
import { parseEventLine, Trainer } from '../../src/index.js';
import { useBackend } from '../support/backends.js';
import { smallClassifier } from '../support/small-run.js';

beforeAll(() => useBackend('cpu'));

type Attach = (...given: unknown[]) => unknown;
const nothing = (): void => undefined;

for (const [what, attach, code, says] of [
  ['an event that is no name', (t) => (t.on as Attach).call(t, 5, nothing), 'OPTIONS_INVALID', /the event to hear is 5/],
  ['a symbol for an event', (t) => (t.on as Attach).call(t, Symbol('x'), nothing), 'OPTIONS_INVALID', /Symbol\(x\)/],
  ['a listener that is no function', (t) => (t.on as Attach).call(t, 'step', 'log'), 'OPTIONS_INVALID', /the listener is "log"/],
  ['a listener of all that is nothing', (t) => (t.onAny as Attach).call(t, undefined), 'OPTIONS_INVALID', /the listener is undefined/],
  ['a hook that does not exist', (t) => (t.hook as Attach).call(t, 'stepEnds', nothing), 'PLUGIN_HOOK_UNKNOWN', /Did you mean "stepEnd"\?/],
  ['a hook that is no name', (t) => (t.hook as Attach).call(t, Symbol('x'), nothing), 'PLUGIN_HOOK_UNKNOWN', /the hook is Symbol\(x\)/],
  ['a hook without a function', (t) => (t.hook as Attach).call(t, 'stepEnd'), 'PLUGIN_INVALID', /"stepEnd" is undefined/],
  ['a line that is no text', () => (parseEventLine as Attach)(undefined), 'EVENT_INVALID', /the line is undefined/],
] as readonly (readonly [string, (trainer: Trainer) => unknown, string, RegExp])[]) {
  it(`${what} is refused with ${code}`, async () => {
    const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', backend: 'keep' });
    expect(() => attach(trainer)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(says) as string }));
    await trainer.dispose();
  });
}
