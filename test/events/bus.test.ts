import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, PluginError, TrainscopeError } from '../../src/errors.js';
import { coreCatalogue, defineEvents, EventBus, isCoreEvent, memorySink, real, type CoreEvents, type Sink, type TrainscopeEvent } from '../../src/events/index.js';
import { busWith, emitExample, emitStep, examples, newYear } from './examples.js';

const seqs = (events: readonly TrainscopeEvent[]): number[] => events.map(({ seq }) => seq);
const namesOf = (events: readonly TrainscopeEvent[]): string[] => events.map(({ event }) => event);

const thrownBy = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('an event', () => {
  test('is made once, with the envelope filled in, and is what the sink, the listener and the caller get', () => {
    const sink = memorySink();
    const bus = busWith([sink]);
    const heard: unknown[] = [];
    bus.on('epoch-start', (event) => heard.push(event));
    const event = bus.emit('epoch-start', { epochs: 5, learningRate: 0.1 }, { epoch: 1, step: 0, plugin: 'p' });
    expect(event).toEqual({ v: 1, runId: 'run-1', seq: 1, time: newYear, event: 'epoch-start', plugin: 'p', epoch: 1, step: 0, level: 'info', data: { epochs: 5, learningRate: 0.1 } });
    expect(heard[0]).toBe(event);
    expect(sink.events[0]).toBe(event);
  });

  test('cannot be changed, at any depth, and shares nothing with what was given', () => {
    const data = { ...examples.finding, evidence: { losses: [1, 2], inner: { a: 1 } } };
    const event = busWith().emit('finding', data, { epoch: 1, step: 3 });
    data.evidence.losses.push(3);
    data.evidence.inner.a = 2;
    expect(event.data.evidence).toEqual({ losses: [1, 2], inner: { a: 1 } });
    const frozen = [event, event.data, event.data.where, event.data.evidence, event.data.evidence['losses'], event.data.evidence['inner']];
    expect(frozen.map(Object.isFrozen)).toEqual([true, true, true, true, true, true]);
    expect(Object.isFrozen(data.evidence)).toBe(false);
  });

  test('has the level of its kind unless another is given', () => {
    const sink = memorySink();
    const bus = busWith([sink]);
    emitStep(bus, 1);
    emitStep(bus, 2, { level: 'warn' });
    emitExample(bus, 'run-end');
    emitExample(bus, 'error');
    expect(sink.events.map(({ level }) => level)).toEqual(['debug', 'warn', 'info', 'error']);
  });

  test('with wrong data throws EVENT_INVALID with the plugin, is heard by nobody and uses up no seq', () => {
    const sink = memorySink();
    const bus = busWith([sink]);
    const error = thrownBy(() => bus.emit('step', { ...examples.step, batchSize: 1.5 }, { epoch: 1, step: 1, plugin: 'my-plugin' }));
    expect(error).toBeInstanceOf(PluginError);
    expect(error).toMatchObject({ code: 'EVENT_INVALID', plugin: 'my-plugin' });
    expect((error as Error).message).toMatch(/"step" of the plugin "my-plugin".*batchSize/);
    expect(thrownBy(() => emitStep(bus, NaN))).toMatchObject({ code: 'EVENT_INVALID' });
    expect(thrownBy(() => emitStep(bus, 1, { epoch: -1 }))).toMatchObject({ code: 'EVENT_INVALID' });
    expect(thrownBy(() => bus.emit('stepp' as 'step', examples.step, { epoch: 1, step: 1 }))).toMatchObject({ code: 'EVENT_UNKNOWN' });
    emitStep(bus, 1);
    expect(seqs(sink.events)).toEqual([1]);
  });

  test("of a plugin is typed by the plugin's schema", () => {
    const catalogue = coreCatalogue.with(defineEvents({ 'dead-units': z.strictObject({ share: real }) }));
    const bus = new EventBus({ runId: 'r', catalogue });
    bus.on('dead-units', (event) => expectTypeOf(event.data).toEqualTypeOf<{ readonly share: number }>());
    bus.onAny((event) => {
      if (event.event === 'step') expectTypeOf(event.data).toEqualTypeOf<CoreEvents['step']>();
    });
    // @ts-expect-error the plugin's event has a number
    expect(thrownBy(() => bus.emit('dead-units', { share: 'half' }, { epoch: 1, step: 1 }))).toMatchObject({ code: 'EVENT_INVALID' });
    expect(bus.emit('dead-units', { share: NaN }, { epoch: 1, step: 1 }).data.share).toBeNaN();
  });
});

