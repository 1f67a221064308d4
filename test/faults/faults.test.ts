import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../support/backends.js';
import { faults } from './faults/index.js';
import { healthyVariants } from './healthy.js';
import { listJobs, type Job } from './jobs.js';
import { countOf, widthOf } from './recipe.js';
import { figuresOf } from './report.js';
import { setupNames, setups, type SetupName } from './setups/index.js';
import { judge, type Verdict } from './verdict.js';

const everything = { kinds: undefined, setups: undefined, faults: true, healthy: true, seeds: 1, firstSeed: 101, setupsPerFault: 3 };

/** A fault of most categories, on the quickest of its set-ups. */
const quickFaults: readonly (readonly [kind: string, setup: SetupName])[] = [
  ['labels-shuffled', 'friedman'],
  ['one-feature-x1000', 'friedman'],
  ['loss-broadcasts', 'pairs'],
  ['softmax-under-loss-from-logits', 'iris'],
  ['sigmoid-for-numbers-beyond-one', 'friedman'],
  ['samples-mixed-by-reshape', 'iris'],
  ['hidden-weights-constant', 'friedman'],
  ['rate-1000-times-too-high', 'iris'],
];
const quickHealthy = ['iris: as it is', 'iris: sgd', 'friedman: as it is', 'rare: as it is', 'pairs: as it is', 'waves: as it is'];

describe('the fault suite', () => {
  it('has at least 45 kinds of faults, each of a name of its own, with causes and set-ups', () => {
    expect(faults.length).toBeGreaterThanOrEqual(45);
    expect(new Set(faults.map(({ kind }) => kind)).size).toBe(faults.length);
    for (const { causes, setups: own } of faults) {
      expect(causes.length).toBeGreaterThan(0);
      expect(own.length).toBeGreaterThan(0);
    }
  });

  it('has at least 64 healthy variants, each of a name of its own, over all set-ups', () => {
    expect(new Set(healthyVariants.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(64);
    expect(new Set(healthyVariants.map(({ setup }) => setup))).toEqual(new Set(setupNames));
  });

  it('gives every healthy run a seed of its own, and none of those that rules are tuned on', () => {
    const jobs = listJobs({ ...everything, faults: false });
    expect(new Set(jobs.map(({ seed }) => seed)).size).toBe(jobs.length);
    expect(Math.min(...jobs.map(({ seed }) => seed))).toBe(101);
    expect(Math.max(...listJobs({ ...everything, firstSeed: 1 }).map(({ seed }) => seed))).toBeLessThan(101);
  });

  it.each(setupNames)('draws other samples for another seed, and the same for the same one: %s', (name) => {
    const [one, again, other] = [setups[name].recipe(5), setups[name].recipe(5), setups[name].recipe(6)];
    expect(again.train).toEqual(one.train);
    expect(other.train.inputs).not.toEqual(one.train.inputs);
    expect(one.train.inputs.every((rows) => rows.values.length === countOf(one.train) * widthOf(rows))).toBe(true);
  });
});

describe('what the diagnosis comes to on a part of it', () => {
  const verdicts: Verdict[] = [];
  beforeAll(async () => {
    await useBackend('wasm');
    const faulty = quickFaults.map(([kind, setup]): Job => ({ type: 'fault', kind, setup, seed: 101 }));
    const healthy = listJobs({ ...everything, faults: false }).filter(({ kind }) => quickHealthy.includes(kind));
    for (const job of [...faulty, ...healthy]) verdicts.push(await judge(job, { milliseconds: 20_000, train: false }));
  }, 120_000);

  it('all six healthy trainings reach the score of their set-ups', () => {
    expect(verdicts.filter(({ job }) => job.type === 'healthy').map(({ reachesReference }) => reachesReference)).toEqual(quickHealthy.map(() => true));
  });

  it('raises no alarm at the healthy ones', () => {
    expect(verdicts.filter(({ job }) => job.type === 'healthy').flatMap(({ messages }) => messages)).toEqual([]);
  });

  it('names the true cause of all eight faults before anything is trained, and names it first', () => {
    expect(verdicts.filter(({ top }) => top === false).map(({ job, rules }) => [job.kind, job.setup, ...rules])).toEqual([]);
  });

  it('no look broke', () => {
    expect(verdicts.flatMap(({ broke }) => broke ?? [])).toEqual([]);
    expect(figuresOf(verdicts)).toMatchObject({ recall: 1, top_cause: 1, false_alarm_rate: 0, faulty_runs: 8, healthy_runs: 6 });
  });
});
