import { InMemorySpanExporter, BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { describe, expect, test } from 'vitest';
import { definePlugin } from '../../src/plugin/index.js';
import { memorySink } from '../../src/events/index.js';
import { openTelemetrySink } from '../../src/sinks/index.js';
import { endpoint, type Endpoint } from './endpoint.js';
import { train } from './training.js';

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string; readonly doubleValue?: number; readonly boolValue?: boolean };
}
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly events: readonly { readonly name: string; readonly attributes: readonly Attribute[] }[];
  readonly status: { readonly code?: number; readonly message?: string };
}
interface Point {
  readonly attributes: readonly Attribute[];
  readonly asDouble?: number;
  readonly asInt?: number | string;
  readonly count?: number | string;
  readonly sum?: number;
}
interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly gauge?: { readonly dataPoints: readonly Point[] };
  readonly sum?: { readonly dataPoints: readonly Point[]; readonly isMonotonic: boolean };
  readonly histogram?: { readonly dataPoints: readonly Point[] };
}
interface Resource {
  readonly attributes: readonly Attribute[];
}

const read = (attributes: readonly Attribute[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [key, stringValue ?? doubleValue ?? boolValue ?? Number(intValue)]));
const bodies = <T>({ requests }: Endpoint, path: string): T[] => requests.filter((request) => request.path === path).map(({ body }) => JSON.parse(body) as T);
const spansIn = (collector: Endpoint): Span[] =>
  bodies<{ resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }>(collector, '/v1/traces').flatMap(({ resourceSpans }) => resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
type MetricsBody = { resourceMetrics: { resource: Resource; scopeMetrics: { metrics: Metric[] }[] }[] };
/** The last export of metrics. */
const metricsIn = (collector: Endpoint): ReadonlyMap<string, Metric> =>
  new Map((bodies<MetricsBody>(collector, '/v1/metrics').at(-1)?.resourceMetrics ?? []).flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics.map((metric) => [metric.name, metric] as const))));
const point = (metric: Metric | undefined, attributes: Readonly<Record<string, string>> = {}): Point | undefined =>
  [...(metric?.gauge?.dataPoints ?? []), ...(metric?.sum?.dataPoints ?? []), ...(metric?.histogram?.dataPoints ?? [])].find((each) => JSON.stringify(read(each.attributes)) === JSON.stringify(attributes));
const valueOf = (metric: Metric | undefined, attributes: Readonly<Record<string, string>> = {}): number => Number(point(metric, attributes)?.asDouble ?? point(metric, attributes)?.asInt);
const ms = (nano: string): number => Math.round(Number(BigInt(nano) / 1000n) / 1000);

