import { randomUUID } from 'node:crypto';
import { arch, hostname, platform } from 'node:os';
import type { Attributes, Meter, Tracer } from '@opentelemetry/api';
import type { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import type { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { requirePackages, type PackagePlace } from '../require-package.js';
import { Deliveries } from './deliveries.js';

/** Where spans and metrics of our own go. Without an endpoint, where the variables OTEL_EXPORTER_OTLP_* say. */
export interface ExportSettings {
  readonly endpoint: string | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly serviceName: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly metrics: boolean;
  readonly traces: boolean;
}

/** Providers that the sink has made, with what ends them. */
export interface OwnProviders {
  readonly tracer: ((name: string, version?: string) => Tracer) | undefined;
  readonly meter: ((name: string, version?: string) => Meter) | undefined;
  readonly deliveries: Deliveries;
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

interface Resources {
  readonly defaultResource: typeof defaultResource;
  readonly detectResources: typeof detectResources;
  readonly envDetector: typeof envDetector;
  readonly resourceFromAttributes: typeof resourceFromAttributes;
}

/**
 * Providers of OpenTelemetry's SDK that export by OTLP over HTTP, as JSON.
 *
 * @throws TrainscopeError PACKAGE_MISSING
 */
export function makeProviders(settings: ExportSettings, place: PackagePlace): OwnProviders {
  const names = [
    '@opentelemetry/api',
    '@opentelemetry/resources',
    ...(settings.traces ? ['@opentelemetry/sdk-trace-base', '@opentelemetry/exporter-trace-otlp-http'] : []),
    ...(settings.metrics ? ['@opentelemetry/sdk-metrics', '@opentelemetry/exporter-metrics-otlp-http'] : []),
  ];
  const loaded = new Map(requirePackages('openTelemetrySink', names, place).map((module, i) => [names[i], module]));
  const resource = resourceOf(loaded.get('@opentelemetry/resources') as Resources, settings);
  const deliveries = new Deliveries(settings.endpoint);
  const tracerProvider = settings.traces ? tracing(loaded, settings, resource, deliveries) : undefined;
  const meterProvider = settings.metrics ? metering(loaded, settings, resource, deliveries) : undefined;
  const both = [tracerProvider, meterProvider].filter((each) => each !== undefined);
  return {
    tracer: tracerProvider === undefined ? undefined : (name, version) => tracerProvider.getTracer(name, version),
    meter: meterProvider === undefined ? undefined : (name, version) => meterProvider.getMeter(name, version),
    deliveries,
    async flush() {
      await Promise.all(both.map((each) => each.forceFlush()));
    },
    async shutdown() {
      await Promise.all(both.map((each) => each.shutdown()));
    },
  };
}

type Resource = ReturnType<Resources['resourceFromAttributes']>;

/** The names are those of the semantic conventions. What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say goes before what is found here. */
function resourceOf({ defaultResource, detectResources, envDetector, resourceFromAttributes }: Resources, { serviceName, attributes }: ExportSettings): Resource {
  const found: Attributes = {
    'service.name': 'trainscope',
    'service.instance.id': randomUUID(), // keeps the counters of two processes apart
    'process.pid': process.pid,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
    'host.name': hostname(),
    'host.arch': arch() === 'x64' ? 'amd64' : arch(),
    'os.type': platform() === 'win32' ? 'windows' : platform(),
  };
  return defaultResource()
    .merge(resourceFromAttributes(found))
    .merge(detectResources({ detectors: [envDetector] }))
    .merge(resourceFromAttributes({ ...attributes, ...(serviceName === undefined ? {} : { 'service.name': serviceName }) }));
}

const exporterSettings = ({ endpoint, headers, timeoutMs }: ExportSettings, signal: 'traces' | 'metrics'): { url?: string; headers?: Record<string, string>; timeoutMillis: number } => ({
  timeoutMillis: timeoutMs,
  ...(endpoint === undefined ? {} : { url: `${endpoint.replace(/\/+$/, '')}/v1/${signal}` }),
  ...(headers === undefined ? {} : { headers: { ...headers } }),
});

function tracing(loaded: ReadonlyMap<string | undefined, unknown>, settings: ExportSettings, resource: Resource, deliveries: Deliveries): BasicTracerProvider {
  const sdk = loaded.get('@opentelemetry/sdk-trace-base') as { readonly BasicTracerProvider: typeof BasicTracerProvider; readonly BatchSpanProcessor: typeof BatchSpanProcessor };
  const { OTLPTraceExporter: Exporter } = loaded.get('@opentelemetry/exporter-trace-otlp-http') as { readonly OTLPTraceExporter: typeof OTLPTraceExporter };
  const exporter = deliveries.watch('spans', new Exporter(exporterSettings(settings, 'traces')));
  return new sdk.BasicTracerProvider({ resource, spanProcessors: [new sdk.BatchSpanProcessor(exporter, { exportTimeoutMillis: settings.timeoutMs })] });
}

function metering(loaded: ReadonlyMap<string | undefined, unknown>, settings: ExportSettings, resource: Resource, deliveries: Deliveries): MeterProvider {
  const sdk = loaded.get('@opentelemetry/sdk-metrics') as { readonly MeterProvider: typeof MeterProvider; readonly PeriodicExportingMetricReader: typeof PeriodicExportingMetricReader };
  const { OTLPMetricExporter: Exporter } = loaded.get('@opentelemetry/exporter-metrics-otlp-http') as { readonly OTLPMetricExporter: typeof OTLPMetricExporter };
  const exporter = deliveries.watch('metrics', new Exporter(exporterSettings(settings, 'metrics')));
  const reader = new sdk.PeriodicExportingMetricReader({ exporter, exportIntervalMillis: settings.intervalMs, exportTimeoutMillis: Math.min(settings.timeoutMs, settings.intervalMs) });
  return new sdk.MeterProvider({ resource, readers: [reader] });
}
