import { beforeAll, expect, it } from 'vitest';
import { memorySink, Trainer } from '../../src/index.js';
import { thrownData } from '../../src/events/index.js';
import { definePlugin } from '../../src/plugin/index.js';
import { thrownName } from '../../src/thrown-text.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeAll(() => useBackend('cpu'));

const odd = (fields: object): Error => Object.assign(new Error('plain'), fields);
const getter = Object.defineProperty(new Error('plain'), 'message', {
  get() {
    throw new Error('no message for you');
  },
});
const cases: readonly (readonly [what: string, thrown: unknown, message: string, name: string])[] = [
  ['a message that is an object', odd({ message: { a: 1 } }), '[object Object]', 'Error'],
  ['a message without text', odd({ message: Object.create(null) as object }), 'something that has no text', 'Error'],
  ['a name that is a number, a code and a stack that are none', odd({ name: 5, code: {}, stack: 7 }), 'plain', '5'],
  ['a getter that throws', getter, 'undefined', 'Error'],
  ['an object without a prototype', Object.create(null), 'something that has no text', 'Error'],
  ['a symbol', Symbol('mine'), 'Symbol(mine)', 'Error'],
  ['nothing', undefined, 'undefined', 'Error'],
  ['null', null, 'null', 'Error'],
];

for (const [what, thrown, message, name] of cases) {
  it(`tells ${what} in texts`, () => {
    const data = thrownData(thrown);
    expect(data).toMatchObject({ message, code: null });
    expect(['string', 'undefined']).toContain(typeof data.stack);
    expect(thrownName(thrown)).toBe(name);
  });

  for (const onError of ['disable', 'stop'] as const) {
    it(`a plugin that throws ${what} is told of (${onError})`, async () => {
      const thrower = definePlugin({
        name: 'thrower',
        summary: 'Throws.',
        role: 'observe',
        hooks: () => ({
          stepEnd() {
            throw thrown;
          },
        }),
      });
      const sink = memorySink();
      const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', backend: 'keep', plugins: [thrower({}, { onError })], sinks: [sink] });
      const fit = trainer.fit(clouds(8));
      if (onError === 'stop') await expect(fit).rejects.toMatchObject({ code: 'PLUGIN_FAILED' });
      else await fit;
      expect(sink.events.find(({ event }) => event === 'plugin-error')?.data).toMatchObject({ hook: 'stepEnd', message });
      await trainer.dispose();
    });
  }

  it(`a transform that throws ${what} ends the run with an error event`, async () => {
    const sink = memorySink();
    let calls = 0;
    const hook = definePlugin({
      name: 'thrower',
      summary: 'Throws.',
      role: 'steer',
      hooks: () => ({
        batch() {
          calls += 1;
          throw thrown;
        },
      }),
    });
    const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', backend: 'keep', plugins: [hook()], sinks: [sink] });
    await expect(trainer.fit(clouds(8))).rejects.toMatchObject({ code: 'PLUGIN_FAILED' });
    expect(calls).toBe(1);
    expect(sink.events.filter(({ event }) => event === 'error')).toHaveLength(1);
    await trainer.dispose();
  });

  it(`data that throws ${what} fails the run in words`, async () => {
    const sink = memorySink();
    const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', backend: 'keep', sinks: [sink] });
    trainer.on('run-start', () => undefined);
    // eslint-disable-next-line require-yield -- it fails before its first batch
    const data = async function* (): AsyncGenerator<never> {
      await Promise.resolve();
      throw thrown;
    };
    await expect(trainer.fit(data as never)).rejects.toMatchObject({ code: 'DATA_SOURCE_FAILED' });
    expect(sink.events.find(({ event }) => event === 'error')?.data).toMatchObject({ name: 'DataError', code: 'DATA_SOURCE_FAILED' });
    await trainer.dispose();
  });
}
