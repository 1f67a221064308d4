import { constants, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { pino } from 'pino';
import { patienceMs, withDeadline } from './deadline.js';
import { toEventLine } from './event-line.js';
import type { Sink } from './sink.js';

export interface FileSinkOptions {
  /** The file; its folder is made when it is not there, and lines go to the end of a file that is there. */
  readonly path: string;
  readonly name?: string;
  /** Bytes that may wait for the disk; lines beyond are left out and counted. */
  readonly maxBytes?: number;
  /** How long close() waits for the disk, ms. */
  readonly patience?: number;
}

/** Some 30,000 lines of half a KiB: more than a loop that yields every 50 ms writes between two turns. */
const defaultMaxBytes = 16 * 1024 * 1024;

/** Bytes gathered before a write is started, as in pino's documentation of asynchronous logging (docs/asynchronous.md). */
const batchBytes = 4096;

/** A line that waits for its batch is written after this long, so that one may watch the file. */
const flushEveryMs = 1000;

/** sonic-boom waits 100 ms before it tries again (index.js, BUSY_WRITE_TIMEOUT): a pipe that took nothing for 10 s is stuck. */
const maxRetries = 100;

/** Append; and never wait for a reader when the path is a named pipe: without one the open fails, which can be told. */
const openFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | ((constants as { O_NONBLOCK?: number }).O_NONBLOCK ?? 0);

type Stream = ReturnType<typeof pino.destination>;

/**
 * Writes one line of JSON an event to a file, asynchronously and in batches, on pino's destination. What waits for the
 * disk is bounded. When the process exits, what waits is written at once; when it is killed, the last batch is lost.
 *
 * The file is opened at the first event and synchronously, so that a path that cannot be written is told there and
 * then, and an exit right after the start loses nothing.
 */
export function fileSink({ path, name = `file:${path}`, maxBytes = defaultMaxBytes, patience = patienceMs }: FileSinkOptions): Sink {
  const waiting = new WaitingLines();
  let stream: Stream | undefined;
  let failure: Error | undefined;
  let retries = 0;
  let dropped = 0;
  let written = 0;

  /** What was taken and did not reach the disk is lost too. */
  const abandon = (opened: Stream): void => {
    dropped += waiting.clear();
    opened.destroy();
  };

  const open = (): Stream => {
    mkdirSync(dirname(path), { recursive: true });
    const opened = pino.destination({
      dest: openSync(path, openFlags),
      sync: false,
      minLength: batchBytes,
      maxLength: maxBytes,
      periodicFlush: flushEveryMs,
      retryEAGAIN: () => ++retries <= maxRetries,
    });
    opened.on('error', (error: Error) => {
      failure ??= error;
      abandon(opened); // at once: what it still held would be tried again when the process exits, and throw there
    });
    opened.on('drop', () => (dropped += 1));
    opened.on('write', (bytes: number) => {
      retries = 0;
      written += waiting.leave(bytes);
    });
    return opened;
  };

  return {
    name,
    write(event) {
      stream ??= open();
      if (failure !== undefined) throw failure;
      const line = `${toEventLine(event)}\n`;
      const before = dropped;
      stream.write(line);
      if (dropped === before) waiting.join(Buffer.byteLength(line));
    },
    async flush() {
      if (stream !== undefined) await flushed(stream, () => failure);
    },
    async close() {
      if (stream === undefined) return;
      const opened = stream;
      try {
        await withDeadline(flushed(opened, () => failure), patience, `writing the rest of ${path}`);
      } catch (error) {
        abandon(opened);
        throw error;
      }
      const closed = new Promise((resolve) => opened.once('close', resolve));
      opened.end();
      await closed;
    },
    stats: () => ({ written, lost: dropped }),
  };
}

/** Resolves when all is written and synced to the disk. */
async function flushed(stream: Stream, failure: () => Error | undefined): Promise<void> {
  const before = failure();
  if (before !== undefined) throw before;
  await new Promise<void>((resolve, reject) => {
    stream.flush((error) => {
      if (error) reject(failure() ?? error);
      else resolve();
    });
  });
}

/** Lines that were handed over and may not be on the disk yet, as their lengths in bytes. */
class WaitingLines {
  #lengths: number[] = [];
  #partly = 0;

  join(bytes: number): void {
    this.#lengths.push(bytes);
  }

  /** Bytes were written: how many lines they completed. */
  leave(bytes: number): number {
    this.#partly += bytes;
    let lines = 0;
    for (let next = this.#lengths[lines]; next !== undefined && this.#partly >= next; next = this.#lengths[lines]) {
      this.#partly -= next;
      lines += 1;
    }
    this.#lengths.splice(0, lines);
    return lines;
  }

  /** How many had not been written. */
  clear(): number {
    const lines = this.#lengths.length;
    this.#lengths = [];
    return lines;
  }
}
