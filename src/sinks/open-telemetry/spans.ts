import type { Attributes, Context, Span, SpanStatusCode, Tracer } from '@opentelemetry/api';
import { isCoreEvent, type CoreEvent, type TrainscopeEvent } from '../../events/index.js';
import { eventAttributes, runAttributes } from './attributes.js';

/** What is used of the package @opentelemetry/api. */
export interface OpenTelemetryApi {
  readonly trace: { setSpan(context: Context, span: Span): Context };
  readonly ROOT_CONTEXT: Context;
  readonly SpanStatusCode: typeof SpanStatusCode;
}

/** Events that are told on the span of where they happened. The rest are numbers, which metrics tell. */
const told: ReadonlySet<string> = new Set(['finding', 'plugin-error', 'plugin-slow', 'sink-error', 'sink-loss', 'listener-error', 'early-stopping-restored', 'repair', 'checkpoint-failed', 'non-finite']);

/**
 * The spans of a run: `fit`, in it one `epoch` each, in these `validation` and `checkpoint`. Begin and end are the times
 * of the events, so a span is as long as what it tells. A span is exported when it ends: that of `fit` comes last.
 */
export class RunSpans {
  readonly #api: OpenTelemetryApi;
  readonly #tracer: Tracer;
  #fit: Span | undefined;
  #epoch: Span | undefined;

  constructor(api: OpenTelemetryApi, tracer: Tracer) {
    this.#api = api;
    this.#tracer = tracer;
  }

  take(event: TrainscopeEvent): void {
    if (isCoreEvent(event)) this.#core(event);
    if (told.has(event.event)) (this.#epoch ?? this.#fit)?.addEvent(`trainscope.${event.event.replaceAll('-', '_')}`, eventAttributes(event), event.time);
    if (event.event === 'checkpoint' && typeof event.data['ms'] === 'number') this.#past('checkpoint', event, event.data['ms'], { 'trainscope.checkpoint.name': String(event.data['name']) });
  }

  /** Ends what is open, as when the sink is closed in the midst of a run. */
  close(): void {
    this.#epoch?.end();
    this.#fit?.end();
    this.#epoch = this.#fit = undefined;
  }

  #core(event: CoreEvent): void {
    switch (event.event) {
      case 'run-start':
      case 'resume':
        this.close();
        this.#fit = this.#tracer.startSpan('fit', { root: true, startTime: event.time, attributes: runAttributes(event) }, this.#api.ROOT_CONTEXT);
        return;
      case 'epoch-start':
        this.#epoch?.end(event.time);
        this.#epoch = this.#child('epoch', this.#fit, event.time, { 'trainscope.epoch': event.epoch, 'trainscope.learning_rate': event.data.learningRate });
        return;
      case 'validation':
        this.#past('validation', event, event.data.ms, { ...numbered('trainscope.validation', event.data.metrics), 'trainscope.samples': event.data.samples });
        return;
      case 'epoch-end':
        this.#epoch?.setAttributes({
          ...numbered('trainscope.train', event.data.metrics),
          ...numbered('trainscope.validation', event.data.validation ?? {}),
          'trainscope.steps': event.data.steps,
          'trainscope.samples': event.data.samples,
        });
        this.#epoch?.end(event.time);
        this.#epoch = undefined;
        return;
      case 'error':
        this.#fit?.recordException({ name: event.data.name, message: event.data.message, ...(event.data.stack === undefined ? {} : { stack: event.data.stack }) }, event.time);
        this.#fit?.setAttribute('error.type', event.data.code ?? event.data.name);
        this.#fit?.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: event.data.message });
        return;
      case 'run-end':
        this.#end(event);
        return;
      case 'step':
      case 'finding':
      case 'plugin-error':
      case 'plugin-slow':
      case 'listener-error':
      case 'sink-error':
      case 'sink-loss':
        return; // events on a span, or numbers
    }
  }

  #end(event: Extract<CoreEvent, { event: 'run-end' }>): void {
    const { reason, by, message, epochs, steps, findings, metrics } = event.data;
    this.#epoch?.end(event.time); // an epoch that was cut short
    this.#epoch = undefined;
    this.#fit?.setAttributes({
      ...numbered('trainscope.final', metrics),
      'trainscope.reason': reason,
      ...(by === null ? {} : { 'trainscope.stopped_by': by }),
      'trainscope.epochs': epochs,
      'trainscope.steps': steps,
      'trainscope.findings': findings,
    });
    if (reason === 'completed') this.#fit?.setStatus({ code: this.#api.SpanStatusCode.OK });
    if (reason === 'failed') this.#fit?.setStatus({ code: this.#api.SpanStatusCode.ERROR, ...(message === null ? {} : { message }) });
    this.#fit?.end(event.time);
    this.#fit = undefined;
  }

  /** A span of what is over when its event comes. */
  #past(name: string, event: TrainscopeEvent, ms: number, attributes: Attributes): void {
    this.#child(name, this.#epoch ?? this.#fit, event.time - ms, { ...attributes, 'trainscope.epoch': event.epoch, 'trainscope.step': event.step }).end(event.time);
  }

  #child(name: string, parent: Span | undefined, startTime: number, attributes: Attributes): Span {
    const context = parent === undefined ? this.#api.ROOT_CONTEXT : this.#api.trace.setSpan(this.#api.ROOT_CONTEXT, parent);
    return this.#tracer.startSpan(name, { startTime, attributes }, context);
  }
}

/** JSON has no NaN, and OTLP over JSON would carry null: such a number is an attribute as text. */
const numbered = (prefix: string, metrics: Readonly<Record<string, number>>): Attributes =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${prefix}.${name}`, Number.isFinite(value) ? value : String(value)]));
