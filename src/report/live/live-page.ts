import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { TrainscopeError } from '../../errors.js';
import { toEventLine, type TrainscopeEvent } from '../../events/index.js';
import { thrownText } from '../../thrown-text.js';
import type { ControlState, LiveAction } from './actions.js';
import { startKey, type FromPage, type PageStart, type ToPage } from './messages.js';

/** Events are handed over together, after this long: a message costs as much as some ten lines. */
const batchMs = 100;
/** A batch that has grown to this is handed over at once. */
const batchLength = 256 * 1024;
/** What may wait to be read by the page's thread: 30,000 lines of half a KiB, as a file sink keeps. What comes then is left out, and counted. */
const mostUnread = 16 * 1024 * 1024;
/** Events without which a page would tell a wrong story: they are not left out. */
const kept: ReadonlySet<string> = new Set(['run-start', 'run-end', 'resume', 'finding', 'epoch-start', 'epoch-end', 'error', 'plugin-error']);
/** Until the page listens: a thread that loads TypeScript takes a second or two on a busy machine. */
const startMs = 30_000;

/** What an action led to, as it is told on the page. Throws where it cannot be done. */
export type TakeAction = (action: LiveAction) => string | Promise<string>;

/** A page in a thread of its own, which shows the events that it is given: neither waits for the other. */
export class LivePageThread {
  readonly #worker: Worker;
  #lines: string[] = [];
  #length = 0;
  #runId = '';
  #unread = 0;
  #lost = 0;
  #lostInAll = 0;
  #postedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushes = new Map<number, () => void>();
  #asked = 0;
  #takeAction: TakeAction | undefined;
  #gone: ((why: string) => void) | undefined;
  #isGone = false;

