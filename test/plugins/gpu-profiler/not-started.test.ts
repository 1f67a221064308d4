import { ChildProcess } from 'node:child_process';
import { afterEach, expect, test, vi } from 'vitest';
import { NvidiaSmiStream } from '../../../plugins/gpu-profiler/nvidia-smi-stream.js';

afterEach(() => vi.restoreAllMocks());

/** Node signals whatever number stands in the memory of a child that did not start, as long as its error has not come: 0 is the own process group. */
function watchSignals(): { readonly sent: () => number } {
  const kill = vi.spyOn(ChildProcess.prototype, 'kill').mockReturnValue(true);
  return { sent: () => kill.mock.calls.length };
}

test('a command that is not there, stopped before its error has come, is sent no signal', async () => {
  // A fit that is over within one turn of the event loop ends so.
  const signals = watchSignals();
  const stream = new NvidiaSmiStream({ command: 'no-such-command-anywhere', interval: 1000 });
  stream.start();
  await stream.stop();
  expect(signals.sent()).toBe(0);
  expect(stream.status.kind).toBe('ended');
});

test('neither is it at the end of the process', async () => {
  const signals = watchSignals();
  const before = process.listeners('exit');
  const stream = new NvidiaSmiStream({ command: 'no-such-command-anywhere', interval: 1000 });
  stream.start();
  for (const listener of process.listeners('exit')) if (!before.includes(listener)) listener.call(process, 0);
  expect(signals.sent()).toBe(0);
  await stream.stop();
});
