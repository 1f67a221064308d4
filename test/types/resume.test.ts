import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { checkpoint, nonFinite } from '../../plugins/index.js';
import { checkpointHandler } from '../../src/checkpoint/index.js';
import { Trainer, withoutSuperseded, type ResumedFrom, type SeekableBatches, type TrainscopeEvent } from '../../src/index.js';
import { definePlugin, type RolledBack } from '../../src/plugin/index.js';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

let folder: string;
beforeAll(async () => {
  await useBackend('cpu');
  folder = mkdtempSync(join(tmpdir(), 'trainscope-types-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what a run is resumed with', () => {
  it('is typed: where it goes on, or undefined; and events of the plugins by name', async () => {
    const trainer = new Trainer({ model: smallClassifier(), loss: 'sparseCategoricalCrossentropy', backend: 'keep', plugins: [checkpoint({ folder }), nonFinite()] });
    expectTypeOf(trainer.resume).returns.resolves.toEqualTypeOf<ResumedFrom | undefined>();
    // @ts-expect-error there is no such choice
    await expect(trainer.resume(folder, { missing: 'ignore' })).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
    trainer.on('checkpoint', ({ data }) => {
      expectTypeOf(data.bytes).toEqualTypeOf<number>();
      expectTypeOf(data.metric).toEqualTypeOf<{ readonly name: string; readonly value: number } | null>();
    });
    trainer.on('non-finite', ({ data }) => expectTypeOf(data.action).toEqualTypeOf<'stop' | 'skip' | 'rollBack'>());
    trainer.on('resume', ({ data }) => expectTypeOf(data.data).toEqualTypeOf<'seek' | 'replay' | 'unknown'>());
    // @ts-expect-error signals is a boolean
    await expect(trainer.fit(clouds(8), { signals: ['SIGINT'] })).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
    await trainer.fit(clouds(8), { signals: false, resumeData: 'refuse' });
    await trainer.dispose();
  });

  it('a source that seeks is data, and events stay what they were', () => {
    const batches: SeekableBatches = { [Symbol.iterator]: () => [clouds(4)].values(), iterateFrom: (batch) => [clouds(4)].slice(batch).values() };
    expect([...(batches as Iterable<unknown>)]).toHaveLength(1);
    expectTypeOf(withoutSuperseded<TrainscopeEvent>).returns.toEqualTypeOf<TrainscopeEvent[]>();
    expectTypeOf(checkpointHandler).returns.toEqualTypeOf<tf.io.IOHandler>();
    expect(withoutSuperseded([])).toEqual([]);
  });
});

describe('the context', () => {
  it('lets all plugins ask for checkpoints, and those that steer roll back', () => {
    const looks = definePlugin({
      name: 'looks',
      summary: 'Looks.',
      role: 'observe',
      hooks: () => ({
        stepEnd(_info, context) {
          expectTypeOf(context.checkpoints.request).parameter(0).toHaveProperty('reason');
          // @ts-expect-error it observes
          expectTypeOf(context.rollBack).toBeFunction();
        },
      }),
    });
    const steers = definePlugin({
      name: 'steers',
      summary: 'Steers.',
      role: 'steer',
      hooks: () => ({ gradients: (_gradients, context) => { expectTypeOf(context.rollBack).returns.resolves.toEqualTypeOf<RolledBack | undefined>(); } }),
    });
    expect([looks().hookNames, steers().hookNames]).toEqual([['stepEnd'], ['gradients']]);
  });
});
