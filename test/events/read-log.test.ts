import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readEventLog } from 'trainscope';
import { examples } from './examples.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trainscope-log-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const line = (runId: string, seq: number, event: string, data: object, plugin: string | null = null): string =>
  JSON.stringify({ v: 1, runId, seq, time: 0, event, plugin, epoch: 1, step: seq, level: 'info', data });
const epoch = (runId: string, seq: number): string => line(runId, seq, 'epoch-start', examples['epoch-start']);

describe('a log of a run that was killed twice', () => {
  const write = (): string => {
    const path = join(folder, 'events.ndjson');
    writeFileSync(
      path,
      [
        epoch('old', 1), // killed before its first checkpoint: another run
        epoch('run', 1),
        line('run', 2, 'seed', { seed: 7 }, 'seed'),
        epoch('run', 3),
        '{"v":1,"runId":"run","se', // torn
        line('run', 3, 'resume', { ...examples.resume, seq: 2 }),
        epoch('run', 4),
        '{"level":30,"msg":"of another logger"}',
        '',
      ].join('\n'),
    );
    return path;
  };

  test('is read without what was made again, with events of plugins, and says which lines are no events', async () => {
    const { events, otherLines, superseded } = await readEventLog(write());
    expect(events.map(({ runId, seq, event }) => [runId, seq, event])).toEqual([['old', 1, 'epoch-start'], ['run', 1, 'epoch-start'], ['run', 2, 'seed'], ['run', 3, 'resume'], ['run', 4, 'epoch-start']]);
    expect([otherLines, superseded]).toEqual([[5, 8], 1]);
  });

  test('and, where that is asked for, of the last run alone', async () => {
    const { events } = await readEventLog(write(), { run: 'last' });
    expect(events.map(({ runId }) => runId)).toEqual(['run', 'run', 'run', 'run']);
  });
});

test('a file that is not there is told by its path', async () => {
  const path = join(folder, 'none.ndjson');
  await expect(readEventLog(path)).rejects.toMatchObject({ code: 'EVENT_LOG_UNREADABLE', message: expect.stringContaining(path) as string });
});
