import { EventEmitter } from 'eventemitter3';
import { ConfigError, TrainscopeError } from '../errors.js';
import { showValue } from '../problems.js';
import { AttachedSink } from './attached-sink.js';
import { isThenable } from './thenable.js';
import type { Catalogue } from './catalogue.js';
import type { CoreEvents } from './core-events.js';
import { eventVersion, levels, type EventOf, type Level, type TrainscopeEvent } from './envelope.js';
import { compileFilter, type Filter, type FilterView } from './filter.js';
import type { Sink, SinkStats } from './sink.js';
import { thrownData } from './thrown-data.js';

export interface BusOptions<Events> {
  readonly runId: string;
  readonly catalogue: Catalogue<Events>;
  /** ms since the Unix epoch; Date.now where nothing is given. */
  readonly clock?: () => number;
  readonly sinks?: readonly Sink[];
  /** The last seq of the run that is resumed; 0 for a new run, whose first event has seq 1. */
  readonly seq?: number;
  /** How long flush() and close() wait for a sink, ms, before it is given up. */
  readonly patience?: number;
}

/** What goes with the data of an event. */
export interface EmitAbout {
  /** The plugin that emits it; null or left out for the trainer. */
  readonly plugin?: string | null;
  /** Of what was measured, not of the moment of writing. */
  readonly epoch: number;
  readonly step: number;
  /** Where nothing is given, the catalogue's for the event. */
  readonly level?: Level;
}

/** What a listener's filter sees. */
export interface EventView<Event> extends FilterView {
  readonly event: Event;
}

/** A listener in its place. */
export interface Subscription {
  /** Ends it; again does nothing. */
  remove(): void;
  /** False after remove(), and after the listener threw. */
  readonly active: boolean;
}

export interface AttachedSinkStats extends SinkStats {
  readonly name: string;
  readonly attached: boolean;
}

type AnyEvent = TrainscopeEvent;
type Handler<Event> = (event: Event) => void;

/** The channel of those who hear everything; no event can have this name. */
const everything = '*';

/** How often sinks are asked for losses, in events: 1 % of a log at the most would tell of them. */
const lossCheckEvery = 256;

/** Events that come of events that come of events: deeper than any chain that means something, and a loop ends here. */
const maxChain = 32;

/**
 * Makes events and hands them, in the order of seq, to the sinks and then to the listeners. An event that a listener
 * emits is delivered after the one that it is hearing, so that everyone hears them in the same order.
 *
 * A listener or sink that fails is contained: it is told once as an event and not called again; all others still hear
 * everything.
 */
export class EventBus<Events extends CoreEvents = CoreEvents> {
  #runId: string;
  readonly catalogue: Catalogue<Events>;
  readonly #clock: () => number;
  readonly #patience: number | undefined;
  readonly #emitter = new EventEmitter<Record<string, [AnyEvent]>>();
  readonly #sinks: AttachedSink[] = [];
  readonly #queue: { readonly event: AnyEvent; readonly chain: number }[] = [];
  #delivering = false;
  #chain = 0;
  #held: { readonly name: keyof Events & string; readonly data: Events[keyof Events & string]; readonly about: EmitAbout }[] | undefined;
  #seq: number;
  #lossCheckedAt: number;
  #last = { epoch: 0, step: 0 };

  constructor({ runId, catalogue, clock = Date.now, sinks = [], seq = 0, patience }: BusOptions<Events>) {
    this.#runId = runId;
    this.catalogue = catalogue;
    this.#clock = clock;
    this.#patience = patience;
    this.#seq = seq;
    this.#lossCheckedAt = seq;
    for (const sink of sinks) this.addSink(sink);
  }

  get runId(): string {
    return this.#runId;
  }

  /** The seq of the last event; to be saved, and given to the bus that goes on with the run. */
  get seq(): number {
    return this.#seq;
  }

