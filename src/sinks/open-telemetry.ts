import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import type { Sink } from '../events/index.js';
import { Instruments } from './open-telemetry/instruments.js';
import { makeProviders, type OwnProviders } from './open-telemetry/providers.js';
import { RunSpans, type OpenTelemetryApi } from './open-telemetry/spans.js';
import { requirePackages, type PackagePlace } from './require-package.js';
import { RunReadings } from './run-readings.js';

/** The options that are plain data, as a config file has them. */
export const openTelemetryOptions = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/, error: 'expected the address of a collector: http://localhost:4318' })
    .optional()
    .describe('Address of a collector that takes OTLP over HTTP; /v1/traces and /v1/metrics are added. Default: OTEL_EXPORTER_OTLP_ENDPOINT, or else http://localhost:4318.'),
  headers: z.record(z.string().min(1), z.string()).optional().describe('Headers of each request, such as an API key. They are secrets: no event and no message holds them. OTEL_EXPORTER_OTLP_HEADERS keeps them out of files.'),
  serviceName: z.string().min(1).optional().describe("service.name of what is sent. Default: OTEL_SERVICE_NAME, or else 'trainscope'."),
  attributes: z.record(z.string().min(1), z.string()).default({}).describe('Attributes of the resource: deployment.environment.name and the like.'),
  metrics: z.boolean().default(true).describe('Whether metrics are sent.'),
  traces: z.boolean().default(true).describe('Whether spans are sent.'),
  intervalMs: z.int().min(100).default(10_000).describe('Time between two exports of metrics, ms. OpenTelemetry has 60 s (OTEL_METRIC_EXPORT_INTERVAL): in that time many a training is over.'),
  timeoutMs: z.int().min(100).max(9000, 'expected at most 9000 ms: a sink that takes 10 s to close is given up').default(5000).describe('How long an export may take, its retries included, ms. Half of what fit waits for a sink.'),
});

export interface OpenTelemetrySinkOptions extends z.input<typeof openTelemetryOptions> {
  /** A tracer provider of yours, which stays yours: spans go there and no exporter is made for them. */
  readonly tracerProvider?: Pick<TracerProvider, 'getTracer'>;
  /** A meter provider of yours, which stays yours. */
  readonly meterProvider?: Pick<MeterProvider, 'getMeter'>;
}

const has = (method: string) => (value: unknown): boolean => typeof (value as Readonly<Record<string, unknown>> | null | undefined)?.[method] === 'function';

const schema = openTelemetryOptions.extend({
  tracerProvider: z.custom<Pick<TracerProvider, 'getTracer'>>(has('getTracer'), 'expected a TracerProvider: an object with getTracer').optional(),
  meterProvider: z.custom<Pick<MeterProvider, 'getMeter'>>(has('getMeter'), 'expected a MeterProvider: an object with getMeter').optional(),
});

/** Name of the instrumentation scope. */
const scope = 'trainscope';

/**
 * Sends a training to OpenTelemetry: a span for the fit with its epochs, validations and checkpoints in it, findings and
 * errors as events on them; loss, metrics and all that plugins measure as metrics. By OTLP over HTTP, on OpenTelemetry's
 * own packages (the error says which to install), or through providers of yours.
 *
 *     const sink = openTelemetrySink({ endpoint: 'http://localhost:4318', serviceName: 'training' });
 *     const trainer = new Trainer({ model, loss, sinks: [sink] });
 *
 * A collector that cannot be reached does not stop the training: flush() at the end of fit fails, which the event
 * `sink-error` tells.
 *
 * @throws ConfigError OPTIONS_INVALID; TrainscopeError PACKAGE_MISSING
 */
export function openTelemetrySink(options: OpenTelemetrySinkOptions = {}, place: PackagePlace = {}): Sink {
  const { tracerProvider, meterProvider, metrics, traces, endpoint, headers, serviceName, ...rest } = checkArgument('options of openTelemetrySink', schema, options);
  const [api] = requirePackages('openTelemetrySink', ['@opentelemetry/api'], place) as readonly [OpenTelemetryApi];
  const wanted = { metrics: metrics && meterProvider === undefined, traces: traces && tracerProvider === undefined };
  const own: OwnProviders | undefined = wanted.metrics || wanted.traces ? makeProviders({ ...rest, ...wanted, endpoint, headers, serviceName }, place) : undefined;
  const tracer = traces ? (tracerProvider?.getTracer(scope) ?? own?.tracer?.(scope)) : undefined;
  const meter = metrics ? (meterProvider?.getMeter(scope) ?? own?.meter?.(scope)) : undefined;
  const spans = tracer === undefined ? undefined : new RunSpans(api, tracer);
  const instruments = meter === undefined ? undefined : new Instruments(meter);
  const readings = new RunReadings();
  let written = 0;

  return {
    name: 'open-telemetry',
    write(event) {
      spans?.take(event);
      if (instruments !== undefined) for (const reading of readings.read(event)) instruments.take(reading);
      written += 1;
    },
    flush: () => arrived(own?.flush(), own),
    close() {
      spans?.close();
      return arrived(own?.shutdown(), own);
    },
    stats: () => ({ written, lost: 0 }),
  };
}

/** Some of what fails to arrive makes the SDK's promises reject, and some does not: what the exporters said comes first. */
async function arrived(sending: Promise<void> | undefined, own: OwnProviders | undefined): Promise<void> {
  const [result] = await Promise.allSettled([sending]);
  own?.deliveries.check(result.status === 'rejected' ? result.reason : undefined);
  if (result.status === 'rejected') throw result.reason;
}
