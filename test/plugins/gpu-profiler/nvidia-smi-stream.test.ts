import { afterEach, describe, expect, it } from 'vitest';
import { NvidiaSmiStream, type StreamOptions } from '../../../plugins/gpu-profiler/nvidia-smi-stream.js';
import { StandIn, isGone, smiLine, until } from './stand-in.js';

const standIns: StandIn[] = [];
const streams: NvidiaSmiStream[] = [];

const make = (standIn: StandIn): StandIn => {
  standIns.push(standIn);
  return standIn;
};
const open = (command: string, more: Partial<StreamOptions> = {}): NvidiaSmiStream => {
  const stream = new NvidiaSmiStream({ command, interval: 20, ...more });
  streams.push(stream);
  stream.start();
  return stream;
};
const reasonOf = ({ status }: NvidiaSmiStream): string => (status.kind === 'ended' ? `${status.cause}: ${status.reason}` : status.kind);
const ended = (stream: NvidiaSmiStream): Promise<void> => until(() => stream.status.kind === 'ended');
const listeners = (): number[] => ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP'].map((event) => process.listenerCount(event));

afterEach(async () => {
  await Promise.all(streams.splice(0).map((stream) => stream.stop()));
  for (const standIn of standIns.splice(0)) standIn.remove();
});

describe('a stream of readings', () => {
  it('gives those of both GPUs in their order, and asks for its fields at the interval', async () => {
    const standIn = make(StandIn.repeating(smiLine({ index: 0, utilization: 91 }), smiLine({ index: 1, utilization: 7 })));
    const stream = open(standIn.path);
    await until(() => stream.pending >= 4);
    const { values, forgotten } = stream.drain();
    expect(values.slice(0, 4).map(({ index, utilization }) => [index, utilization])).toEqual([[0, 91], [1, 7], [0, 91], [1, 7]]);
    expect(forgotten).toBe(0);
    expect(stream.status).toEqual({ kind: 'running' });
    expect(standIn.arguments).toEqual([expect.stringMatching(/^--query-gpu=timestamp,index,uuid,/), '--format=csv,noheader,nounits', '--loop-ms=20']);
  });

  it('holds together what comes in pieces, byte by byte', async () => {
    const standIn = make(new StandIn(`const text = ${JSON.stringify(`${smiLine({ utilization: 11, name: 'Größe' })}\r\n${smiLine({ utilization: 22 })}\n`)};
      const bytes = Buffer.from(text); let at = 0;
      setInterval(() => { if (at < bytes.length) fs.writeSync(1, bytes, at++, 1); }, 1);`));
    const stream = open(standIn.path);
    await until(() => stream.pending === 2);
    expect(stream.drain().values.map(({ utilization, name }) => [utilization, name])).toEqual([[11, 'Größe'], [22, 'NVIDIA GeForce RTX 4090']]);
  });

  it('keeps the latest 3 of many when it has room for 3', async () => {
    const lines = [1, 2, 3, 4, 5].map((utilization) => smiLine({ utilization }));
    const stream = open(make(new StandIn(`process.stdout.write(${JSON.stringify(`${lines.join('\n')}\n`)}); setInterval(() => {}, 1000);`)).path, { capacity: 3 });
    await until(() => stream.pending === 3);
    await until(() => stream.status.kind === 'running');
    const { values, forgotten } = stream.drain();
    expect(values.map(({ utilization }) => utilization)).toEqual([3, 4, 5]);
    expect(forgotten).toBe(2);
  });

  it('goes on over a line of 200 KiB and over messages between the readings', async () => {
    const stream = open(make(StandIn.repeating('x'.repeat(200 * 1024), 'Unable to determine the device handle for GPU 0000:01:00.0: Unknown Error', smiLine({ utilization: 5 }))).path);
    await until(() => stream.pending >= 2);
    expect(stream.droppedLines).toBeGreaterThanOrEqual(2);
    expect(stream.status.kind).toBe('running');
  });
});

