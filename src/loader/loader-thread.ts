import { MessageChannel, receiveMessageOnPort, type MessagePort, type Worker } from 'node:worker_threads';
import type { DataError } from '../errors.js';
import { startThread } from '../thread/start-thread.js';
import { decodeError } from '../thread/wire-error.js';
import { fieldOf, thrownText } from '../thrown-text.js';
import { loaderFailed, placeOf } from './loader-error.js';
import type { FromLoader, LoaderStart, ToLoader } from './messages.js';
import type { ResolvedLoaderOptions } from './options.js';
import type { Ticket } from './ticket.js';

/** What a module's close() is given, ms: as much as a training in a worker is given to end (worker/worker-training.ts). */
const graceMs = 2000;

/** What the module said it has. */
export interface Ready {
  readonly count: number;
}

/** One thread, seen from the training: takes jobs, and gives their answers to the tickets. */
export class LoaderThread {
  /** What the module has; rejects where it could not be loaded, or its loader not be made. */
  readonly ready: Promise<Ready>;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #module: string;
  readonly #tickets = new Map<number, Ticket>();
  /** Its exit code. */
  readonly #exited: Promise<number>;
  #opened: { readonly resolve: (ready: Ready) => void; readonly reject: (error: unknown) => void } | undefined;
  /** Of a job that nobody waits for any more as well. */
  readonly #atWork = new Int32Array(new SharedArrayBuffer(8)).fill(-1);
  #closes = false;
  #cause: unknown;
  #failure: DataError | undefined;
  #unclosed: DataError | undefined;

  /** Throws what Worker throws. */
  constructor(start: Omit<LoaderStart, 'port' | 'atWork'>, { resourceLimits }: Pick<ResolvedLoaderOptions, 'resourceLimits'>) {
    const { port1, port2 } = new MessageChannel();
    this.#module = start.module;
    this.#port = port1;
    const whole: LoaderStart = { ...start, atWork: this.#atWork, port: port2 };
    try {
      this.#worker = startThread({ bootstrap: new URL('./bootstrap.js', import.meta.url), start: whole, transfer: [port2], resourceLimits });
    } catch (error) {
      port1.close();
      throw error;
    }
    this.ready = new Promise((resolve, reject) => (this.#opened = { resolve, reject }));
    // Whoever closes the loader before it is ready does not wait for it.
    this.ready.catch(() => undefined);
    port1.on('message', (message: FromLoader) => this.#handle(message));
    // The worker keeps the process alive while it is waited for, and the port never does.
    port1.unref();
    this.#worker.on('error', (error: unknown) => (this.#cause = error));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#end(code);
        resolve(code);
      });
    });
  }

  /** Batches that it has been asked for and has not sent. */
  get load(): number {
    return this.#tickets.size;
  }

  /** Why it can make nothing any more. */
  get failure(): DataError | undefined {
    return this.#failure;
  }

  make(ticket: Ticket): void {
    if (this.#failure !== undefined) {
      ticket.settle({ kind: 'failed', error: this.#failure });
      return;
    }
    this.#tickets.set(ticket.id, ticket);
    this.#post({ kind: 'make', id: ticket.id, job: ticket.job });
  }

  /** Forgets what nobody waits for. What is at work comes all the same, and is let go. */
  drop(tickets: ReadonlySet<Ticket>): void {
    const ids = [...this.#tickets.values()].filter((ticket) => tickets.has(ticket)).map(({ id }) => id);
    if (ids.length === 0) return;
    for (const id of ids) this.#tickets.delete(id);
    this.#post({ kind: 'drop', ids });
  }

  /**
   * Takes what has come. A step on cpu and wasm does not let the event loop turn, so an awaited message may be here for
   * long before its event is.
   */
  drain(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) this.#handle(next.message as FromLoader);
  }

  keepAlive(wanted: boolean): void {
    if (wanted) this.#worker.ref();
    else this.#worker.unref();
  }

  /**
   * Ends the thread, at once or after the module's close(). What was not made fails with `error`.
   * @throws DataError LOADER_FAILED, once it has ended, where the module's close() threw, or the thread died of it
   */
  async close(error: DataError): Promise<void> {
    const hadFailed = this.#failure !== undefined;
    this.#failure ??= error;
    this.#failAll(error);
    this.#worker.ref();
    if (this.#closes && !hadFailed) {
      this.#post({ kind: 'close' });
      let isCut = false as boolean;
      const timer = setTimeout(() => {
        isCut = true;
        void this.#worker.terminate();
      }, graceMs);
      const code = await this.#exited;
      clearTimeout(timer);
      if (!isCut && (code !== 0 || this.#cause !== undefined)) this.#unclosed ??= this.#died(code);
    } else await this.#worker.terminate();
    await this.#exited;
    if (this.#unclosed !== undefined) throw this.#unclosed;
  }

  #handle(message: FromLoader): void {
    if (message.kind === 'ready') {
      this.#closes = message.closes;
      this.#opened?.resolve({ count: message.count });
      return;
    }
    if (message.kind === 'broken') {
      this.#fail(decodeError(message.error) as DataError);
      return;
    }
    if (message.kind === 'unclosed') {
      this.#unclosed = decodeError(message.error) as DataError;
      return;
    }
    const ticket = this.#tickets.get(message.id);
    // Without one it was dropped.
    this.#tickets.delete(message.id);
    ticket?.settle(message.kind === 'made' ? { kind: 'made', samples: message.samples } : { kind: 'failed', error: decodeError(message.error) });
  }

  #end(code: number): void {
    // What it sent last may not have been handed out yet.
    this.drain();
    this.#port.close();
    if (this.#failure === undefined) this.#fail(this.#died(code));
  }

  #fail(error: DataError): void {
    this.#failure ??= error;
    this.#failAll(error);
  }

  #failAll(error: DataError): void {
    this.#opened?.reject(error);
    const tickets = [...this.#tickets.values()];
    this.#tickets.clear();
    for (const ticket of tickets) ticket.settle({ kind: 'failed', error });
  }

  #died(code: number): DataError {
    const [epoch = -1, batch = -1] = this.#atWork;
    const doing = batch < 0 ? '' : ` while it made ${placeOf({ epoch, batch })}`;
    const cause = this.#cause;
    if (cause === undefined) {
      return loaderFailed({
        found: `a thread of the loader ended with exit code ${code}${doing} (${this.#module})`,
        expected: 'it goes on until the loader is closed',
        remedy: 'Look for process.exit() in the module: in a worker it ends the thread.',
      });
    }
    const isMemory = fieldOf(cause, 'code') === 'ERR_WORKER_OUT_OF_MEMORY';
    return loaderFailed({
      found: `a thread of the loader ${isMemory ? 'ran out of memory' : 'died of an error that nothing caught'}${doing} (${this.#module}): ${thrownText(cause)}`,
      remedy: isMemory ? 'Raise resourceLimits.maxOldGenerationSizeMb, take fewer workers, or keep less of the data in the module.' : 'Await what the module starts.',
      cause,
    });
  }

  #post(message: ToLoader): void {
    this.#port.postMessage(message);
  }
}
