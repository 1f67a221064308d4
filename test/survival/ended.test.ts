import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkpoint, earlyStopping, seed } from '../../plugins/index.js';
import { memorySink, Trainer, withoutSuperseded, type FitResult, type TrainscopeEvent } from '../../src/index.js';
import type { Sequential } from '@tensorflow/tfjs-layers';
import { useBackend } from '../support/backends.js';
import { clouds, smallClassifier } from '../support/small-run.js';

beforeAll(() => useBackend('cpu'));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trainscope-ended-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/**
 * A process that was killed after its fit had ended is started again: it resumes, and has nothing left to train.
 * No loss falls by 10: the first check is the best one, and its weights come back.
 */
async function train(patience: number): Promise<{ readonly result: FitResult; readonly weights: readonly number[][]; readonly events: readonly TrainscopeEvent[] }> {
  const sink = memorySink();
  const trainer = new Trainer({
    model: smallClassifier,
    loss: 'sparseCategoricalCrossentropy',
    progress: false,
    sinks: [sink],
    plugins: [seed({ seed: 3 }), earlyStopping({ monitor: 'val_loss', patience, minDelta: 10, restoreBestWeights: true }), checkpoint({ folder, every: { steps: 1 } })],
  });
  await trainer.resume(folder, { missing: 'start' });
  const result = await trainer.fit(clouds(12), { batchSize: 4, epochs: 5, validation: clouds(8, 2) });
  const weights = (trainer.model as Sequential).getWeights().map((each) => [...each.dataSync()]);
  await trainer.dispose();
  return { result, weights, events: sink.events };
}

describe('a fit that had ended, resumed from its last checkpoint', () => {
  it.each([
    ['by early stopping', 1, 'stopped', 'earlyStopping'],
    ['with its last epoch', 100, 'completed', null],
  ])('%s, has the same end: reason, history and the best weights; it says that it was resumed, and trains no step', async (_, patience, reason, stoppedBy) => {
    const first = await train(patience);
    const again = await train(patience);
    expect([first.result.reason, first.result.stoppedBy]).toEqual([reason, stoppedBy]);
    expect(again.result).toMatchObject({ reason, stoppedBy, message: first.result.message, steps: first.result.steps, history: first.result.history, metrics: first.result.metrics });
    expect(again.weights).toEqual(first.weights);
    const names = (events: readonly TrainscopeEvent[]): readonly string[] => events.map(({ event }) => event);
    expect(names(again.events)[0]).toBe('resume');
    expect(names(again.events)).not.toContain('step');
    // As one log: what the first process told after its last checkpoint is told again, and counts once.
    expect(names(withoutSuperseded([...first.events, ...again.events])).filter((name) => name !== 'resume')).toEqual(names(first.events));
  });
});
