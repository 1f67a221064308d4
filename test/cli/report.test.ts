import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, lstatSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { examples } from '../events/examples.js';
import { trainscope } from './trainscope.js';

const folder = mkdtempSync(join(tmpdir(), 'trainscope-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A log of two runs: the first ends, with a finding; the second is torn. */
const log = join(folder, 'events.ndjson');
const line = (runId: string, seq: number, event: keyof typeof examples, step: number): string => JSON.stringify({ v: 1, runId, seq, time: 1000 * seq, event, plugin: null, epoch: 1, step, level: 'info', data: examples[event] }, (_, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value));
writeFileSync(log, [line('one', 1, 'run-start', 0), line('one', 2, 'epoch-start', 1), line('one', 3, 'finding', 1), line('one', 4, 'run-end', 1), line('two', 1, 'run-start', 0), '{"v":1,'].join('\n'));

describe('trainscope report', () => {
  test('writes a page, and says on stderr what it is of and what the log lacks', async () => {
    const to = join(folder, 'a', 'report.html');
    const { code, stdout, stderr } = await trainscope('report', log, '-o', to);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('1 finding in 2 runs');
    expect(stderr).toContain('1 line that is no event');
    expect(readFileSync(to, 'utf8')).toContain(examples.finding.rule);
  });

  test('--json gives the findings on stdout, --last the last run alone', async () => {
    const all = await trainscope('report', log, '-o', join(folder, 'b.html'), '--json');
    const { runs } = JSON.parse(all.stdout) as { runs: { runId: string; status: string; findings: { rule: string }[] }[] };
    expect(runs.map(({ runId, status, findings }) => [runId, status, findings.map(({ rule }) => rule)])).toEqual([
      ['one', examples['run-end'].reason, [examples.finding.rule]],
      ['two', 'unfinished', []],
    ]);
    const last = await trainscope('report', log, '-o', join(folder, 'c.html'), '--json', '--last');
    expect((JSON.parse(last.stdout) as { runs: unknown[] }).runs).toHaveLength(1);
  });

  test('--fail-on ends with 1 when a finding is as grave', async () => {
    const code = async (severity: string): Promise<number | null> => (await trainscope('report', log, '-o', join(folder, 'd.html'), '--fail-on', severity)).code;
    const grave = examples.finding.severity as string;
    expect(await code('error')).toBe(grave === 'error' ? 1 : 0);
    expect(await code('warning')).toBe(grave === 'info' ? 0 : 1);
  });

  test('is not written over its own log, by whatever name', async () => {
    const before = readFileSync(log, 'utf8');
    const link = join(folder, 'link.html');
    symlinkSync(log, link);
    for (const to of [log, join(folder, '.', 'x', '..', 'events.ndjson'), link]) {
      const { code, stderr } = await trainscope('report', log, '-o', to);
      expect({ code, text: stderr.includes('written over the log') }).toEqual({ code: 2, text: true });
    }
    expect((await trainscope('compare', log, '-o', log)).code).toBe(2);
    expect(readFileSync(log, 'utf8')).toBe(before);
  });

  test('goes through a link to what it leads to, and into a device as it is', async () => {
    const [target, link] = [join(folder, 'target.html'), join(folder, 'to-target.html')];
    writeFileSync(target, 'before');
    symlinkSync(target, link);
    expect((await trainscope('report', log, '-o', link)).code).toBe(0);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toContain('<!doctype html>');
    expect((await trainscope('report', log, '-o', '/dev/null')).code).toBe(0);
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test('a pipe is refused and not waited for; a folder of runs names them; a mistyped name gets the near one', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    mkdirSync(join(folder, 'runs', 'first'), { recursive: true });
    writeFileSync(join(folder, 'runs', 'first', 'events.ndjson'), readFileSync(log));
    const told = async (path: string): Promise<string> => (await trainscope('report', path)).stderr;
    expect(await told(pipe)).toContain('it is no file but a pipe');
    expect(await told(join(folder, 'runs'))).toContain('It holds runs: name one or several of runs/first.');
    expect(await told(join(folder, 'event.ndjson'))).toContain('there is no such file; a log is a file of events, a line each. Did you mean "events.ndjson"?');
  });

  test('output that nobody can take: one sentence and code 2, not a stack and not 1', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, ['bin/trainscope.js', 'report', log, '-o', join(folder, 'f.html'), '--json'], { stdio: ['ignore', full, 'pipe'] });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = (await once(child, 'close')) as [number];
    closeSync(full);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^standard output cannot be written to: .*\n$/) as unknown });
  });

  test('a reader that has gone ends it as a shell expects, without a word', () => {
    const command = 'node bin/trainscope.js schema events | head -c 1 > /dev/null; echo ${PIPESTATUS[0]}';
    const { stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: '141\n', stderr: '' });
  });

  test('a log that is not there ends with 2, and writes nothing', async () => {
    const { code, stderr } = await trainscope('report', join(folder, 'none.ndjson'), '-o', join(folder, 'e.html'));
    expect(code).toBe(2);
    expect(stderr).toContain('none.ndjson cannot be read');
    expect(existsSync(join(folder, 'e.html'))).toBe(false);
  });
});
