import { TrainscopeError } from '../errors.js';
import { flushStream, type Flushable } from './flush-stream.js';

/** A stream that pino may write to: a Node stream, sonic-boom, thread-stream (a worker), or anything with write(). */
interface Stream extends Partial<Flushable> {
  readonly writableNeedDrain?: boolean;
  readonly sync?: boolean;
  readonly destroyed?: boolean;
  readonly worker?: { on(event: 'error', listener: (error: Error) => void): unknown; terminate(): Promise<unknown> };
  on?(event: string, listener: (error: Error) => void): unknown;
  once?(event: string, listener: () => void): unknown;
  off?(event: string, listener: (error: Error) => void): unknown;
  end?(): void;
  destroy?(): void;
}

/**
 * The streams behind a logger, watched: what failed, and how many lines wait. A worker that dies emits 'error' on its
 * stream, which ends the process where nobody listens (pino, docs/transports.md); here somebody does.
 */
export class PinoDestination {
  readonly #streams: readonly Stream[];
  readonly #undo: (() => void)[] = [];
  #failure: Error | undefined;
  #pending = 0;
  /** sonic-boom says when all is written and not when it lags: there each line counts until the next 'drain'. */
  readonly #countsAll: boolean;

  constructor(stream: unknown) {
    const branches = (stream as { streams?: readonly { stream: Stream }[] } | undefined)?.streams; // of pino.multistream
    this.#streams = branches === undefined ? [stream ?? {}] : branches.map((each) => each.stream);
    const [only] = this.#streams;
    this.#countsAll = branches === undefined && only?.writableNeedDrain === undefined && only?.on !== undefined && only.sync !== true;
    for (const each of this.#streams) this.#watch(each);
  }

  /** Why nothing can be written any more, or undefined. */
  get failure(): Error | undefined {
    if (this.#failure === undefined && this.#streams.some(({ destroyed }) => destroyed === true)) {
      return new TrainscopeError('SINK_CLOSED', { found: "the logger's destination is closed", expected: 'it stays open while events are written' });
    }
    return this.#failure;
  }

  /** Lines handed over that the destination has not said it took, as far as it can be known. */
  get pending(): number {
    if (!this.#countsAll && !this.#streams.some(({ writableNeedDrain }) => writableNeedDrain === true)) this.#pending = 0;
    return this.#pending;
  }

  wrote(): void {
    this.#pending += 1;
  }

  /** Resolves when the streams have passed on all that they hold; a worker's, when the worker has. */
  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await Promise.all(this.#streams.map(flushed));
    if (!this.#countsAll) return;
    // sonic-boom 4 says so too early. With a minLength it does when it finished a write, though lines came after it:
    // they are written by a second flush. Without one it does at once, and only its 'drain' tells.
    await Promise.all(this.#streams.map(flushed));
    if (this.#pending > 0) await Promise.all(this.#streams.map(drained));
  }

  /** Ends the streams and waits until they are closed. For a logger of our own. */
  async end(): Promise<void> {
    await Promise.all(
      this.#streams.map(async (stream) => {
        if (stream.end === undefined || stream.once === undefined || stream.destroyed === true) return;
        const closed = new Promise<void>((resolve) => stream.once?.('close', resolve));
        stream.end();
        await closed;
      }),
    );
  }

  /** Ends the streams without waiting for what they hold: for one that hangs. */
  abandon(): void {
    for (const stream of this.#streams) {
      if (stream.worker === undefined) stream.destroy?.();
      else void stream.worker.terminate();
    }
  }

  /** Leaves the user's streams as they were. A failed one stays watched: errors of our last lines may still come. */
  leave(): void {
    if (this.#failure === undefined) for (const undo of this.#undo) undo();
  }

  #watch(stream: Stream): void {
    const fail = (error: Error): void => {
      this.#failure ??= error;
    };
    const empty = (): void => {
      this.#pending = 0;
    };
    stream.on?.('error', fail);
    stream.on?.('drain', empty);
    stream.worker?.on('error', fail); // out of memory: thread-stream does not listen for it
    this.#undo.push(() => {
      stream.off?.('error', fail);
      stream.off?.('drain', empty);
    });
  }
}

async function flushed(stream: Stream): Promise<void> {
  if (isFlushable(stream)) await flushStream(stream);
  else if (stream.writableNeedDrain === true) await drained(stream);
}

const isFlushable = (stream: Stream): stream is Stream & Flushable => typeof stream.flush === 'function';

/** Resolves at the next 'drain' or when the stream closes; rejects when it fails first. Leaves no listener behind. */
function drained(stream: Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      stream.off?.('drain', done);
      stream.off?.('close', done);
      stream.off?.('error', failed);
    };
    const done = (): void => {
      leave();
      resolve();
    };
    const failed = (error: Error): void => {
      leave();
      reject(error);
    };
    stream.on?.('drain', done);
    stream.on?.('close', done);
    stream.on?.('error', failed);
  });
}
