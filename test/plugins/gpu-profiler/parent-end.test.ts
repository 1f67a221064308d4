import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { StandIn, isGone, smiLine, until } from './stand-in.js';

const script = fileURLToPath(new URL('./parent.ts', import.meta.url));
const shellLoop = `trap '' INT\nwhile true; do echo '${smiLine()}'; sleep 0.1; done`;

/** Runs the parent until its child has printed, does something to it, and says how it ended and whether the child is gone. */
async function endOf(end: string, act?: (kill: (signal: NodeJS.Signals) => void) => void, standIn = StandIn.repeating(smiLine())): Promise<{ code: number | null; signal: NodeJS.Signals | null; childIsGone: boolean }> {
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

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)('was ended by %s, as which the parent still ends', async (signal) => {
    expect(await endOf('wait', (kill) => kill(signal))).toEqual({ code: null, signal, childIsGone: true });
  });

  it('was killed, also when it is a native program: the closed pipe ends it by SIGPIPE', async () => {
    expect(await endOf('wait', (kill) => kill('SIGKILL'), new StandIn(shellLoop, 'sh'))).toMatchObject({ signal: 'SIGKILL', childIsGone: true });
  });

  it('has thrown, also when it ignores SIGTERM', async () => {
    const stubborn = new StandIn(`process.on('SIGTERM', () => {}); process.stdout.on('error', () => {}); setInterval(() => console.log(${JSON.stringify(smiLine())}), 20);`);
    expect(await endOf('throw', undefined, stubborn)).toMatchObject({ code: 1, childIsGone: true });
  });

  it("has a handler of its own for the signal: that one decides, and readings go on until the parent's end", async () => {
    expect(await endOf('own-handler', (kill) => kill('SIGTERM'))).toEqual({ code: 42, signal: null, childIsGone: true });
  });
});
