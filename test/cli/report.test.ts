import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

  test('a log that is not there ends with 2, and writes nothing', async () => {
    const { code, stderr } = await trainscope('report', join(folder, 'none.ndjson'), '-o', join(folder, 'e.html'));
    expect(code).toBe(2);
    expect(stderr).toContain('none.ndjson cannot be read');
    expect(existsSync(join(folder, 'e.html'))).toBe(false);
  });
});
