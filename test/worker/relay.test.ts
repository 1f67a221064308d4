import { describe, expect, it } from 'vitest';
import { coreCatalogue, memorySink, type TrainscopeEvent } from '../../src/events/index.js';
import { Relay } from '../../src/worker/relay.js';

const event = (seq: number, name = 'step'): TrainscopeEvent => ({ v: 1, runId: 'r', seq, time: 0, event: name, plugin: null, epoch: 1, step: seq * 10, level: 'debug', data: { loss: Number.NaN, metrics: { a: 1 } } });

describe('the relay of the main thread', () => {
  it('hands an event to the sinks, then to those who hear its name, then to those who hear all', () => {
    const order: string[] = [];
    const relay = new Relay(coreCatalogue, [{ name: 's', write: ({ seq }) => void order.push(`sink ${seq}`) }]);
    relay.onAny(({ seq }) => order.push(`any ${seq}`), undefined);
    relay.on('step', ({ seq }) => order.push(`step ${seq}`), undefined);
    relay.deliver(event(1));
    relay.deliver(event(2, 'epoch-end'));
    expect(order).toEqual(['sink 1', 'step 1', 'any 1', 'sink 2', 'any 2']);
    expect(relay.count).toBe(2);
  });

  it('filters by step and count: of steps 10 to 50, after 20 every 2nd is step 20 no, 40 yes', () => {
    const relay = new Relay(coreCatalogue, []);
    const heard: number[] = [];
    const subscription = relay.on('step', ({ step }) => heard.push(step), { every: 2, after: 20 });
    for (const seq of [1, 2, 3, 4, 5]) relay.deliver(event(seq));
    expect(heard).toEqual([40]);
    subscription.remove();
    relay.deliver(event(6));
    expect([heard, subscription.active]).toEqual([[40], false]);
  });

  it('tells of an asynchronous listener that rejects once, and of what an asynchronous sink had no room for', async () => {
    const relay = new Relay(coreCatalogue, [{ name: 'late', write: () => new Promise<void>((resolve) => setTimeout(resolve, 5)) }]);
    relay.onAny(async () => Promise.reject(new Error('no')), undefined);
    // 4096 writes may be under way at once (events/attached-sink.ts).
    for (let seq = 1; seq <= 4100; seq += 1) relay.deliver(event(seq));
    await relay.flush();
    await relay.close();
    expect(relay.troubles).toEqual(['the listener without a name failed at the event "step" and was removed: no', 'the sink "late" could not keep up and left out 4 events']);
  });

  it('gives frozen copies, so that nobody can spoil an event for another', () => {
    const memory = memorySink();
    const given = event(1);
    new Relay(coreCatalogue, [memory]).deliver(given);
    expect(memory.events[0]).toEqual(given);
    expect([Object.isFrozen(memory.events[0]), Object.isFrozen(memory.events[0]?.data['metrics'])]).toEqual([true, true]);
  });

  it('refuses a listener that is no function, and a name that nothing has', () => {
    const relay = new Relay(coreCatalogue, []);
    expect(() => relay.onAny(7 as never, undefined)).toThrow(/it is a function of the event/);
    expect(() => relay.on('stepp', () => undefined, undefined)).toThrow(/"stepp"/);
  });
});
