import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunModel } from 'trainscope/report';
import { LogFollower } from '../../../src/report/live/follow.js';
import { examples } from '../../events/examples.js';

let folder: string;
let log: string;
let follower: LogFollower | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trainscope-follow-'));
  log = join(folder, 'events.ndjson');
});
afterEach(async () => {
  await follower?.close();
  follower = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const line = (runId: string, seq: number, event: keyof typeof examples, step: number, data: object = examples[event]): string => `${JSON.stringify({ v: 1, runId, seq, time: 1000 * seq, event, plugin: null, epoch: 1, step, level: 'info', data }, (_, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value))}\n`;
const step = (runId: string, seq: number): string => line(runId, seq, 'step', seq, { ...examples.step, loss: 1 / seq });

const follow = (): LogFollower => (follower = new LogFollower(log, { source: 'log', run: 'all', changed: () => undefined }));
const run = ({ gatherer }: LogFollower): RunModel | undefined => gatherer.runs()[0];
const totals = ({ gatherer }: LogFollower): readonly (readonly [string, number])[] => gatherer.runs().map(({ runId, log: { total } }) => [runId, total] as const);

describe('a log that is being written', () => {
  test('is read from its beginning, and then what comes: a torn line waits for its end', async () => {
    writeFileSync(log, line('a', 1, 'run-start', 0) + step('a', 2));
    const it = follow();
    await it.look();
    expect([totals(it), run(it)?.status]).toEqual([[['a', 2]], 'running']);

    const next = step('a', 3);
    appendFileSync(log, next.slice(0, 40));
    await it.look();
    expect([totals(it), run(it)?.log.otherLines]).toEqual([[['a', 2]], 0]);
    appendFileSync(log, next.slice(40) + line('a', 4, 'run-end', 3));
    await it.look();
    expect([totals(it), run(it)?.step, run(it)?.log.otherLines, run(it)?.status]).toEqual([[['a', 4]], 3, 0, examples['run-end'].reason]);
  });

  test('a character of several bytes that is torn is whole again', async () => {
    const bytes = Buffer.from(line('a', 1, 'run-start', 0) + line('ä-µ', 1, 'run-start', 0));
    const at = bytes.indexOf('µ') + 1;
    writeFileSync(log, bytes.subarray(0, at));
    const it = follow();
    await it.look();
    appendFileSync(log, bytes.subarray(at));
    await it.look();
    expect(totals(it).map(([id]) => id)).toEqual(['a', 'ä-µ']);
  });

  test('its version rises when something is read, and only then', async () => {
    writeFileSync(log, step('a', 1));
    const it = follow();
    await it.look();
    const { version } = it;
    await it.look();
    expect(it.version).toBe(version);
    appendFileSync(log, step('a', 2));
    await it.look();
    expect(it.version).toBeGreaterThan(version);
  });

  test('may not be there yet, nor its folder; it is told of by itself when it comes', async () => {
    log = join(folder, 'run', 'events.ndjson');
    const it = follow();
    await it.start();
    expect(it.status).toEqual({ kind: 'waiting' });
    mkdirSync(join(folder, 'run'));
    writeFileSync(log, step('a', 1));
    await expect.poll(() => totals(it), { timeout: 5000 }).toEqual([['a', 1]]);
    appendFileSync(log, step('a', 2));
    await expect.poll(() => totals(it), { timeout: 5000 }).toEqual([['a', 2]]);
  });

  test('a folder in its place is refused', async () => {
    log = folder;
    await expect(follow().start()).rejects.toMatchObject({ code: 'EVENT_LOG_UNREADABLE' });
  });
});

describe('a log that begins anew', () => {
  test('cut short: what was there is forgotten', async () => {
    writeFileSync(log, step('a', 1) + step('a', 2));
    const it = follow();
    await it.look();
    const { version } = it;
    truncateSync(log);
    appendFileSync(log, step('b', 1));
    await it.look();
    expect(totals(it)).toEqual([['b', 1]]);
    expect(it.version).toBeGreaterThan(version);
  });

  test('written anew in its place, and longer than before', async () => {
    writeFileSync(log, step('a', 1));
    const it = follow();
    await it.look();
    writeFileSync(log, step('b', 1) + step('b', 2) + step('b', 3));
    await it.look();
    expect(totals(it)).toEqual([['b', 3]]);
  });

  test('replaced by another file', async () => {
    writeFileSync(log, step('a', 1));
    const it = follow();
    await it.look();
    writeFileSync(join(folder, 'next'), step('a', 1) + step('c', 2));
    renameSync(join(folder, 'next'), log);
    await it.look();
    expect(totals(it)).toEqual([['a', 1], ['c', 1]]);
  });

  test('removed, and there again later', async () => {
    writeFileSync(log, step('a', 1));
    const it = follow();
    await it.look();
    rmSync(log);
    await it.look();
    expect([it.status, totals(it)]).toEqual([{ kind: 'waiting' }, [['a', 1]]]);
    writeFileSync(log, step('d', 1));
    await it.look();
    expect(totals(it)).toEqual([['d', 1]]);
  });
});

test('a run that is resumed from its step 2 after step 4: steps 3 and 4 are shown as they were made again, once', async () => {
  // The checkpoint stood behind seq 3, the event of step 2.
  writeFileSync(log, line('a', 1, 'run-start', 0) + line('a', 2, 'step', 1) + line('a', 3, 'step', 2) + line('a', 4, 'step', 3, { ...examples.step, loss: 30 }) + line('a', 5, 'step', 4, { ...examples.step, loss: 40 }));
  const it = follow();
  await it.look();
  appendFileSync(log, line('a', 4, 'resume', 2, { ...examples.resume, seq: 3 }) + line('a', 5, 'step', 3, { ...examples.step, loss: 0.3 }));
  await it.look();
  const shown = run(it);
  expect(shown?.log).toMatchObject({ superseded: 2, total: 5 });
  const loss = shown?.series.find(({ steps }) => steps.includes(3));
  expect([loss?.steps.at(-1), loss?.last?.value]).toEqual([3, 0.3]);
  appendFileSync(log, line('a', 6, 'step', 4, { ...examples.step, loss: 0.4 }));
  await it.look();
  expect([run(it)?.step, run(it)?.log.superseded, run(it)?.series.find(({ steps }) => steps.includes(4))?.last]).toEqual([4, 2, { step: 4, value: 0.4 }]);
});