  private constructor(
    worker: Worker,
    readonly url: string,
    readonly port: number,
    readonly warnings: readonly string[],
  ) {
    this.#worker = worker;
    worker.on('message', (message: FromPage) => this.#take(message));
    worker.on('error', (error) => this.#ended(thrownText(error)));
    worker.on('exit', (code) => this.#ended(`its thread ended with code ${String(code)}`));
    // The page looks at the training; it does not keep a process that is done.
    worker.unref();
  }

  /** @throws TrainscopeError LIVE_PORT when it cannot listen, LIVE_FAILED when its thread does not start */
  static async open(start: PageStart): Promise<LivePageThread> {
    // In a clone of the project the sources are run as they are; the published package has the compiled ones alone.
    const sources = new URL('./from-sources.js', import.meta.url);
    // Without the process's own arguments of node: one that runs a text (-e) would have a thread refuse its file.
    const worker = new Worker(existsSync(sources) ? sources : new URL('./page-thread.js', import.meta.url), { name: 'trainscope-dashboard', workerData: { [startKey]: start }, execArgv: [] });
    const failed = (why: string, code: 'LIVE_PORT' | 'LIVE_FAILED', cause?: unknown): TrainscopeError => new TrainscopeError(code, { found: `the dashboard cannot be served: ${why}`, cause });
    let late: NodeJS.Timeout | undefined;
    try {
      return await new Promise<LivePageThread>((done, fail) => {
        late = setTimeout(() => fail(failed(`its thread had not started after ${String(startMs / 1000)} s`, 'LIVE_FAILED')), startMs);
        worker.once('error', (error) => fail(failed(thrownText(error), 'LIVE_FAILED', error)));
        worker.once('exit', (code) => fail(failed(`its thread ended with code ${String(code)}`, 'LIVE_FAILED')));
        worker.once('message', (message: FromPage) => {
          if (message.kind === 'listening') done(new LivePageThread(worker, message.url, message.port, message.warnings));
          else fail(failed(message.kind === 'failed' ? message.message : `its thread said ${message.kind}`, message.kind === 'failed' && message.code === 'LIVE_PORT' ? 'LIVE_PORT' : 'LIVE_FAILED'));
        });
      });
    } catch (error) {
      await worker.terminate();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  /** False once its thread has ended. */
  get isThere(): boolean {
    return !this.#isGone;
  }

  /** Events that were left out so far. */
  get lost(): number {
    return this.#lostInAll;
  }

  /** Shows an event. It waits for nothing. */
  hear(event: TrainscopeEvent): void {
    if (this.#isGone) return;
    if (event.runId !== this.#runId) {
      this.#post();
      this.#runId = event.runId;
    }
    if (this.#unread + this.#length > mostUnread && !kept.has(event.event)) {
      this.#lost += 1;
      this.#lostInAll += 1;
      return;
    }
    const line = toEventLine(event);
    this.#lines.push(line);
    this.#length += line.length + 1;
    if (this.#length >= batchLength || performance.now() - this.#postedAt >= batchMs) this.#post();
    else this.#timer ??= setTimeout(() => this.#post(), batchMs).unref();
  }

  /** Who takes the actions of the page: while a training runs. */
  control(take: TakeAction | undefined): void {
    this.#takeAction = take;
  }

  state(state: ControlState): void {
    this.#send({ kind: 'state', state });
  }

  /** Hears why the page ended before it was closed. */
  onGone(gone: ((why: string) => void) | undefined): void {
    this.#gone = gone;
  }

  /** Keeps the process, so that one may look; until it is released, or the process is ended. */
  hold(): void {
    this.#worker.ref();
  }

  release(): void {
    this.#worker.unref();
  }

  /** Has all that it was given sent to the browsers that take it, in `ms` at the latest. */
  async flush(ms: number): Promise<void> {
    if (this.#isGone) return;
    this.#post();
    this.#asked += 1;
    const id = this.#asked;
    // A page's thread that is stuck holds a training no longer than its browsers may.
    let late: NodeJS.Timeout | undefined;
    this.hold();
    await new Promise<void>((done) => {
      this.#flushes.set(id, done);
      late = setTimeout(done, 2 * ms);
      this.#send({ kind: 'flush', id, ms });
    });
    clearTimeout(late);
    this.#flushes.delete(id);
    this.release();
  }

  async close(): Promise<void> {
    this.#gone = undefined;
    if (this.#isGone) return;
    this.#post();
    this.hold();
    const exited = new Promise<void>((done) => this.#worker.once('exit', () => done()));
    this.#send({ kind: 'close' });
    let late: NodeJS.Timeout | undefined;
    await Promise.race([
      exited,
      new Promise<void>((done) => {
        late = setTimeout(done, closeMs);
      }),
    ]);
    clearTimeout(late);
    this.#isGone = true;
    await this.#worker.terminate();
  }

  #post(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#postedAt = performance.now();
    if (this.#lost > 0) {
      this.#send({ kind: 'lost', runId: this.#runId, count: this.#lost });
      this.#lost = 0;
    }
    if (this.#lines.length === 0) return;
    const text = this.#lines.join('\n');
    this.#lines = [];
    this.#length = 0;
    this.#unread += text.length;
    this.#send({ kind: 'lines', runId: this.#runId, text });
  }

  #send(message: ToPage): void {
    if (!this.#isGone) this.#worker.postMessage(message);
  }

  #take(message: FromPage): void {
    if (message.kind === 'taken') this.#unread -= message.bytes;
    else if (message.kind === 'flushed') this.#flushes.get(message.id)?.();
    else if (message.kind === 'action') void this.#act(message.id, message.action);
  }

  async #act(id: number, action: LiveAction): Promise<void> {
    try {
      if (this.#takeAction === undefined) throw new Error('No training is under way.');
      this.#send({ kind: 'answer', id, ok: true, message: await this.#takeAction(action) });
    } catch (error) {
      this.#send({ kind: 'answer', id, ok: false, message: error instanceof Error ? error.message : String(error) });
    }
  }

  #ended(why: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    clearTimeout(this.#timer);
    this.#lines = [];
    for (const done of this.#flushes.values()) done();
    this.#gone?.(why);
  }
}

/** For the rest of what was written, and the end of the thread. */
const closeMs = 2000;
