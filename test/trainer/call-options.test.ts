import { beforeAll, expect, it } from 'vitest';
import { Trainer } from '../../src/index.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeAll(() => useBackend('cpu'));

const open = (fit = {}) => new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', backend: 'keep', fit });

for (const method of ['fit', 'evaluate', 'predict'] as const) {
  for (const [what, options, says] of [
    ['a mistyped key', { batchSise: 4 }, /unknown key "batchSise" \(did you mean "batchSize"\?\)/],
    ['batches of nothing', { batchSize: 0 }, /batchSize: found 0, expected a whole number of at least 1/],
    ['half a sample', { batchSize: 2.5 }, /batchSize: found 2\.5, expected a whole number/],
    ['null', null, /found nothing \(null\), expected an object/],
    ['a number', 5, /found 5, expected an object/],
  ] as const) {
    it(`${method} refuses ${what}`, async () => {
      const trainer = open();
      const { inputs, labels } = clouds(4);
      const call = trainer[method].bind(trainer) as (data: unknown, options: unknown) => Promise<unknown>;
      await expect(call(method === 'predict' ? { inputs } : { inputs, labels }, options)).rejects.toMatchObject({ code: 'OPTIONS_INVALID', message: expect.stringMatching(says) as string });
      await trainer.dispose();
    });
  }
}

it("undefined leaves what the trainer's options say of every fit", async () => {
  const trainer = open({ epochs: 3 });
  const { history } = await trainer.fit(clouds(4), { epochs: undefined });
  expect(history).toHaveLength(3);
  expect((await trainer.fit(clouds(4), { epochs: 2 })).history).toHaveLength(2);
  await trainer.dispose();
});