  /** Counts on from the last seq of the run that is resumed, under its id. Never back: two events of one run must not share a seq. */
  goOnFrom(seq: number, runId?: string): void {
    if (runId !== undefined) this.#runId = runId;
    if (seq <= this.#seq) return;
    this.#seq = seq;
    this.#lossCheckedAt = seq;
  }

  /**
   * Makes an event and delivers it. The event is frozen and its data a copy.
   *
   * @throws TrainscopeError EVENT_UNKNOWN or EVENT_INVALID (a PluginError where a plugin emits), EVENT_LOOP when a
   * listener's events call forth one another without end
   */
  emit<Name extends keyof Events & string>(name: Name, data: Events[Name], about: EmitAbout): TrainscopeEvent<Name, Events[Name]> {
    if (this.#held !== undefined) {
      const event = this.#make(name, data, about, this.#seq);
      this.#held.push({ name, data, about });
      return event as TrainscopeEvent<Name, Events[Name]>;
    }
    const chain = this.#delivering ? this.#chain + 1 : 0;
    if (chain > maxChain) {
      throw new TrainscopeError('EVENT_LOOP', {
        found: `the event "${name}" is the ${chain}th in a chain of events that listeners emitted on hearing one another`,
        expected: `chains end within ${maxChain}`,
        remedy: 'Let no listener emit what makes it emit again.',
      });
    }
    return this.#deliver(this.#next(name, data, about), chain) as TrainscopeEvent<Name, Events[Name]>;
  }

  /**
   * From now on events are checked and kept back. A fit that is resumed opens as it did at its start, and what it tells
   * then stands in the log already.
   */
  hold(): void {
    this.#held ??= [];
  }

  /** Ends hold(): after what `first` emits, those with `keep` are emitted of what was kept back; the others are gone. */
  release(keep: (name: string) => boolean, first?: () => unknown): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    first?.();
    for (const { name, data, about } of held) if (keep(name)) this.emit(name, data, about);
  }

  /**
   * Hears one kind of event.
   *
   * @throws TrainscopeError EVENT_UNKNOWN; ConfigError when the filter is wrong
   */
  on<Name extends keyof Events & string>(
    name: Name,
    handler: Handler<TrainscopeEvent<Name, Events[Name]>>,
    filter?: Filter<EventView<TrainscopeEvent<Name, Events[Name]>>>,
  ): Subscription {
    if (typeof name !== 'string') throw new ConfigError('OPTIONS_INVALID', { found: `the event to hear is ${showValue(name)}`, expected: 'it is the name of an event' });
    this.catalogue.schema(name); // throws for an unknown name, which would never be heard
    return this.#listen(name, handler as unknown as Handler<AnyEvent>, filter as Filter<EventView<AnyEvent>> | undefined);
  }

  /** Hears every event; the filter counts them all. @throws ConfigError when the filter is wrong */
  onAny(handler: Handler<EventOf<Events>>, filter?: Filter<EventView<EventOf<Events>>>): Subscription {
    return this.#listen(everything, handler as unknown as Handler<AnyEvent>, filter as Filter<EventView<AnyEvent>> | undefined);
  }

  /** Writes to the sink from now on. */
  addSink(sink: Sink): void {
    this.#sinks.push(new AttachedSink(sink, (name, thrown) => this.#report('sink-error', { sink: name, ...thrownData(thrown), detached: true }), this.#patience));
  }

  /** What each sink has written and lost, the detached ones included. */
  sinkStats(): readonly AttachedSinkStats[] {
    return this.#sinks.map((sink) => ({ name: sink.name, attached: sink.attached, ...sink.stats() }));
  }