describe('seq', () => {
  test('counts 1 to 50 without a gap, through all kinds of events and failures', () => {
    const sink = memorySink();
    const bus = busWith([sink]);
    bus.on('step', () => {
      throw new Error('no');
    });
    for (let step = 1; step <= 49; step++) emitStep(bus, step);
    expect(seqs(sink.events)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(bus.seq).toBe(50);
  });

  test('goes on at 42 when the run is resumed after 41', () => {
    const sink = memorySink();
    emitStep(busWith([sink], { seq: 41 }), 1);
    expect(seqs(sink.events)).toEqual([42]);
  });

  test('is the order in which everyone hears, also when a listener emits while it is hearing', () => {
    const sink = memorySink();
    const bus = busWith([sink]);
    const late: number[] = [];
    bus.on('step', () => emitExample(bus, 'finding'));
    bus.onAny(({ seq }) => late.push(seq));
    emitStep(bus, 1);
    emitStep(bus, 2);
    expect(late).toEqual([1, 2, 3, 4]);
    expect(seqs(sink.events)).toEqual([1, 2, 3, 4]);
    expect(namesOf(sink.events)).toEqual(['step', 'finding', 'step', 'finding']);
  });
});

describe('a listener', () => {
  test('that throws at its first call is told of once and not called again, and the others hear all 3 steps', () => {
    const sink = memorySink();
    const bus = busWith([sink]);
    let calls = 0;
    let others = 0;
    const subscription = bus.on('step', function broken() {
      calls += 1;
      throw Object.assign(new Error('no'), { code: 'E_NO' });
    });
    bus.on('step', () => void (others += 1));
    bus.onAny(({ event }) => void (others += event === 'step' ? 100 : 0));
    for (const step of [1, 2, 3]) emitStep(bus, step);
    expect(calls).toBe(1);
    expect(others).toBe(303);
    expect(subscription.active).toBe(false);
    const errors = sink.events.filter((event) => event.event === 'listener-error');
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ epoch: 1, step: 1, level: 'error', data: { event: 'step', listener: 'broken', message: 'no', code: 'E_NO' } });
  });

  test('that rejects later is told of once as well, however many calls were under way', async () => {
    const sink = memorySink();
    const bus = busWith([sink]);
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- the mistake that is tested
    bus.on('step', async () => {
      await turn();
      throw new Error('later');
    });
    for (const step of [1, 2, 3]) emitStep(bus, step);
    await turn();
    await turn();
    emitStep(bus, 4);
    expect(namesOf(sink.events)).toEqual(['step', 'step', 'step', 'listener-error', 'step']);
  });

  test('of listener-error that throws is told of too, and that is the end of it', () => {
    const sink = memorySink();
    const bus = busWith([sink]);
    const broken = (): never => {
      throw new Error('no');
    };
    bus.on('step', broken);
    bus.on('listener-error', broken);
    emitStep(bus, 1);
    expect(namesOf(sink.events)).toEqual(['step', 'listener-error', 'listener-error']);
  });

  test('that emits what it hears is stopped after a chain of 32', () => {
    const sink = memorySink();
    const bus = busWith([sink]);
    bus.on('step', ({ step }) => emitStep(bus, step + 1));
    emitStep(bus, 0);
    const last = sink.events.at(-1);
    expect(namesOf(sink.events).filter((name) => name === 'step')).toHaveLength(33); // the first and 32 that came of it
    expect(last).toMatchObject({ event: 'listener-error', data: { code: 'EVENT_LOOP' } });
    emitStep(bus, 100);
    expect(sink.events).toHaveLength(35);
  });

  test('of step every 10 is called 3 times in 30 steps, with the events of steps 10, 20 and 30', () => {
    const bus = busWith();
    const steps: number[] = [];
    bus.on('step', ({ step }) => steps.push(step), { every: 10 });
    for (let step = 1; step <= 30; step++) {
      emitStep(bus, step);
      emitExample(bus, 'epoch-start'); // other events do not count
    }
    expect(steps).toEqual([10, 20, 30]);
  });

  test('counts from its own attaching, and its predicate sees the event', () => {
    const bus = busWith();
    const steps: number[] = [];
    for (let step = 1; step <= 5; step++) emitStep(bus, step);
    bus.on('step', ({ step }) => steps.push(step), { once: 2 });
    bus.on('step', ({ step }) => steps.push(step * 100), { when: ({ event }) => event.data.loss >= 9 });
    for (let step = 6; step <= 10; step++) emitStep(bus, step);
    expect(steps).toEqual([7, 900, 1000]);
  });

  test('that is removed hears nothing more, also when it is removed by one that hears the same event before it', () => {
    const bus = busWith();
    let calls = 0;
    bus.on('step', () => second.remove());
    const second = bus.on('step', () => void (calls += 1));
    expect(second.active).toBe(true);
    emitStep(bus, 1);
    second.remove();
    expect(second.active).toBe(false);
    expect(calls).toBe(0);
  });

  test('of an unknown event, or with a wrong filter, is refused when it is attached', () => {
    const bus = busWith();
    expect(thrownBy(() => bus.on('stpe' as 'step', () => undefined))).toMatchObject({ code: 'EVENT_UNKNOWN' });
    expect(thrownBy(() => bus.onAny(() => undefined, { every: -1 }))).toBeInstanceOf(ConfigError);
  });
});

