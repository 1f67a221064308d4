import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isGone, smiLine, StandIn, until } from '../plugins/gpu-profiler/stand-in.js';

const script = fileURLToPath(new URL('./train-beside-gpu.ts', import.meta.url));
const line = JSON.stringify(`${smiLine()}\n`);

/** What may be found as nvidia-smi; each is ended by a broken pipe at the latest, as the real one is. */
const programs: [string, string][] = [
  ['gives readings', `setInterval(() => process.stdout.write(${line}), 20);`],
  ['hangs, and ignores SIGTERM', `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`],
  ['prints nonsense', `setInterval(() => console.log('la, la, la'), 1);`],
  ['floods', `const much = ${line}.repeat(2000); const on = () => { while (process.stdout.write(much)); process.stdout.once('drain', on); }; on();`],
  ['floods without an end of a line', `const much = 'x'.repeat(1 << 20); const on = () => { while (process.stdout.write(much)); process.stdout.once('drain', on); }; on();`],
  ['dies at once', `process.exit(9);`],
  ['dies after some readings', `process.stdout.write(${line}); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50);`],
  ['starts a child of its own', `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => console.log(1), 50)', __filename], { stdio: ['ignore', 'inherit', 'ignore'] }); setInterval(() => process.stdout.write(${line}), 20);`],
];

/** Processes that have the stand-in's path in their command line: itself, and what it started. */
const livingOf = (path: string): readonly number[] =>
  readdirSync('/proc').flatMap((entry) => {
    try {
      return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(path) && !isGone(Number(entry)) ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });

/** Trains beside the program; when it trains, something is done to the training. */
async function trainBeside(body: string, epochs: number, act: (kill: (signal: NodeJS.Signals) => void) => void = () => undefined): Promise<{ readonly output: string; readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly left: readonly number[] }> {
  const standIn = new StandIn(body);
  const training = spawn(process.execPath, ['--import', 'tsx', script, String(epochs), join(standIn.folder, 'pid')], { env: { ...process.env, PATH: standIn.searchPath }, stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    let output = '';
    training.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => training.once('exit', (code, signal) => resolve({ code, signal })));
    await until(() => output.includes('training') || training.exitCode !== null);
    act((signal) => training.kill(signal));
    const end = await ended;
    // What has no pipe left to write to finds out at its next line.
    await until(() => livingOf(standIn.path).length === 0).catch(() => undefined);
    return { ...end, output, left: livingOf(standIn.path) };
  } finally {
    training.kill('SIGKILL');
    for (const pid of livingOf(standIn.path)) process.kill(pid, 'SIGKILL');
    standIn.remove();
  }
}

describe.skipIf(process.platform !== 'linux')('an nvidia-smi that', () => {
  it.each(programs)('%s: all 100 steps are done, and none of its processes is left', async (_, body) => {
    const { output, code, left } = await trainBeside(body, 10);
    expect(output).toContain('completed after 100 steps');
    expect(code).toBe(0);
    expect(left).toEqual([]);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)('gives readings is gone after the training was ended by %s', async (signal) => {
    const [, body = ''] = programs[0] ?? [];
    expect(await trainBeside(body, 100_000, (kill) => kill(signal))).toMatchObject({ signal, left: [] });
  });

  it('hangs and ignores SIGTERM is gone after the training was ended by SIGTERM', async () => {
    const [, body = ''] = programs[1] ?? [];
    expect(await trainBeside(body, 100_000, (kill) => kill('SIGTERM'))).toMatchObject({ signal: 'SIGTERM', left: [] });
  });
});
