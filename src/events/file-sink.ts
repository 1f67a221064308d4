import { closeSync, constants, fstatSync, openSync, readSync, statfsSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { makeFolder } from '../make-folder.js';
import { pino } from 'pino';
import { z } from 'zod';
import { checkArgument } from '../check-argument.js';
import { patienceMs, withDeadline } from './deadline.js';
import { toEventLine } from './event-line.js';
import { flushStream } from './flush-stream.js';
import { LineBuffer } from './line-buffer.js';
import type { Sink } from './sink.js';
import { WaitingLines } from './waiting-lines.js';

export interface FileSinkOptions {
  /** The file; its folder is made when it is not there, and lines go to the end of a file that is there, after its last line even if that is torn. */
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

/**
 * Bytes in one write. Between two turns of the event loop only one write can end, and a loop that yields every 50 ms
 * writes 20 MiB a second so; with sonic-boom's 16 KiB it is 320 KiB, less than steps of a millisecond have to tell.
 */
const maxWriteBytes = 1024 * 1024;

/** A line that waits for its batch is written after this long, so that one may watch the file. */
const flushEveryMs = 1000;

/** sonic-boom waits 100 ms before it tries again (index.js, BUSY_WRITE_TIMEOUT): a pipe that took nothing for 10 s is stuck. */
const maxRetries = 100;

/** Append; and never wait for a reader when the path is a named pipe: without one the open fails, which can be told. */
const openFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | ((constants as { O_NONBLOCK?: number }).O_NONBLOCK ?? 0);

type Stream = ReturnType<typeof pino.destination>;

const schema = z.strictObject({
  path: z.string().min(1),
  name: z.string().optional(),
  maxBytes: z.int().min(1).optional(),
  patience: z.number().min(0).optional(),
});

/**
 * Writes one line of JSON an event to a file, asynchronously and in batches, on pino's destination. What waits for the
 * disk is bounded. When the process exits, what waits is written at once; when it is killed, the last batch is lost.
 *
 * The file is opened at the first event and synchronously, so that a path that cannot be written is told there and
 * then, and an exit right after the start loses nothing.
 *
 * @throws ConfigError OPTIONS_INVALID
 */
export function fileSink(options: FileSinkOptions): Sink {
  const { path, name = `file:${path}`, maxBytes = defaultMaxBytes, patience = patienceMs } = checkArgument('options of fileSink', schema, options);
  const waiting = new WaitingLines();
  const lines = new LineBuffer();
  let stream: Stream | undefined;
  let failure: Error | undefined;
  let gaveUp = false;
  let retries = 0;
  let lost = 0;

  const open = (): Stream => {
    makeFolder(dirname(resolve(path)));
    const opened = pino.destination({
      dest: openAtNewLine(path),
      sync: false,
      minLength: batchBytes,
      maxLength: maxBytes,
      maxWrite: maxWriteBytes,
      contentMode: 'buffer', // as text, sonic-boom would measure all that waits again at every line
      periodicFlush: flushEveryMs,
      retryEAGAIN: () => !gaveUp && ++retries <= maxRetries,
    });
    opened.on('drop', () => (lost += 1));
    opened.on('write', (bytes: number) => {
      retries = 0;
      waiting.leave(bytes);
    });
    opened.on('error', (error: Error) => {
      failure ??= error;
      lost += waiting.abandon();
      // No write is under way here. Were it left open, it would try the same again when the process exits.
      opened.destroy();
    });
    const flushSync = opened.flushSync.bind(opened);
    opened.flushSync = () => {
      try {
        if (failure === undefined && !gaveUp && hasRoom(path, waiting.bytes)) flushSync();
      } catch {
        // pino calls this when the process exits, where an exception would change the exit code
      }
    };
    return opened;
  };

  const flushed = async (opened: Stream): Promise<void> => {
    const { joined } = waiting;
    // sonic-boom 4 says that it flushed when it finished the write that was under way, though lines came after it.
    while (waiting.left < joined || failure !== undefined) {
      if (failure !== undefined) throw failure;
      await flushStream(opened);
    }
  };

  /**
   * Not destroy(): sonic-boom 4 does not stop a retry that is due, which would write to a number of a file descriptor
   * that may be another file's by then. Ended and refused its next retry, it fails or finishes by itself.
   */
  const giveUp = (opened: Stream): void => {
    gaveUp = true;
    lost += waiting.abandon();
    if (failure === undefined) opened.end();
  };

  return {
    name,
    write(event) {
      stream ??= open();
      if (failure !== undefined) throw failure;
      const line = lines.bytesOf(toEventLine(event), waiting.left);
      const before = lost;
      (stream as unknown as { write(line: Buffer): void }).write(line); // its types do not know contentMode
      if (lost === before) waiting.join(line.length);
    },
    async flush() {
      if (stream !== undefined) await flushed(stream);
    },
    async close() {
      if (stream === undefined) return;
      const opened = stream;
      try {
        await withDeadline(flushed(opened), patience, `writing the rest of ${path}`);
      } catch (error) {
        giveUp(opened);
        throw error;
      }
      const closed = new Promise((resolve) => opened.once('close', resolve));
      opened.end();
      await closed;
    },
    stats: () => ({ written: waiting.left, lost }),
  };
}

/**
 * A process that was killed may have left half a line: what follows begins a line of its own, so that the half one
 * alone is lost.
 * @returns the number of the open file
 */
function openAtNewLine(path: string): number {
  const opened = openSync(path, openFlags);
  try {
    const status = fstatSync(opened);
    if (status.isFile() && status.size > 0 && !endsLine(path, status.size)) writeSync(opened, '\n');
    return opened;
  } catch (error) {
    closeSync(opened);
    throw error;
  }
}

/** Whether the file's last byte ends a line. One that may be written and not read is taken to. */
function endsLine(path: string, size: number): boolean {
  let reading: number;
  try {
    reading = openSync(path, constants.O_RDONLY);
  } catch {
    return true;
  }
  try {
    const last = Buffer.alloc(1);
    return readSync(reading, last, 0, 1, size - 1) === 0 || last.toString('latin1') === '\n';
  } finally {
    closeSync(reading);
  }
}

/** sonic-boom 4 tries for ever to write at the exit of a process to a disk that is full, and the process never ends. */
function hasRoom(path: string, bytes: number): boolean {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize > bytes;
}
