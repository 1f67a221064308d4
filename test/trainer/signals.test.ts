import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseEventLine, withoutSuperseded } from 'trainscope';
import { readNewest } from 'trainscope/checkpoint';

let folder: string;
let child: ChildProcess | undefined;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trainscope-signals-'))));
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the training and waits until it says the word. */
async function start(word: string, ...args: string[]): Promise<{ readonly process: ChildProcess; readonly said: () => string }> {
  let said = '';
  const started = spawn(process.execPath, ['--import', 'tsx', resolve('test/support/train-until-signalled.ts'), join(folder, 'checkpoints'), join(folder, 'events.ndjson'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child = started;
  await new Promise<void>((done, fail) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      if (said.includes(word)) done();
    };
    started.stdout.on('data', hear);
    started.stderr.on('data', hear);
    started.once('exit', (code) => fail(new Error(`it ended with ${String(code)}: ${said}`)));
  });
  started.removeAllListeners('exit');
  return { process: started, said: () => said };
}

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  test('ends the fit after its step: checkpointed, flushed, returned; and the next start goes on there', async () => {
    const first = await start('training');
    first.process.kill(signal);
    expect(await once(first.process, 'exit')).toEqual([0, null]);
    const steps = Number(/aborted: (?:SIGINT|SIGTERM) was received, (\d+) steps/.exec(first.said())?.[1]);
    expect(first.said()).toContain(`aborted: ${signal} was received`);

    const { entry } = await readNewest(join(folder, 'checkpoints'));
    expect([entry.facts.step, entry.facts.reason]).toEqual([steps, 'aborted']);
    expect(readdirSync(join(folder, 'checkpoints')).filter((name) => name.startsWith('.'))).toEqual([]);

    const second = await start('training');
    second.process.kill(signal);
    expect(await once(second.process, 'exit')).toEqual([0, null]);
    const log = readFileSync(join(folder, 'events.ndjson'), 'utf8').trim().split('\n').map((line) => {
      const { event, runId, seq, data } = JSON.parse(line) as { event: string; runId: string; seq: number; data: object };
      return { event, runId, seq, data: data as Record<string, unknown> };
    });
    const counting = withoutSuperseded(log);
    // One run, whose numbers have no gap, though its first end and the checkpoint of it are superseded.
    expect(new Set(counting.map(({ runId }) => runId)).size).toBe(1);
    expect(counting.map(({ seq }) => seq)).toEqual(counting.map((_, i) => i + 1));
    expect(counting.filter(({ event }) => event === 'resume').map(({ data }) => data['step'])).toEqual([steps]);
    expect(counting.filter(({ event }) => event === 'run-end')).toHaveLength(1);
    expect(log.filter(({ event }) => event === 'run-end')).toHaveLength(2);
    expect(() => parseEventLine(readFileSync(join(folder, 'events.ndjson'), 'utf8').split('\n')[0] ?? '')).not.toThrow();
  });

  test('a second time ends the process at once, by that signal', async () => {
    const { process: training } = await start('in a step', 'slow-step');
    training.kill(signal);
    await new Promise((done) => setTimeout(done, 300));
    expect(training.exitCode).toBeNull();
    training.kill(signal);
    expect(await once(training, 'exit')).toEqual([null, signal]);
  });
});
