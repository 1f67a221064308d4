import type { Attributes, Counter, Gauge, Histogram, Meter } from '@opentelemetry/api';
import { durationBuckets } from '../duration-buckets.js';
import type { Reading } from '../reading.js';

/** Instruments of a meter, made as readings come: `trainscope.loss`, `trainscope.step.duration`. */
export class Instruments {
  readonly #meter: Meter;
  readonly #gauges = new Map<string, Gauge>();
  readonly #counters = new Map<string, Counter>();
  readonly #histograms = new Map<string, Histogram>();

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  take({ kind, name: bare, unit, help, labels, value, times = 1, convention }: Reading): void {
    const name = convention === true ? bare : `trainscope.${bare}`;
    const settings = { unit, description: help };
    // OTLP's JSON would carry null for it, which collectors refuse with all that is in the same message.
    if (!Number.isFinite(value)) {
      got(this.#counters, 'trainscope.non_finite_values', (own) => this.#meter.createCounter(own, { unit: '{value}', description: 'values that were NaN or infinite, by the metric whose they are' })).add(1, { 'trainscope.metric': name });
      return;
    }
    const attributes = labelled(labels);
    if (kind === 'gauge') got(this.#gauges, name, () => this.#meter.createGauge(name, settings)).record(value, attributes);
    else if (kind === 'counter') got(this.#counters, name, () => this.#meter.createCounter(name, settings)).add(value, attributes);
    else {
      const histogram = got(this.#histograms, name, () => this.#meter.createHistogram(name, { ...settings, advice: { explicitBucketBoundaries: [...durationBuckets] } }));
      for (let i = 0; i < times; i++) histogram.record(value, attributes);
    }
  }
}

/** Names of semantic conventions have a namespace already (hw.id); the rest get ours. */
const labelled = (labels: Readonly<Record<string, string>>): Attributes => Object.fromEntries(Object.entries(labels).map(([key, value]) => [key.includes('.') ? key : `trainscope.${key}`, value]));

function got<T>(map: Map<string, T>, key: string, make: (key: string) => T): T {
  const present = map.get(key);
  if (present !== undefined) return present;
  const made = make(key);
  map.set(key, made);
  return made;
}