describe('a stream says why it has ended', () => {
  it('when there is no such program', async () => {
    const stream = open('nvidia-smi-that-is-not-there');
    await ended(stream);
    expect(reasonOf(stream)).toBe('failed: nvidia-smi-that-is-not-there was not found on the PATH');
    expect(listeners()).toEqual(idleListeners);
  });

  it('when the path is no executable, or no name that a program can have', async () => {
    const folder = open(make(StandIn.repeating(smiLine())).folder);
    await ended(folder);
    expect(reasonOf(folder)).toMatch(/^failed: .* may not be executed \(EACCES\)$/);
    expect(reasonOf(open('with\0nul'))).toMatch(/^failed: .* could not be started: /);
  });

  it.each([
    [9, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", 'the NVIDIA driver is not loaded'],
    [6, 'No devices were found', 'no such device was found'],
    [2, 'Field "mig.mode.current" is not a valid field to query.', 'an argument or field is not known to this driver'],
  ])('when it exits with code %i, with what it said', async (code, said, meaning) => {
    const standIn = make(new StandIn(`console.log(${JSON.stringify(said)}); process.exitCode = ${code};`));
    const stream = open(standIn.path);
    await ended(stream);
    expect(reasonOf(stream)).toBe(`exited: ${standIn.path} ended with exit code ${code} (${meaning}): ${said}`);
    expect(listeners()).toEqual(idleListeners);
  });

  it('when it exits after some readings, which are kept, the unfinished last line among them', async () => {
    const stream = open(make(new StandIn(`process.stdout.write(${JSON.stringify(`${smiLine()}\n${smiLine({ utilization: 8 })}`)});`)).path);
    await ended(stream);
    expect(reasonOf(stream)).toMatch(/^exited: .* ended with exit code 0$/);
    expect(stream.drain().values.map(({ utilization }) => utilization)).toEqual([50, 8]);
  });

  it('when a signal ends it', async () => {
    const stream = open(make(StandIn.repeating(smiLine())).path);
    await until(() => stream.status.kind === 'running');
    process.kill(stream.pid!, 'SIGKILL');
    await ended(stream);
    expect(reasonOf(stream)).toMatch(/^exited: .* was ended by SIGKILL$/);
  });

  it('when it hangs from the start, and ends it', async () => {
    const stream = open(make(new StandIn('setInterval(() => {}, 1000);')).path, { silence: 500 });
    const pid = stream.pid ?? 0;
    await ended(stream);
    expect(reasonOf(stream)).toMatch(/^silent: .* gave no reading for 500 ms and was ended$/);
    await until(() => isGone(pid));
  });

  it('when it stops printing after a reading', async () => {
    const stream = open(make(new StandIn(`console.log(${JSON.stringify(smiLine())}); setInterval(() => {}, 1000);`)).path, { silence: 2000 });
    await ended(stream);
    expect(reasonOf(stream)).toMatch(/^silent: /);
    expect(stream.pending).toBe(1);
  });

  it('when it prints what is no reading, fast or slowly or without an end to the line, with the control characters taken out of what it said', async () => {
    const flood = open(make(new StandIn("setInterval(() => process.stdout.write('\\u001b[31mhello\\u001b[0m\\n'.repeat(50)), 5);")).path);
    const slow = open(make(new StandIn("setInterval(() => console.log('one, two'), 50);")).path, { silence: 2000 });
    const endless = open(make(new StandIn("setInterval(() => process.stdout.write('x'.repeat(65536)), 1);")).path);
    await Promise.all([flood, slow, endless].map(ended));
    expect(reasonOf(flood)).toMatch(/^nonsense: .* printed what is no reading and was ended: \[31mhello \[0m$/);
    expect(reasonOf(slow)).toMatch(/^nonsense: .*: one, two$/);
    expect(reasonOf(endless)).toMatch(/^nonsense: .* printed what is no reading and was ended$/);
    await until(() => [flood, slow, endless].every(({ pid }) => isGone(pid ?? 0)));
  });
});

it('a busy event loop is not taken for a silent program', async () => {
  const stream = open(make(StandIn.repeating(smiLine())).path, { silence: 2000 });
  await until(() => stream.status.kind === 'running');
  // Two steps, each longer than the silence that is allowed, with one turn of the event loop after each.
  for (let step = 0; step < 2; step += 1) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(stream.status.kind).toBe('running');
});

describe('stopping', () => {
  it('ends the child, and takes away the handlers that were there while it ran', async () => {
    const stream = open(make(StandIn.repeating(smiLine())).path);
    const pid = stream.pid ?? 0;
    await until(() => stream.status.kind === 'running');
    expect(listeners()).toEqual(idleListeners.map((count) => count + 1));
    await Promise.all([stream.stop(), stream.stop()]);
    expect(isGone(pid)).toBe(true);
    expect(listeners()).toEqual(idleListeners);
    expect(reasonOf(stream)).toMatch(/^stopped: /);
  });

  it('ends a child that ignores SIGTERM', async () => {
    const stream = open(make(new StandIn(`process.on('SIGTERM', () => {}); setInterval(() => console.log(${JSON.stringify(smiLine())}), 20);`)).path, { grace: 100 });
    await until(() => stream.status.kind === 'running');
    await stream.stop();
    expect(isGone(stream.pid ?? 0)).toBe(true);
  });

  it('ends a child that has not printed yet, and one of two leaves the handlers to the other', async () => {
    const first = open(make(new StandIn('setInterval(() => {}, 1000);')).path);
    const second = open(make(StandIn.repeating(smiLine())).path);
    await first.stop();
    expect(isGone(first.pid ?? 0)).toBe(true);
    expect(listeners()).toEqual(idleListeners.map((count) => count + 1));
    await second.stop();
    expect(listeners()).toEqual(idleListeners);
  });

  it('ends what a wrapper leaves behind, by the closed pipe', async () => {
    const inner = make(StandIn.repeating(smiLine()));
    const wrapper = make(new StandIn(`'${inner.path}' "$@"`, 'sh'));
    const stream = open(wrapper.path);
    await until(() => stream.status.kind === 'running');
    const pid = await inner.pid();
    await stream.stop();
    await until(() => isGone(pid));
  });

  it('of one that never ran, and before a start, does nothing', async () => {
    const missing = open('nvidia-smi-that-is-not-there');
    await missing.stop();
    await new NvidiaSmiStream({ command: 'nvidia-smi', interval: 1000 }).stop();
    expect(listeners()).toEqual(idleListeners);
  });
});

const idleListeners = listeners();