  /** Waits until all sinks have all events, or have failed, which is told as events. Never rejects. */
  async flush(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.flush()));
    if (this.#tellLosses()) await Promise.all(this.#sinks.map((sink) => sink.flush()));
  }

  /** Flushes and closes the sinks. Listeners stay. Never rejects. */
  async close(): Promise<void> {
    await this.flush();
    await Promise.all(this.#sinks.map((sink) => sink.close()));
  }

  /** The next event: the one place where seq counts. */
  #next(name: string, data: unknown, about: EmitAbout): AnyEvent {
    const event = this.#make(name, data, about, this.#seq + 1);
    this.#seq = event.seq; // made already: seq has no gaps
    this.#last = { epoch: event.epoch, step: event.step };
    return event;
  }

  #make(name: string, data: unknown, { plugin = null, epoch, step, level }: EmitAbout, seq: number): AnyEvent {
    const known = name as keyof Events & string;
    const copy = this.catalogue.copy(known, data, plugin);
    const label = level ?? this.catalogue.level(known);
    if (!(isCount(epoch) && isCount(step) && levels.includes(label))) {
      throw new TrainscopeError('EVENT_INVALID', {
        found: `the event "${name}" is of epoch ${epoch}, step ${step} and level ${label}`,
        expected: `epoch and step are whole numbers from 0, and the level one of ${levels.join(', ')}`,
      });
    }
    const time = this.#clock();
    // One literal, so that all events have one hidden class: what reads them stays fast.
    return Object.freeze({
      v: eventVersion,
      runId: this.#runId,
      seq,
      time,
      event: name,
      plugin,
      epoch,
      step,
      level: label,
      data: copy as AnyEvent['data'],
    });
  }

  #deliver(event: AnyEvent, chain: number): AnyEvent {
    this.#queue.push({ event, chain });
    if (this.#delivering) return event;
    this.#delivering = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        this.#chain = next.chain;
        for (const sink of this.#sinks) sink.write(next.event);
        this.#emitter.emit(next.event.event, next.event);
        this.#emitter.emit(everything, next.event);
        if (next.event.seq - this.#lossCheckedAt >= lossCheckEvery) this.#tellLosses();
      }
    } finally {
      this.#delivering = false;
      this.#chain = 0;
    }
    return event;
  }

  #listen(channel: string, handler: Handler<AnyEvent>, filter: Filter<EventView<AnyEvent>> | undefined): Subscription {
    if (typeof handler !== 'function') throw new ConfigError('OPTIONS_INVALID', { found: `the listener is ${showValue(handler)}`, expected: 'it is a function of the event' });
    const wanted = filter === undefined ? undefined : compileFilter(filter);
    let active = true;
    let count = 0;
    const remove = (): void => {
      active = false;
      this.#emitter.off(channel, hear);
    };
    const fail = (event: AnyEvent, thrown: unknown): void => {
      if (!active) return; // an asynchronous listener may have several calls under way, and is told of once
      remove();
      this.#report('listener-error', { event: event.event, listener: handler.name || null, ...thrownData(thrown) });
    };
    const hear = (event: AnyEvent): void => {
      if (!active) return;
      try {
        if (wanted !== undefined && !wanted({ count: ++count, step: event.step, epoch: event.epoch, event })) return;
        const pending = (handler as (event: AnyEvent) => unknown)(event); // an async function passes for a handler
        if (isThenable(pending)) pending.then(undefined, (thrown: unknown) => {
            fail(event, thrown);
          });
      } catch (thrown) {
        fail(event, thrown);
      }
    };
    this.#emitter.on(channel, hear);
    return {
      remove,
      get active() {
        return active;
      },
    };
  }

  #tellLosses(): boolean {
    const since = this.#lossCheckedAt;
    this.#lossCheckedAt = this.#seq;
    const losses = this.#sinks.map((sink) => ({ sink: sink.name, lost: sink.takeLoss(), since })).filter(({ lost }) => lost > 0);
    for (const loss of losses) this.#report('sink-loss', loss);
    return losses.length > 0;
  }

  /** The bus's own events, of the place where the training is. Each detaches something or tells of many losses: no loop. */
  #report<Name extends 'listener-error' | 'sink-error' | 'sink-loss'>(name: Name, data: CoreEvents[Name]): void {
    this.#deliver(this.#next(name, data, this.#last), this.#chain);
  }
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0;