describe('a sink', () => {
  /** A sink that does as it is told, and counts its calls. */
  const sinkThat = (write: Sink['write'], more: Partial<Sink> = {}): Sink & { closes: number } => {
    const sink = {
      name: 'bad',
      closes: 0,
      write,
      ...more,
      async close() {
        sink.closes += 1;
        await more.close?.();
      },
    };
    return sink;
  };

  test('that throws at the 2nd event is told of once, closed and not written to again, and the others get all', () => {
    const good = memorySink();
    let writes = 0;
    const bad = sinkThat(() => {
      writes += 1;
      if (writes === 2) throw new Error('disk gone');
    });
    const bus = busWith([bad, good]);
    for (const step of [1, 2, 3]) emitStep(bus, step);
    expect(writes).toBe(2);
    expect(bad.closes).toBe(1);
    expect(namesOf(good.events)).toEqual(['step', 'step', 'sink-error', 'step']);
    expect(good.events[2]).toMatchObject({ step: 2, data: { sink: 'bad', message: 'disk gone', code: null, detached: true } });
    expect(bus.sinkStats().map(({ name, attached }) => [name, attached])).toEqual([['bad', false], ['memory', true]]);
  });

  test('whose promises reject is told of once', async () => {
    const good = memorySink();
    const bus = busWith([good, sinkThat(async () => Promise.reject(new Error('network')))]);
    for (const step of [1, 2, 3]) emitStep(bus, step);
    await bus.flush();
    emitStep(bus, 4);
    expect(namesOf(good.events)).toEqual(['step', 'step', 'step', 'sink-error', 'step']);
  });

  test('that fails to flush or to close does not fail the run', async () => {
    const good = memorySink();
    const fails = async (): Promise<never> => Promise.reject(new Error('no'));
    const noFlush = sinkThat(() => undefined, { name: 'no-flush', flush: fails });
    const noClose = sinkThat(() => undefined, { name: 'no-close', close: fails });
    const bus = busWith([good, noFlush, noClose]);
    await bus.close();
    await bus.close();
    expect(good.events.map(({ data }) => (data as { sink: string }).sink)).toEqual(['no-flush']); // memory was closed by the time that no-close failed
    expect([noFlush.closes, noClose.closes]).toEqual([1, 1]);
  });

  test('that never finishes a write is given up when its time is over', async () => {
    const good = memorySink();
    const bus = busWith([good, sinkThat(() => new Promise(() => undefined))], { patience: 20 });
    emitStep(bus, 1);
    await bus.flush();
    expect(good.events[1]).toMatchObject({ event: 'sink-error', data: { code: 'SINK_STUCK' } });
  });

  test('that is slow holds 4096 writes at most: of 5000 events 904 are lost, and that is told once it is known', async () => {
    const good = memorySink();
    let finish = (): void => undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    const slow: string[] = [];
    const bus = busWith([
      good,
      sinkThat(async ({ event }) => {
        slow.push(event);
        await gate;
      }, { name: 'slow' }),
    ]);
    for (let step = 1; step <= 5000; step++) emitStep(bus, step);
    expect(slow).toHaveLength(4096);
    finish();
    await bus.flush();
    const losses = good.events.filter((event) => isCoreEvent(event)).filter((event) => event.event === 'sink-loss');
    const told = losses.reduce((sum, { data }) => sum + data.lost, 0);
    // The events that told of the loss while it lasted were lost to the slow sink as well, and told of with the next.
    expect(told).toBe(904 + losses.length - 1);
    expect(good.events).toHaveLength(5000 + losses.length);
    expect(losses.every(({ seq, data }) => data.since < seq)).toBe(true);
    expect(losses.length).toBeLessThanOrEqual(5); // one check in 256 events, and one at the flush
    expect(slow.at(-1)).toBe('sink-loss');
  });

  test('whose stats throw is contained like one whose write throws', async () => {
    const good = memorySink();
    const bus = busWith([good, sinkThat(() => undefined, { stats: () => { throw new Error('no stats'); } })]);
    await bus.flush();
    expect(good.events[0]).toMatchObject({ event: 'sink-error', data: { message: 'no stats' } });
  });

  test('in memory keeps the last 3 of 5 when it is bounded', () => {
    const sink = memorySink({ limit: 3 });
    const bus = busWith([sink]);
    for (const step of [1, 2, 3, 4, 5]) emitStep(bus, step);
    expect(sink.events.map(({ step }) => step)).toEqual([3, 4, 5]);
    expect(sink.evicted).toBe(2);
    expect(sink.stats?.()).toEqual({ written: 5, lost: 0 });
  });
});

test('anything can be thrown at the bus, also what has no text', () => {
  const sink = memorySink();
  const bus = busWith([sink]);
  for (const thrown of ['text', undefined, Object.create(null) as unknown, new TrainscopeError('EVENT_LOOP', { found: 'x' })]) {
    bus.on('step', () => {
       
      throw thrown;
    });
  }
  emitStep(bus, 1);
  expect(sink.events.slice(1).map(({ data }) => (data as { message: string }).message)).toEqual(['text', 'undefined', 'something that has no text', 'x.']);
});
