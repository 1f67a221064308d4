import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { ReportModel } from 'trainscope/report';
import { examples } from '../events/examples.js';
import { ask } from '../report/live/http.js';
import { trainscope } from './trainscope.js';

const folder = mkdtempSync(join(tmpdir(), 'trainscope-watch-'));
afterAll(() => rmSync(folder, { recursive: true }));
const root = fileURLToPath(new URL('../../', import.meta.url));

const line = (runId: string, seq: number, event: keyof typeof examples): string => `${JSON.stringify({ v: 1, runId, seq, time: 1000 * seq, event, plugin: null, epoch: 1, step: seq, level: 'info', data: examples[event] }, (_, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value))}\n`;

/** Starts it as a person does, waits for the address, and ends it with the signal. */
async function watching(args: readonly string[], signal: NodeJS.Signals, look: (url: string) => Promise<void>): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [join(root, 'bin/trainscope.js'), 'watch', ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  const url = new Promise<string>((done) => {
    const find = (): void => {
      const found = /http:\/\/[\d.]+:\d+\//.exec(stdout + stderr)?.[0];
      if (found !== undefined) done(found);
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      find();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      find();
    });
  });
  const code = new Promise<number | null>((done) => child.once('close', done));
  await look(await url);
  child.kill(signal);
  return { code: await code, stdout, stderr };
}

describe('trainscope watch', () => {
  test('follows two logs, one of which comes later; --json prints the address as a line; Ctrl-C ends it with 0', async () => {
    const [first, second] = [join(folder, 'a.ndjson'), join(folder, 'b.ndjson')];
    writeFileSync(first, line('one', 1, 'run-start') + line('one', 2, 'step'));
    const { code, stdout, stderr } = await watching([first, second, '--port', '0', '--json'], 'SIGINT', async (url) => {
      const runs = async (): Promise<unknown> => (JSON.parse((await ask(`${url}model.json`)).text) as ReportModel).runs.map(({ name, runId, status }) => [name, runId, status]);
      await expect.poll(runs, { timeout: 10_000 }).toEqual([['a.ndjson', 'one', 'running']]);
      writeFileSync(second, line('two', 1, 'run-start') + line('two', 2, 'run-end'));
      await expect.poll(runs, { timeout: 10_000 }).toEqual([['a.ndjson', 'one', 'running'], ['b.ndjson', 'two', examples['run-end'].reason]]);
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual(['url']);
  });

  test('says on stderr where the page is and that a log is waited for; SIGTERM ends it with 0 too', async () => {
    const { code, stdout, stderr } = await watching([join(folder, 'later.ndjson'), '--port', '0'], 'SIGTERM', () => Promise.resolve());
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('later.ndjson is not there yet, and is waited for.');
  });

  test('a folder, and a port that is none, end with 2', async () => {
    const ofFolder = await trainscope('watch', folder, '--port', '0');
    expect([ofFolder.code, ofFolder.stderr.includes('it is a folder')]).toEqual([2, true]);
    const ofPort = await trainscope('watch', 'a.ndjson', '--port', '70000');
    expect([ofPort.code, ofPort.stderr.includes('0 to 65535')]).toEqual([2, true]);
  });
});
