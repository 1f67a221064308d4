import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { durationBuckets } from '../duration-buckets.js';
import { snake, type Reading, type Unit } from '../reading.js';

/** What is used of the package prom-client. */
export interface PromClient {
  readonly Registry: new () => Registry;
  readonly Counter: typeof Counter;
  readonly Gauge: typeof Gauge;
  readonly Histogram: typeof Histogram;
}

/** Suffixes of base units (Prometheus, "Metric and label naming"). */
const suffixOf: Partial<Record<Unit, string>> = { s: '_seconds', By: '_bytes', W: '_watts', Cel: '_celsius', Hz: '_hertz' };

/** `trainscope_step_duration_seconds` of `step.duration` in s; counters end in `_total`. */
export function metricName(prefix: string, { name, unit, kind }: Pick<Reading, 'name' | 'unit' | 'kind'>): string {
  const suffix = suffixOf[unit] ?? '';
  const base = snake(name);
  return `${prefix}${base}${base.endsWith(suffix) ? '' : suffix}${kind === 'counter' ? '_total' : ''}`;
}

interface Metric {
  readonly gauge?: Gauge;
  readonly counter?: Counter;
  readonly histogram?: Histogram;
  readonly labels: string;
}

/**
 * The metrics in a registry, made as readings come. Not more than `maxSeries` series: those that would be new beyond
 * are left out and counted, so that a model with thousands of weights does not fill a Prometheus server.
 */
export class PrometheusSeries {
  readonly #client: PromClient;
  readonly #registry: Registry;
  readonly #prefix: string;
  readonly #constant: Readonly<Record<string, string>>;
  readonly #maxSeries: number;
  readonly #metrics = new Map<string, Metric>();
  readonly #known = new Set<string>();
  readonly #dropped = new Set<string>();

  constructor(client: PromClient, registry: Registry, settings: { readonly prefix: string; readonly labels: Readonly<Record<string, string>>; readonly maxSeries: number }) {
    this.#client = client;
    this.#registry = registry;
    this.#prefix = settings.prefix;
    this.#constant = settings.labels;
    this.#maxSeries = settings.maxSeries;
  }

  take(reading: Reading): void {
    const labels = { ...Object.fromEntries(Object.entries(reading.labels).map(([key, value]) => [snake(key), value])), ...this.#constant };
    const name = metricName(this.#prefix, reading);
    if (!this.#admits(`${name}${JSON.stringify(labels)}`)) return;
    const metric = this.#metric(name, reading, Object.keys(labels));
    if (metric === undefined) return;
    metric.gauge?.set(labels, reading.value);
    metric.counter?.inc(labels, reading.value);
    for (let i = 0; metric.histogram !== undefined && i < (reading.times ?? 1); i++) metric.histogram.observe(labels, reading.value);
  }

  /** What does not change in a run, as labels of a series that is always 1; that of an earlier run goes. */
  info(facts: Readonly<Record<string, string>>): void {
    const labels = { ...facts, ...this.#constant };
    const name = `${this.#prefix}run_info`;
    const metric = this.#metric(name, { kind: 'gauge', help: 'what is trained on what, as labels; always 1' }, Object.keys(labels));
    metric?.gauge?.reset();
    metric?.gauge?.set(labels, 1);
  }

  #admits(series: string): boolean {
    if (this.#known.has(series)) return true;
    if (this.#known.size < this.#maxSeries) {
      this.#known.add(series);
      return true;
    }
    // What is left out is remembered by a bounded number of names as well.
    if (!this.#dropped.has(series) && this.#dropped.size < this.#maxSeries) {
      this.#dropped.add(series);
      const metric = this.#metric(`${this.#prefix}series_dropped`, { kind: 'gauge', help: 'series left out, beyond maxSeries of the sink' }, Object.keys(this.#constant));
      metric?.gauge?.set({ ...this.#constant }, this.#dropped.size);
    }
    return false;
  }

  /** The metric of that name; undefined for one that has other labels, which prom-client would refuse. */
  #metric(name: string, { kind, help }: Pick<Reading, 'kind' | 'help'>, labelNames: string[]): Metric | undefined {
    const labels = [...labelNames].sort().join();
    const present = this.#metrics.get(name);
    if (present !== undefined) return present.labels === labels && present[kind] !== undefined ? present : undefined;
    const made = { labels, [kind]: this.#present(name) ?? this.#make(name, kind, help, labelNames) } as Metric;
    this.#metrics.set(name, made);
    return made;
  }

  /** Of a registry that another sink has filled already. */
  #present(name: string): unknown {
    return this.#registry.getSingleMetric(name);
  }

  #make(name: string, kind: Reading['kind'], help: string, labelNames: string[]): unknown {
    const settings = { name, help, labelNames, registers: [this.#registry] };
    if (kind === 'gauge') return new this.#client.Gauge(settings);
    if (kind === 'counter') return new this.#client.Counter(settings);
    return new this.#client.Histogram({ ...settings, buckets: [...durationBuckets] });
  }
}
