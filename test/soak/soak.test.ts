import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failuresOf, figuresOf } from './figures.js';
import { newestIn, unfinishedIn } from './folder.js';
import { readLog } from './log.js';
import { scheduleNames } from './schedules.js';
import { soak } from './soak.js';
import { differences } from './trial.js';
import { backends, cadences, dataKinds, listVariations, optimizers, type Variation } from './variation.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trainscope-soak-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a training that is killed', () => {
  const variations: readonly Variation[] = [
    { number: 1, seed: 11, backend: 'cpu', data: 'arrays', schedule: 'oneCycle', optimizer: 'momentum', accumulateSteps: 1, every: 1, stopsEarly: false, hasGpu: true, epochs: 4 },
    { number: 2, seed: 12, backend: 'wasm', data: 'shuffled-dataset', schedule: 'reduceOnPlateau', optimizer: 'adam', accumulateSteps: 3, every: 1, stopsEarly: true, hasGpu: false, epochs: 6 },
  ];

  it('six times, with all plugins, comes to the same weights, history and log as without a kill, loses no checkpoint, and leaves nothing', async () => {
    const trials = await soak({ variations, kills: 6, killsPerRun: 3, workers: 2, seed: 1 });
    expect(failuresOf(trials)).toEqual([]);
    expect(figuresOf(trials)).toMatchObject({ kills: 6, lost: 0, different: 0, leftovers: 0, orphans: 0 });
    expect(figuresOf(trials)['resumes']).toBeGreaterThan(0);
  });
});

describe('what is killed', () => {
  it('covers every backend, source of data, schedule, optimizer and cadence in 24 variations', () => {
    const all = listVariations(24, 1);
    const values = <K extends keyof Variation>(key: K): readonly Variation[K][] => [...new Set(all.map((each) => each[key]))].sort();
    const sorted = <T>(list: readonly T[]): readonly T[] => [...list].sort();
    expect(values('backend')).toEqual(sorted(backends));
    expect(values('data')).toEqual(sorted(dataKinds));
    expect(values('schedule')).toEqual(sorted(scheduleNames));
    expect(values('optimizer')).toEqual(sorted(optimizers));
    expect(values('every')).toEqual(sorted(cadences));
    expect(values('accumulateSteps')).toEqual([1, 3]);
    expect(values('stopsEarly')).toEqual([false, true]);
    expect(listVariations(24, 1)).toEqual(all);
    expect(listVariations(24, 2)).not.toEqual(all);
  });
});

describe('a difference is seen', () => {
  const line = (seq: number, event: string, data: object = {}, runId = 'r'): string => JSON.stringify({ v: 1, runId, seq, time: seq, event, plugin: null, epoch: 1, step: seq, level: 'info', data });
  const logOf = (lines: readonly string[]): ReturnType<typeof readLog> => {
    const path = join(folder, 'run.jsonl');
    writeFileSync(path, `${lines.join('\n')}\n`);
    return readLog(path, folder);
  };

  it('between logs: events behind the checkpoint and the resume line are left out, times too, and what is left is compared', () => {
    const whole = logOf([line(1, 'run-start'), line(2, 'step', { loss: 1, ms: 5 }), line(3, 'step', { loss: 2, ms: 6 })]);
    const resumed = logOf([line(1, 'run-start'), line(2, 'step', { loss: 1, ms: 7 }), line(3, 'step', { loss: 2 }), '{"v":1,"ru', line(2, 'resume', { seq: 1 }), line(3, 'step', { loss: 1 }), line(4, 'step', { loss: 2 })]);
    expect(resumed).toMatchObject({ resumes: 1, torn: 1, gaps: [] });
    // The steps are numbered by seq here, which the resume line moved on by one.
    expect(resumed.events.map((each) => (JSON.parse(each) as { data: unknown }).data)).toEqual(whole.events.map((each) => (JSON.parse(each) as { data: unknown }).data));
    expect(logOf([line(1, 'run-start'), line(3, 'step')]).gaps).toEqual([2]);
    expect(logOf([line(1, 'run-start', {}, 'killed'), line(1, 'run-start'), line(2, 'step')]).events).toHaveLength(2);
  });

  it('between outcomes: a weight, a metric, an event', () => {
    const outcome = { reason: 'completed', stoppedBy: null, steps: 3, weights: 'aa', metrics: { loss: 1 }, history: [] };
    const expected = { outcome, events: ['a', 'b'], tensors: { 'weights.bin': 'x' } };
    expect(differences(expected, expected)).toEqual([]);
    expect(differences(expected, { ...expected, outcome: { ...outcome, weights: 'ab' } })).toHaveLength(1);
    expect(differences(expected, { ...expected, tensors: { 'weights.bin': 'y' } })).toHaveLength(1);
    expect(differences(expected, { ...expected, outcome: { ...outcome, metrics: { loss: 1.5 }, steps: 4 } })).toHaveLength(2);
    expect(differences(expected, { ...expected, events: ['a', 'c'] })).toEqual(['event 2, b...: ...c where it was ...b']);
    expect(differences(expected, { ...expected, events: ['a'] })).toHaveLength(2);
  });

  it('between checkpoints: the newest is that of the latest epoch, an end after its steps; unfinished ones are none', () => {
    for (const name of ['epoch-0002-step-00000009', 'epoch-0001-end', '.tmp-epoch-0003-end', 'epoch-0002-end', 'epoch-0002-step-00000012']) writeFileSync(join(folder, name), '');
    expect(newestIn(folder)?.name).toBe('epoch-0002-end');
    expect(unfinishedIn(folder)).toEqual(['.tmp-epoch-0003-end']);
    expect(newestIn(join(folder, 'nowhere'))).toBeUndefined();
  });
});
