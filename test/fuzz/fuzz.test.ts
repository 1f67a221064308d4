import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Batch, CrashReport } from './batch.js';
import { describeRun } from './batch.js';
import { plantedTargets } from './planted.js';
import { batchesOf } from './plan.js';
import { guardedPlace } from './place.js';
import { targets } from './targets/index.js';
import { useCpu } from './targets/small.js';
import { runAll, usualLimits } from './workers.js';

/** All crashes, the fatal ones with the run's number for a path. */
async function crashesOf(batches: readonly Batch[], limits = usualLimits): Promise<{ readonly runs: number; readonly crashes: readonly CrashReport[] }> {
  const crashes: CrashReport[] = [];
  let runs = 0;
  await runAll(batches, 2, limits, (outcome) => {
    const target = [...targets, ...plantedTargets].find(({ name }) => name === outcome.batch.target)!;
    if ('fatal' in outcome) {
      const { run, reason } = outcome.fatal;
      runs += run + 1 - outcome.batch.from;
      crashes.push(describeRun(target, outcome.batch.seed, run, reason));
    } else {
      runs += outcome.result.runs;
      crashes.push(...outcome.result.crashes);
    }
  });
  return { runs, crashes };
}

test('2000 values that nobody should give, a crash for none', async () => {
  // One seed, so that a change is judged by what it changed; `npm run fuzz` takes others.
  const { runs, crashes } = await crashesOf(batchesOf(targets, 2_000, 1));
  expect(crashes).toEqual([]);
  expect(runs).toBe(2_000);
});

test.each(targets)('what is right is not refused: $name', async (target) => {
  await useCpu();
  const place = guardedPlace();
  try {
    // Throws where one is refused.
    for (const value of target.sound()) await target.attempt(value, place);
    expect(target.sound().length).toBeGreaterThan(0);
  } finally {
    place.remove();
  }
});

/** What is told of each planted fault; undefined where nothing is. */
const told: Readonly<Record<string, RegExp | undefined>> = {
  nothing: undefined,
  refusal: undefined,
  'written inside': undefined,
  TypeError: /^TypeError: Cannot read properties of undefined \(reading 'a'\)/,
  'text thrown': /^threw something that is no error \(string\)/,
  rejection: /^RangeError: x/,
  'nobody awaits': /^beside the call: Error: x/,
  callback: /^beside the call: Error: x/,
  'unknown code': /^the code NO_SUCH_CODE is not in errorCodes/,
  'no message': /^an error OPTIONS_INVALID without a message/,
  'wrong result': /^wrong result: 4/,
  pollution: /^Object\.prototype\.polluted was set/,
  'written outside': /^\/upper\/new was written, outside of the folder/,
  'changed outside': /^\/outside\/x was written, outside of the folder/,
  'removed outside': /^\/x was written, outside of the folder/,
  hang: /^did not end within 3 s/,
  'never settles': /^did not end within 3 s/,
  exit: /^ended the process \(0\)/,
  memory: /^took more than 300 MiB/,
  buffers: /^took [67]\d\d MiB/,
};

/** These end their process, and the runs after them have to be done in another. */
const fatal = ['hang', 'never settles', 'exit', 'memory'];

test('planted faults of every kind are seen at each of their places, and nothing else is', async () => {
  // With the seed 13 the 4th and the 11th of the first 12 digits are 3: two places, and one for the faults that take long.
  const places = [3, 10];
  expect(fc.sample(fc.nat({ max: 9 }), { seed: 13, numRuns: 12 }).flatMap((digit, run) => (digit === 3 ? [run] : []))).toEqual(places);
  const batches = Object.keys(told).map((name) => ({ target: `planted: ${name}`, seed: 13, from: 0, runs: fatal.includes(name) ? 8 : 12 }));
  // What hangs is not waited for as long as what is slow on a busy machine.
  const hangs = ({ target }: Batch): boolean => target === 'planted: hang' || target === 'planted: never settles';
  const parts = await Promise.all([crashesOf(batches.filter(hangs), { ...usualLimits, runMs: 3_000 }), crashesOf(batches.filter((each) => !hangs(each)), { ...usualLimits, heapMiB: 300 })]);
  const [runs, crashes] = [parts.reduce((sum, part) => sum + part.runs, 0), parts.flatMap((part) => part.crashes)];
  expect(runs).toBe(4 * 8 + 16 * 12);
  for (const [name, reason] of Object.entries(told)) {
    const own = crashes.filter(({ target }) => target === `planted: ${name}`);
    const seen = own.map(({ path, value, reason: found }) => [Number(path.split(':')[0]), value, reason?.test(found) === true ? 'as told' : found]);
    expect(seen, name).toEqual((reason === undefined ? [] : fatal.includes(name) ? [3] : places).map((run) => [run, '3', 'as told']));
  }
});

test('a run that crashed is the same when it is replayed by its seed and path', () => {
  const target = targets.find(({ name }) => name === 'config text')!;
  expect(describeRun(target, 7, 3, 'x')).toEqual(describeRun(target, 7, 3, 'x'));
  expect(describeRun(target, 7, 3, 'x').value).not.toBe(describeRun(target, 8, 3, 'x').value);
});

test('runs go to all targets, by their shares, to the last one', () => {
  const three = targets.slice(0, 3).map((each, i) => ({ ...each, share: i + 1 }));
  const batches = batchesOf(three, 3_000, 1);
  // Shares of 1, 2 and 3 in 3000 runs: 500, 1000 and 1500, in batches of 500.
  expect(batches.map(({ target, runs }) => [three.findIndex(({ name }) => name === target), runs])).toEqual([[0, 500], [1, 500], [1, 500], [2, 500], [2, 500], [2, 500]]);
  expect(new Set(batches.map(({ seed }) => seed)).size).toBe(6);
});
