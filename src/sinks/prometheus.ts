import type { Registry } from 'prom-client';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { TrainscopeError } from '../errors.js';
import { isCoreEvent, type Sink, type TrainscopeEvent } from '../events/index.js';
import { MetricsServer } from './prometheus/metrics-server.js';
import { PrometheusSeries, type PromClient } from './prometheus/series.js';
import { requirePackages, type PackagePlace } from './require-package.js';
import { RunReadings } from './run-readings.js';

/** A registry of prom-client, of any copy of it. */
export interface PrometheusRegistry {
  metrics(): Promise<string>;
  registerMetric(metric: never): void;
  getSingleMetric(name: string): unknown;
}

const labelName = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;


/** Those of histograms and summaries, and what series are told apart by. */
const ownLabels: readonly string[] = ['le', 'quantile', 'event', 'phase', 'reason', 'rule', 'severity', 'plugin', 'sink', 'of', 'weight', 'layer', 'class', 'metric', 'output', 'hw_id', 'hw_name'];

/** fit gives a sink up after 10 s (SINK_STUCK): a wait must end before. */
const maxLinger = 9000;

/** The options that are plain data, as a config file has them. */
export const prometheusOptions = z.strictObject({
  port: z.int().min(0).max(65535).default(9464).describe("Port of the endpoint; 0 takes any that is free. The default is that of OpenTelemetry's Prometheus exporters (specification, OTEL_EXPORTER_PROMETHEUS_PORT)."),
  host: z.string().min(1).default('127.0.0.1').describe('Address that is listened on. The default is this machine alone; 0.0.0.0 lets everyone in who reaches the machine.'),
  path: z.string().regex(/^\/[^?#\s]*$/, 'expected a path that begins with /').default('/metrics').describe("Path of the endpoint; the default is Prometheus' own."),
  prefix: z
    .string()
    .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'expected letters, digits and _, a letter or _ first')
    .default('trainscope_')
    .describe('In front of every name.'),
  labels: z
    .record(z.string(), z.string())
    .refine((labels) => Object.keys(labels).every((name) => labelName.test(name)), 'expected names of letters, digits and _, a letter or _ first; not two _ first, which Prometheus keeps for itself')
    .refine((labels) => !Object.keys(labels).some((name) => ownLabels.includes(name)), `expected other names than those that series have by themselves: ${ownLabels.join(', ')}`)
    .default({})
    .describe('Labels on every series, such as the name of the experiment. Not the run: every run would make new series.'),
  maxSeries: z.int().min(1).default(2000).describe('Series at the most; new ones beyond are left out and counted in series_dropped. The default takes 12 numbers of each of the 161 weights of a ResNet-50 (53 convolutions, 53 normalizations of 2, a dense layer of 2).'),
  linger: z.number().min(0).max(maxLinger, 'expected at most 9000 ms: a sink that takes 10 s to close is given up').default(0).describe('How long close() waits for a last scrape, ms. With the default, 0, what came after the last scrape is not seen.'),
});

export interface PrometheusSinkOptions extends z.input<typeof prometheusOptions> {
  /** A registry of yours, which your own endpoint serves: then no port is opened. */
  readonly registry?: PrometheusRegistry;
}

export interface PrometheusSink extends Sink {
  /** Address of the metrics, once they are served; undefined with a registry of yours. */
  readonly url: Promise<string> | undefined;
  /** The metrics in Prometheus' text format. */
  metrics(): Promise<string>;
}

const schema = prometheusOptions.extend({
  registry: z
    .custom<PrometheusRegistry>((value) => typeof (value as Partial<PrometheusRegistry> | undefined)?.registerMetric === 'function', "expected a Registry of prom-client")
    .optional(),
});

/**
 * Serves the numbers of a training to Prometheus, on the package prom-client (`npm install prom-client`). Loss and
 * metrics by phase, the learning rate, what plugins measure, counters of steps, findings and errors, a histogram of the
 * time of a step: docs/aggregators.md lists them. In seconds and bytes; NaN stays NaN.
 *
 *     const trainer = new Trainer({ model, loss, sinks: [prometheusSink({ labels: { experiment: 'mnist' } })] });
 *     // scrape http://127.0.0.1:9464/metrics
 *
 * A port that is taken does not stop the training: the sink fails, which the event `sink-error` tells.
 *
 * @throws ConfigError OPTIONS_INVALID; TrainscopeError PACKAGE_MISSING without prom-client
 */
export function prometheusSink(options: PrometheusSinkOptions = {}, place: PackagePlace = {}): PrometheusSink {
  const { registry: given, port, host, path, linger, ...settings } = checkArgument('options of prometheusSink', schema, options);
  const [client] = requirePackages('prometheusSink', ['prom-client'], place) as readonly [PromClient];
  const registry = (given as unknown as Registry | undefined) ?? new client.Registry();
  const series = new PrometheusSeries(client, registry, settings);
  const readings = new RunReadings();
  const metrics = (): Promise<string> => registry.metrics();
  const server = given === undefined ? new MetricsServer({ port, host, path, metrics, contentType: registry.contentType }) : undefined;
  let written = 0;
  let scrapesBefore = 0;
  let isClosed = false;

  return {
    name: server === undefined ? 'prometheus' : `prometheus:${port}`,
    write(event) {
      if (isClosed) throw new TrainscopeError('SINK_CLOSED', { found: 'the endpoint for Prometheus is closed', expected: 'it is open while events are written', remedy: 'Make a new prometheusSink for each trainer: dispose() of a trainer closes its sinks.' });
      if (server?.failure !== undefined) throw server.failure;
      const facts = runFacts(event);
      if (facts !== undefined) series.info(facts);
      for (const reading of readings.read(event)) series.take(reading);
      written += 1;
      scrapesBefore = server?.scrapes ?? 0;
    },
    async flush() {
      await server?.url;
    },
    async close() {
      if (server === undefined) return;
      isClosed = true;
      if (linger > 0 && server.failure === undefined && server.scrapes === scrapesBefore) await server.nextScrape(linger);
      await server.close();
    },
    stats: () => ({ written, lost: 0 }),
    url: server?.url,
    metrics,
  };
}

/** What an event tells of the run as a whole; a log that is resumed tells it in short. */
function runFacts(event: TrainscopeEvent): Readonly<Record<string, string>> | undefined {
  if (!isCoreEvent(event)) return undefined;
  if (event.event !== 'run-start' && event.event !== 'resume') return undefined;
  const { versions, platform, backend } = event.data;
  return {
    run_id: event.runId,
    backend: typeof backend === 'string' ? backend : backend.name,
    platform,
    version: versions.trainscope,
    tfjs_version: versions.tfjs,
    node_version: versions.node,
  };
}
