import { receiveMessageOnPort, type MessagePort, type Worker } from 'node:worker_threads';
import { TrainscopeError } from '../errors.js';
import type { EventView } from '../events/bus.js';
import type { CoreEvents, EventOf, Filter, Subscription, TrainscopeEvent } from '../events/index.js';
import { decodeError } from '../thread/wire-error.js';
import { fieldOf, thrownText } from '../thrown-text.js';
import type { FromWorker, ToWorker } from './messages.js';
import type { Relay } from './relay.js';

/** Twice what the worker gives itself (bootstrap.ts): what does not end by itself then is ended from here. */
const graceMs = 2000;

/** Errors are as they were thrown: in fact anything, as in a catch. */
type Outcome = { readonly kind: 'done'; readonly result: unknown } | { readonly kind: 'failed'; readonly error: Error };

/** A training under way in a worker thread. */
export class WorkerTraining<Result, Events extends CoreEvents = CoreEvents> {
  /**
   * What the training returned, as a copy; settles when the worker has ended and the sinks are closed. It rejects with
   * what the training threw (errors of trainscope with class, code and fields), with WORKER_FAILED when the worker ended
   * without a result, and with WORKER_TERMINATED after terminate().
   */
  readonly result: Promise<Result>;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #relay: Relay;
  #outcome: Outcome | undefined;
  #lost = 0;
  #isAcknowledging = false;
  #timer: NodeJS.Timeout | undefined;

  /** As trainInWorker starts it. @param onEnd Called once, when the worker has ended. */
  constructor(worker: Worker, port: MessagePort, relay: Relay, onEnd: () => void) {
    this.#worker = worker;
    this.#port = port;
    this.#relay = relay;
    port.on('message', (message: FromWorker) => {
      this.#handle(message);
    });
    port.on('messageerror', (error) => {
      relay.tell(`a message of the worker cannot be read: ${thrownText(error)}`);
    });
    worker.on('error', (error: unknown) => {
      this.#drain();
      if (this.#outcome === undefined) this.#end({ kind: 'failed', error: diedOf(error) });
      else relay.tell(`the worker failed after the end of the training: ${thrownText(error)}`);
    });
    this.result = new Promise((resolve, reject) => {
      worker.once('exit', (code) => {
        onEnd();
        void this.#settle(code).then((outcome) => {
          if (outcome.kind === 'done') resolve(outcome.result as Result);
          else reject(outcome.error);
        });
      });
    });
  }

  /**
   * Hears one kind of event, from now on. Call it at once: the worker starts while the caller goes on, and no event comes
   * before the caller has awaited something.
   *
   * @throws TrainscopeError EVENT_UNKNOWN for an event that is neither the trainer's nor of the option `plugins`;
   * ConfigError when the filter is wrong
   */
  on<Name extends keyof Events & string>(
    name: Name,
    handler: (event: TrainscopeEvent<Name, Events[Name]>) => void,
    filter?: Filter<EventView<TrainscopeEvent<Name, Events[Name]>>>,
  ): Subscription {
    return this.#relay.on(name, handler as unknown as (event: TrainscopeEvent) => void, filter as Filter<EventView<TrainscopeEvent>> | undefined);
  }

  /** Hears every event. @throws ConfigError when the filter is wrong */
  onAny(handler: (event: EventOf<Events>) => void, filter?: Filter<EventView<EventOf<Events>>>): Subscription {
    return this.#relay.onAny(handler as unknown as (event: TrainscopeEvent) => void, filter as unknown as Filter<EventView<TrainscopeEvent>> | undefined);
  }

  /** Ends the training after its present step, as an AbortSignal does: the result has the reason `aborted`. Again, or later, does nothing. */
  stop(message = 'stop() was called'): void {
    this.#post({ kind: 'stop', message });
  }

  /** Ends the worker at once, in the middle of a step. The result rejects with WORKER_TERMINATED. Resolves when the worker is gone. */
  async terminate(): Promise<void> {
    // Whoever ends it knows; a result that nobody awaits must not end the process as well.
    const ended = this.result.then(noop, noop);
    this.#outcome ??= {
      kind: 'failed',
      error: new TrainscopeError('WORKER_TERMINATED', { found: 'the training was ended by terminate()', remedy: 'Use stop() to end it after a step, with a result.' }),
    };
    await this.#worker.terminate();
    await ended;
  }

  /** Events that were left out because the main thread was busy for too long, known when the result is there. `sink-loss` tells of them meanwhile. */
  get lost(): number {
    return this.#lost;
  }

  /** What went wrong on the way to the main thread, a sentence each: listeners and sinks that failed, events that could not be sent. */
  get troubles(): readonly string[] {
    return this.#relay.troubles;
  }

  #handle(message: FromWorker): void {
    switch (message.kind) {
      case 'event':
        this.#relay.deliver(message.event);
        this.#acknowledge();
        break;
      case 'flush':
        void this.#relay.flush().then(() => {
          this.#post({ kind: 'flushed', id: message.id });
        });
        break;
      case 'trouble':
        this.#relay.tell(message.message);
        break;
      case 'done':
        this.#lost = message.lost;
        this.#end({ kind: 'done', result: message.result });
        break;
      case 'failed':
        this.#lost = message.lost;
        this.#end({ kind: 'failed', error: decodeError(message.error) as Error });
        break;
    }
  }

  /** What the worker sent last may not have been handed out yet when it ends. */
  #drain(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) this.#handle(next.message as FromWorker);
  }

  /** One message a turn of the event loop, however many events came in it. */
  #acknowledge(): void {
    if (this.#isAcknowledging) return;
    this.#isAcknowledging = true;
    setImmediate(() => {
      this.#isAcknowledging = false;
      this.#post({ kind: 'handled', count: this.#relay.count });
    });
  }

  #end(outcome: Outcome): void {
    this.#outcome ??= outcome;
    this.#timer ??= setTimeout(() => void this.#worker.terminate(), graceMs).unref();
  }

  async #settle(code: number): Promise<Outcome> {
    this.#drain();
    clearTimeout(this.#timer);
    this.#port.close();
    const outcome = this.#outcome ?? { kind: 'failed', error: endedEarly(code) };
    if (outcome.kind === 'done' && this.#relay.isHeard && this.#relay.count === 0) this.#relay.tell('no event came from the worker: give its sink to the trainer there, new Trainer({ sinks: [sink] })');
    await this.#relay.close();
    return outcome;
  }

  #post(message: ToWorker): void {
    this.#port.postMessage(message);
  }
}

const noop = (): void => undefined;

function diedOf(cause: unknown): TrainscopeError {
  if (fieldOf(cause, 'code') === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new TrainscopeError('WORKER_FAILED', {
      found: `the worker ran out of memory: ${thrownText(cause)}`,
      remedy: 'Raise resourceLimits.maxOldGenerationSizeMb, or read the data batch by batch.',
      cause,
    });
  }
  return new TrainscopeError('WORKER_FAILED', {
    found: `the worker died of an error that nothing caught: ${thrownText(cause)}`,
    expected: 'errors of the training reject the promise that it returns',
    remedy: 'Await what it starts.',
    cause,
  });
}

const endedEarly = (code: number): TrainscopeError =>
  new TrainscopeError('WORKER_FAILED', {
    found: `the worker ended with exit code ${code} before the training had a result`,
    remedy: 'Look for process.exit() in the training: in a worker it ends the thread.',
  });
