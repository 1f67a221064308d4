import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { StandIn, isGone, smiLine, until } from './stand-in.js';

const script = fileURLToPath(new URL('./parent.ts', import.meta.url));
const shellLoop = `while true; do echo '${smiLine()}'; sleep 0.1; done`;

/** Ends by SIGKILL alone: neither SIGTERM nor a closed pipe stops it (and, for a test that fails, the end of a minute). */
const stubborn = (): StandIn =>
  new StandIn(`process.on('SIGTERM', () => {}); process.on('SIGINT', () => {}); process.stdout.on('error', () => {});
    setTimeout(() => process.exit(), 60_000); setInterval(() => console.log(${JSON.stringify(smiLine())}), 20);`);

/** Runs the parent until its child has printed, does something to it, and says how it ended and whether the child is gone. */
async function endOf(end: string, act?: (kill: (signal: NodeJS.Signals) => void) => void, standIn = stubborn()): Promise<{ code: number | null; signal: NodeJS.Signals | null; childIsGone: boolean }> {
  try {
    const parent = spawn(process.execPath, ['--import', 'tsx', script, end], { env: { ...process.env, PATH: standIn.searchPath }, stdio: ['ignore', 'pipe', 'ignore'] });
    const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => parent.once('exit', (code, signal) => resolve({ code, signal })));
    let said = '';
    parent.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    await until(() => said.includes('running') || parent.exitCode !== null);
    expect(said).toBe('running\n');
    const pid = await standIn.pid();
    act?.((signal) => parent.kill(signal));
    const ended = await exit;
    await until(() => isGone(pid));
    return { ...ended, childIsGone: true };
  } finally {
    standIn.remove();
  }
}

describe('the child is gone after its parent', () => {
  it.each([
    ['has thrown', 'throw', 1],
    ['has left a rejection unhandled', 'reject', 1],
    ['has called process.exit(3)', 'exit', 3],
    ['has nothing left to do, which the running child does not prevent', 'finish', 0],
  ])('%s', async (_, end, code) => {
    expect(await endOf(end)).toEqual({ code, signal: null, childIsGone: true });
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('was ended by %s, as which the parent still ends', async (signal) => {
    expect(await endOf('wait', (kill) => kill(signal))).toEqual({ code: null, signal, childIsGone: true });
  });

  it.each([
    ['a Node.js script, by EPIPE', () => StandIn.repeating(smiLine())],
    ['a native program, by SIGPIPE', () => new StandIn(shellLoop, 'sh')],
  ])('was killed, and nobody could end the child but the closed pipe: %s', async (_, make) => {
    expect(await endOf('wait', (kill) => kill('SIGKILL'), make())).toEqual({ code: null, signal: 'SIGKILL', childIsGone: true });
  });

  it("has a handler of its own for the signal: that one decides, and readings go on until the parent's end", async () => {
    expect(await endOf('own-handler', (kill) => kill('SIGTERM'))).toEqual({ code: 42, signal: null, childIsGone: true });
  });
});
