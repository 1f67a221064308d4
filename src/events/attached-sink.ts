import { patienceMs, withDeadline } from './deadline.js';
import type { TrainscopeEvent } from './envelope.js';
import type { Sink, SinkStats } from './sink.js';
import { isThenable } from './thenable.js';

/**
 * Writes of an asynchronous sink that may be under way at once. Each holds an event of about half a KiB and its
 * promise: at most a few MiB, and room for the burst of a whole epoch's steps.
 */
const maxInFlight = 4096;

/**
 * A sink as the bus has it: whatever it throws is contained and told once, and then it is detached. What is under way
 * is bounded, and waiting for it ends after `patience` ms.
 */
export class AttachedSink {
  readonly #sink: Sink;
  readonly #onFailure: (sink: string, thrown: unknown) => void;
  readonly #patience: number;
  readonly #inFlight = new Set<Promise<void>>();
  #refused = 0;
  #told = 0;
  #attached = true;
  #released = false;

  constructor(sink: Sink, onFailure: (sink: string, thrown: unknown) => void, patience = patienceMs) {
    this.#sink = sink;
    this.#onFailure = onFailure;
    this.#patience = patience;
  }

  get name(): string {
    return this.#sink.name;
  }

  get attached(): boolean {
    return this.#attached;
  }

  write(event: TrainscopeEvent): void {
    if (!this.#attached) return;
    if (this.#inFlight.size >= maxInFlight) {
      this.#refused += 1;
      return;
    }
    try {
      const writing: unknown = this.#sink.write(event);
      if (isThenable(writing)) this.#follow(writing);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** Never rejects. */
  async flush(): Promise<void> {
    if (this.#attached) await this.#attempt('flush', () => this.#flushAll());
  }

  /** Never rejects. Nothing is written afterwards. */
  async close(): Promise<void> {
    await this.flush();
    if (!this.#attached) return; // closed before, or for a failure
    await this.#attempt('close', () => this.#release());
    this.#attached = false;
  }

  stats(): SinkStats {
    const { written, lost } = this.#sink.stats?.() ?? { written: 0, lost: 0 };
    return { written, lost: lost + this.#refused };
  }

  /** Events lost since this was last asked. */
  takeLoss(): number {
    let lost: number;
    try {
      ({ lost } = this.stats());
    } catch (thrown) {
      this.#fail(thrown);
      return 0;
    }
    const since = lost - this.#told;
    this.#told = lost;
    return since;
  }

  #follow(writing: PromiseLike<unknown>): void {
    const done: Promise<void> = Promise.resolve(writing)
      .then(undefined, (thrown: unknown) => {
        this.#fail(thrown);
      })
      .then(() => {
        this.#inFlight.delete(done);
      });
    this.#inFlight.add(done);
  }

  async #flushAll(): Promise<void> {
    await Promise.all(this.#inFlight);
    await this.#sink.flush?.();
  }

  async #attempt(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await withDeadline(work(), this.#patience, `the ${what} of the sink "${this.name}"`);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** Detaches first: telling of the failure is an event too, and must not come back here. */
  #fail(thrown: unknown): void {
    if (!this.#attached) return;
    this.#attached = false;
    this.#onFailure(this.name, thrown);
    // It is broken already and that was told: what closing it throws says nothing new.
    void withDeadline(this.#release(), this.#patience, 'closing').catch(() => undefined);
  }

  /** The sink's close(), once: a close that failed is not tried again. */
  async #release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#sink.close?.();
  }
}