describe('a collector of OTLP over HTTP', () => {
  test('gets the tree of spans, as long as the events say', async () => {
    const collector = await endpoint();
    const events = await train({ sinks: [openTelemetrySink({ endpoint: `${collector.url}/`, headers: { 'x-api-key': 'hush-hush' } })] });
    await collector.close();
    const spans = spansIn(collector);
    const named = (name: string): Span[] => spans.filter((span) => span.name === name);
    const [fit] = named('fit');
    const epochs = named('epoch');
    expect(spans.map(({ name }) => name).sort()).toEqual(['epoch', 'epoch', 'fit', 'validation', 'validation']);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(fit?.parentSpanId).toBeUndefined();
    expect(epochs.map(({ parentSpanId }) => parentSpanId)).toEqual([fit?.spanId, fit?.spanId]);
    expect(named('validation').map(({ parentSpanId }) => parentSpanId)).toEqual(epochs.map(({ spanId }) => spanId));
    const timesOf = (name: string): number[] => events.filter(({ event }) => event === name).map(({ time }) => time);
    expect(epochs.map(({ startTimeUnixNano }) => ms(startTimeUnixNano))).toEqual(timesOf('epoch-start'));
    expect(epochs.map(({ endTimeUnixNano }) => ms(endTimeUnixNano))).toEqual(timesOf('epoch-end'));
    expect([ms(fit?.startTimeUnixNano ?? '0'), ms(fit?.endTimeUnixNano ?? '0')]).toEqual([...timesOf('run-start'), ...timesOf('run-end')]);
    expect(named('validation').map(({ endTimeUnixNano }) => ms(endTimeUnixNano))).toEqual(timesOf('validation'));
    expect(read(fit?.attributes ?? [])).toMatchObject({ 'trainscope.run_id': events[0]?.runId, 'trainscope.backend': 'cpu', 'trainscope.reason': 'completed', 'trainscope.steps': 16, 'trainscope.model.parameters': 58 });
    expect(fit?.status.code).toBe(1);
    const lastEpoch = events.findLast(({ event }) => event === 'epoch-end')?.data as { metrics: { loss: number } };
    expect(read(epochs[1]?.attributes ?? [])['trainscope.train.loss']).toBe(lastEpoch.metrics.loss);
    expect(collector.requests.every(({ headers }) => headers['x-api-key'] === 'hush-hush')).toBe(true);
    expect(JSON.stringify(events)).not.toContain('hush-hush');
    expect(collector.requests.some(({ body }) => body.includes('hush-hush'))).toBe(false);
  });

  test('gets the metrics that the log holds', async () => {
    const collector = await endpoint();
    const events = await train({ sinks: [openTelemetrySink({ endpoint: collector.url, serviceName: 'clouds', attributes: { 'deployment.environment.name': 'test' } })] });
    await collector.close();
    const metrics = metricsIn(collector);
    const last = (name: string): Readonly<Record<string, unknown>> => events.findLast(({ event }) => event === name)?.data ?? {};
    expect(valueOf(metrics.get('trainscope.loss'), { 'trainscope.phase': 'train' })).toBe(last('step')['loss']);
    expect(valueOf(metrics.get('trainscope.loss'), { 'trainscope.phase': 'validation' })).toBe((last('validation')['metrics'] as { loss: number }).loss);
    expect(valueOf(metrics.get('trainscope.steps'))).toBe(16);
    expect(metrics.get('trainscope.steps')?.sum?.isMonotonic).toBe(true);
    expect(Number(point(metrics.get('trainscope.step.duration'))?.count)).toBe(16);
    expect(metrics.get('trainscope.step.duration')?.unit).toBe('s');
    const norms = last('gradient-norm')['weights'] as Readonly<Record<string, { norm: number }>>;
    for (const [weight, { norm }] of Object.entries(norms)) expect(valueOf(metrics.get('trainscope.gradient_norm_by_weight'), { 'trainscope.weight': weight })).toBe(norm);
    const resource = read(bodies<MetricsBody>(collector, '/v1/metrics')[0]?.resourceMetrics[0]?.resource.attributes ?? []);
    expect(resource).toMatchObject({ 'service.name': 'clouds', 'deployment.environment.name': 'test', 'process.pid': process.pid, 'process.runtime.name': 'nodejs' });
  });

  test('gets no null for a loss that is NaN, but a count of it, and text on the span', async () => {
    const collector = await endpoint();
    const events = await train({ sinks: [openTelemetrySink({ endpoint: collector.url })], diverges: true });
    await collector.close();
    const losses = events.filter(({ event, data }) => event === 'step' && !Number.isFinite(data['loss']));
    expect(losses.length).toBeGreaterThan(0);
    expect(valueOf(metricsIn(collector).get('trainscope.non_finite_values'), { 'trainscope.metric': 'trainscope.loss' })).toBe(losses.length);
    expect(collector.requests.some(({ body }) => /"as(Double|Int)":null/.test(body))).toBe(false);
    const epoch = spansIn(collector).filter(({ name }) => name === 'epoch').at(-1);
    expect(read(epoch?.attributes ?? [])['trainscope.train.loss']).toBe('NaN');
  });

  test('gets a failed fit as a span with an error and what was thrown', async () => {
    const collector = await endpoint();
    const failing = definePlugin({
      name: 'failing',
      summary: 'Throws after the first step.',
      role: 'steer',
      hooks: () => ({
        stepEnd: () => {
          throw new RangeError('the disk is full');
        },
      }),
    });
    await expect(train({ sinks: [openTelemetrySink({ endpoint: collector.url })], plugins: [failing()] })).rejects.toThrow('the disk is full');
    await collector.close();
    const fit = spansIn(collector).find(({ name }) => name === 'fit');
    expect(fit?.status.code).toBe(2);
    const attributes = read(fit?.attributes ?? []);
    expect([attributes['error.type'], attributes['trainscope.reason']]).toEqual(['PLUGIN_FAILED', 'failed']);
    const thrown = fit?.events.find(({ name }) => name === 'exception');
    expect(String(read(thrown?.attributes ?? [])['exception.message'])).toContain('the disk is full');
  });

  test('that is named by OTEL_EXPORTER_OTLP_ENDPOINT gets both', async () => {
    const collector = await endpoint();
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = collector.url;
    try {
      await train({ sinks: [openTelemetrySink()], epochs: 1 });
    } finally {
      delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
    }
    await collector.close();
    expect(spansIn(collector).map(({ name }) => name)).toContain('fit');
    expect(metricsIn(collector).has('trainscope.loss')).toBe(true);
  });

  test('that refuses, or is not there, fails the sink and not the training', async () => {
    const collector = await endpoint('refusing');
    for (const url of [collector.url, 'http://127.0.0.1:1']) {
      const heard = memorySink({ name: 'heard' });
      const events = await train({ sinks: [heard, openTelemetrySink({ endpoint: url, timeoutMs: 500 })], epochs: 1 });
      const told = heard.events.filter(({ event }) => event === 'sink-error').map(({ data }) => data);
      expect(told).toHaveLength(1);
      expect(told[0]).toMatchObject({ sink: 'open-telemetry', code: 'SINK_UNREACHABLE', detached: true });
      expect(events.find(({ event }) => event === 'run-end')?.data['reason']).toBe('completed');
    }
    await collector.close();
  });
});

describe('a provider of the user', () => {
  test('gets the spans, and stays open', async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    await train({ sinks: [openTelemetrySink({ tracerProvider: provider, metrics: false })], epochs: 1 });
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['validation', 'epoch', 'fit']);
    provider.getTracer('other').startSpan('later').end();
    expect(exporter.getFinishedSpans().at(-1)?.name).toBe('later');
    await provider.shutdown();
  });
});
