import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { Level, TrainscopeEvent } from '../../src/events/index.js';
import type { FromWorker } from '../../src/worker/messages.js';
import { portSink } from '../../src/worker/port-sink.js';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A sink whose main thread does nothing but what the test says. */
function sinkWith(options: { pending?: number; patience?: number }) {
  const { port1, port2 } = new MessageChannel();
  open.push(() => port1.close());
  const sink = portSink(port2, options);
  const received = (): FromWorker[] => {
    const messages: FromWorker[] = [];
    for (let next = receiveMessageOnPort(port1); next !== undefined; next = receiveMessageOnPort(port1)) messages.push(next.message as FromWorker);
    return messages;
  };
  const events = (): number[] => received().flatMap((message) => (message.kind === 'event' ? [message.event.seq] : []));
  return { sink, received, events };
}

const event = (seq: number, level: Level = 'debug', name = 'seed'): TrainscopeEvent => ({ v: 1, runId: 'r', seq, time: 0, event: name, plugin: null, epoch: 1, step: seq, level, data: {} });

describe('the sink of a worker', () => {
  it('with room for 4 takes 2 debug events, a 3rd of level info, a 4th that is a warning, and then nothing', () => {
    const { sink, events } = sinkWith({ pending: 4 });
    for (const seq of [1, 2, 3]) void sink.write(event(seq));
    void sink.write(event(4, 'info'));
    void sink.write(event(5, 'info'));
    void sink.write(event(6, 'warn'));
    void sink.write(event(7, 'error'));
    expect(events()).toEqual([1, 2, 4, 6]);
    expect(sink.stats()).toEqual({ written: 4, lost: 3 });
  });

  it('has room again for what the main thread has handled', () => {
    const { sink, events } = sinkWith({ pending: 4 });
    for (const seq of [1, 2, 3]) void sink.write(event(seq));
    sink.handled(1);
    for (const seq of [4, 5]) void sink.write(event(seq));
    expect(events()).toEqual([1, 2, 4]);
    expect(sink.stats()).toEqual({ written: 3, lost: 2 });
  });

  it('flushes when the main thread says that it has written, each flush by its own number', async () => {
    const { sink, received } = sinkWith({});
    const done: number[] = [];
    const flushes = [1, 2].map((id) => sink.flush?.().then(() => done.push(id)));
    expect(received()).toEqual([
      { kind: 'flush', id: 1 },
      { kind: 'flush', id: 2 },
    ]);
    sink.flushed(2);
    await flushes[1];
    expect(done).toEqual([2]);
    sink.flushed(1);
    await flushes[0];
    expect(done).toEqual([2, 1]);
  });

  it('does not wait for ever for a main thread that is busy, and says so', async () => {
    const { sink, received } = sinkWith({ patience: 20 });
    await sink.flush?.();
    expect(received()).toEqual([
      { kind: 'flush', id: 1 },
      { kind: 'trouble', message: 'the main thread did not write the events within 20 ms; the training went on without waiting' },
    ]);
    sink.flushed(1); // late: nothing happens
  });
});
