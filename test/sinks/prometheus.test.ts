import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { coreCatalogue, EventBus, memorySink, type Sink } from '../../src/events/index.js';
import { prometheusSink } from '../../src/sinks/index.js';
import { requirePackages } from '../../src/sinks/require-package.js';

const busWith = (sinks: readonly Sink[]): EventBus => new EventBus({ runId: 'a-run', catalogue: coreCatalogue, sinks });
const emitStep = (bus: EventBus, step: number, loss = 0.5): void => {
  bus.emit('step', { loss, metrics: {}, learningRate: 0.1, batchSize: 4, samples: 4 * step, updated: true }, { epoch: 1, step });
};

describe('the endpoint', () => {
  test('answers a scrape with the metrics, on the path that is given, and nothing else', async () => {
    const sink = prometheusSink({ port: 0, path: '/m', prefix: 'a_', labels: { team: 'vision' } });
    const bus = busWith([sink]);
    emitStep(bus, 1);
    const url = (await sink.url) ?? '';
    const answer = await fetch(url);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toContain('a_loss{phase="train",team="vision"} 0.5\n');
    expect((await fetch(url.replace('/m', '/'))).status).toBe(404);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
    await bus.close();
    await expect(fetch(url)).rejects.toThrow();
  });

  test('on a port that is taken fails the sink at the first event, and says so', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const memory = memorySink();
    const bus = busWith([memory, prometheusSink({ port })]);
    emitStep(bus, 1);
    await bus.flush();
    const told = memory.events.find(({ event }) => event === 'sink-error')?.data;
    expect(told).toMatchObject({ sink: `prometheus:${port}`, code: 'SINK_UNREACHABLE' });
    expect(String(told?.['message'])).toContain('EADDRINUSE');
    await bus.close();
    other.close();
  });

  test('of a sink that is closed takes nothing more, and says so', async () => {
    const sink = prometheusSink({ port: 0 });
    await busWith([sink]).close();
    const memory = memorySink();
    const bus = busWith([memory, sink]);
    emitStep(bus, 1);
    expect(memory.events.find(({ event }) => event === 'sink-error')?.data).toMatchObject({ code: 'SINK_CLOSED' });
    await bus.close();
  });

  test('lingers for one last scrape, which sees the end', async () => {
    const sink = prometheusSink({ port: 0, linger: 9000 });
    const bus = busWith([sink]);
    const url = (await sink.url) ?? '';
    await (await fetch(url)).text();
    emitStep(bus, 7);
    const closing = bus.close();
    expect(await (await fetch(url)).text()).toContain('trainscope_step 7\n');
    await closing; // the limit of a test's time is below 9 s
  });
});

describe('series', () => {
  test('beyond maxSeries are left out and counted', async () => {
    // Two step events make 9: events, steps, samples, step_duration, epoch, step, loss, batch_size, learning_rate.
    const full = prometheusSink({ registry: new Registry(), maxSeries: 9 });
    const small = prometheusSink({ registry: new Registry(), maxSeries: 6 });
    const bus = busWith([full, small]);
    emitStep(bus, 1);
    emitStep(bus, 2);
    expect(await full.metrics()).not.toContain('series_dropped');
    expect(await small.metrics()).toContain('trainscope_series_dropped 3\n');
    await bus.close();
  });

  test('of two sinks add up in one registry', async () => {
    const registry = new Registry();
    const buses = [0, 1].map(() => busWith([prometheusSink({ registry })]));
    for (const bus of buses) emitStep(bus, 3);
    expect(await registry.metrics()).toContain('trainscope_steps_total 6\n');
    for (const bus of buses) await bus.close();
  });
});

describe('options', () => {
  test.each<[object, string]>([
    [{ port: 70_000 }, 'port'],
    [{ prefix: 'a-b' }, 'expected letters, digits and _'],
    [{ labels: { 'a-b': 'x' } }, 'expected names of letters, digits and _'],
    [{ labels: { le: 'x' } }, 'expected other names than those that series have by themselves: le, quantile, event'],
    [{ labels: { __name__: 'x' } }, 'which Prometheus keeps for itself'],
    [{ linger: 10_000 }, 'a sink that takes 10 s to close is given up'],
    [{ prot: 1 }, 'did you mean "port"'],
    [{ registry: {} }, 'expected a Registry of prom-client'],
  ])('%j are refused', (options, why) => {
    expect(() => prometheusSink(options)).toThrow(why);
  });
});

test('packages that are missing are all named, with the line that installs them', () => {
  expect(() => requirePackages('a sink', ['zod', 'no-such-package-a', '@no/such-b'])).toThrow(
    expect.objectContaining({ code: 'PACKAGE_MISSING', message: 'no-such-package-a is not installed; @no/such-b is not installed; a sink uses them. npm install no-such-package-a @no/such-b' }),
  );
});
