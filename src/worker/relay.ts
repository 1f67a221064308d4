import { AttachedSink } from '../events/attached-sink.js';
import { compileFilter, frozenCopy, type Catalogue, type CoreEvents, type Filter, type Sink, type Subscription, type TrainscopeEvent } from '../events/index.js';
import { isThenable } from '../events/thenable.js';
import type { EventView } from '../events/bus.js';
import { ConfigError } from '../errors.js';
import { showValue } from '../problems.js';
import { thrownText } from '../thrown-text.js';

type Handler = (event: TrainscopeEvent) => unknown;
type Listener = (event: TrainscopeEvent) => void;

/**
 * Hands the events of a worker to the sinks and then to the listeners of the main thread, as they were emitted: the
 * same seq, the same order. Whoever throws is contained and not called again. That is told as a trouble and not as an
 * event: an event would need a seq of its own, and they are counted in the worker.
 */
export class Relay {
  readonly #catalogue: Catalogue<CoreEvents>;
  readonly #sinks: readonly AttachedSink[];
  readonly #named = new Map<string, Set<Listener>>();
  readonly #any = new Set<Listener>();
  readonly #troubles: string[] = [];
  #count = 0;

  constructor(catalogue: Catalogue<CoreEvents>, sinks: readonly Sink[]) {
    this.#catalogue = catalogue;
    this.#sinks = sinks.map((sink) => new AttachedSink(sink, (name, thrown) => this.tell(`the sink "${name}" failed and was detached: ${thrownText(thrown)}`)));
  }

  /** Events that have come and were handed on. */
  get count(): number {
    return this.#count;
  }

  get troubles(): readonly string[] {
    return this.#troubles;
  }

  get isHeard(): boolean {
    return this.#sinks.length > 0 || this.#named.size > 0 || this.#any.size > 0;
  }

  tell(trouble: string): void {
    this.#troubles.push(trouble);
  }

  /** @throws TrainscopeError EVENT_UNKNOWN for a name that would never be heard; ConfigError for a filter that is wrong */
  on(name: string, handler: Handler, filter: Filter<EventView<TrainscopeEvent>> | undefined): Subscription {
    this.#catalogue.schema(name as keyof CoreEvents);
    const listeners = this.#named.get(name) ?? new Set();
    this.#named.set(name, listeners);
    return this.#listen(listeners, handler, filter);
  }

  onAny(handler: Handler, filter: Filter<EventView<TrainscopeEvent>> | undefined): Subscription {
    return this.#listen(this.#any, handler, filter);
  }

  deliver(received: TrainscopeEvent): void {
    // Structured clone does not keep an object frozen.
    const event = Object.freeze({ ...received, data: frozenCopy(received.data) });
    this.#count += 1;
    for (const sink of this.#sinks) sink.write(event);
    for (const hear of [...(this.#named.get(event.event) ?? []), ...this.#any]) hear(event);
  }

  /** Never rejects. */
  async flush(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.flush()));
  }

  /** Never rejects. */
  async close(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.close()));
    for (const sink of this.#sinks) {
      const lost = sink.takeLoss();
      if (lost > 0) this.tell(`the sink "${sink.name}" could not keep up and left out ${lost} event${lost === 1 ? '' : 's'}`);
    }
  }

  #listen(listeners: Set<Listener>, handler: Handler, filter: Filter<EventView<TrainscopeEvent>> | undefined): Subscription {
    if (typeof handler !== 'function') throw new ConfigError('OPTIONS_INVALID', { found: `a listener is ${showValue(handler)}`, expected: 'it is a function of the event' });
    const wanted = filter === undefined ? undefined : compileFilter(filter);
    let count = 0;
    const remove = (): void => {
      listeners.delete(hear);
    };
    const fail = (event: TrainscopeEvent, thrown: unknown): void => {
      if (!listeners.has(hear)) return; // an asynchronous listener may fail several times, and is told of once
      remove();
      this.tell(`the listener ${handler.name === '' ? 'without a name' : handler.name} failed at the event "${event.event}" and was removed: ${thrownText(thrown)}`);
    };
    const hear = (event: TrainscopeEvent): void => {
      if (!listeners.has(hear)) return;
      try {
        if (wanted !== undefined && !wanted({ count: ++count, step: event.step, epoch: event.epoch, event })) return;
        const pending = handler(event);
        if (isThenable(pending)) pending.then(undefined, (thrown: unknown) => fail(event, thrown));
      } catch (thrown) {
        fail(event, thrown);
      }
    };
    listeners.add(hear);
    return {
      remove,
      get active() {
        return listeners.has(hear);
      },
    };
  }
}
