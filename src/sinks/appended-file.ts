import { close, closeSync, constants, fstatSync, openSync, readSync, write, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { makeFolder } from '../make-folder.js';
import { promisify } from 'node:util';

const [writeLater, closeLater] = [promisify(write), promisify(close)];

/**
 * Bytes that may wait for the disk; what comes beyond is left out. As of fileSink: more than a loop that yields every
 * 50 ms writes between two turns.
 */
const defaultMaxBytes = 16 * 1024 * 1024;

/** What waits is written after this long at the latest, so that one may watch the file; as of fileSink. */
const flushEveryMs = 1000;

/** Bytes at which a write is begun at once: a few hundred records in one call. */
const batchBytes = 64 * 1024;

/** Append; and never wait for a reader when the path is a named pipe: without one the open fails, which can be told. */
const openFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | ((constants as { O_NONBLOCK?: number }).O_NONBLOCK ?? 0);

/**
 * A file that bytes are appended to while a training goes on: one write is under way at a time, and what comes meanwhile
 * goes with the next. What waits is bounded. When the process exits, it is written at once; when it is killed, the last
 * second may be lost. A file is opened at once and synchronously, so that a path that cannot be written is told then.
 */
export class AppendedFile {
  /** Bytes that the file had when it was opened. */
  readonly sizeAtOpen: number;
  #opened: number;
  #maxBytes: number;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Bytes of the write that is under way. */
  #underWay: Uint8Array | undefined;
  #done = 0;
  #work: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failure: Error | undefined;
  #exit = (): void => {
    this.#writeRest();
  };

  /** @throws the error of mkdir or open */
  constructor(path: string, maxBytes: number = defaultMaxBytes) {
    makeFolder(dirname(resolve(path)));
    this.#opened = openSync(path, openFlags, 0o666);
    this.sizeAtOpen = fstatSync(this.#opened).size;
    this.#maxBytes = maxBytes;
    process.on('exit', this.#exit);
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Takes all of it or, when too much waits already, nothing: then it is false. @throws the error of an earlier write */
  append(bytes: Uint8Array): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    const held = this.#waitingBytes + (this.#underWay === undefined ? 0 : this.#underWay.length);
    if (held > 0 && held + bytes.length > this.#maxBytes) return false;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#work === undefined && this.#waitingBytes >= batchBytes) void this.#start();
    else if (this.#timer === undefined && this.#work === undefined) {
      this.#timer = setTimeout(() => void this.#start(), flushEveryMs);
      this.#timer.unref();
    }
    return true;
  }

  /** Resolves when all that was appended before is with the operating system. @throws the error of a write */
  async flush(): Promise<void> {
    while (this.#failure === undefined && (this.#waitingBytes > 0 || this.#work !== undefined)) await this.#start();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Flushes and closes; the file is closed also when that fails. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      clearTimeout(this.#timer);
      process.off('exit', this.#exit);
      await closeLater(this.#opened);
    }
  }

  #start(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#work ??= this.#writeAll().finally(() => (this.#work = undefined));
    return this.#work;
  }

  /** Never rejects: the failure is kept, and told at the next append or flush. */
  async #writeAll(): Promise<void> {
    try {
      while (this.#waitingBytes > 0) {
        this.#underWay = Buffer.concat(this.#waiting);
        this.#done = 0;
        this.#waiting = [];
        this.#waitingBytes = 0;
        while (this.#done < this.#underWay.length) {
          const { bytesWritten } = await writeLater(this.#opened, this.#underWay, this.#done, this.#underWay.length - this.#done, null);
          this.#done += bytesWritten;
        }
        this.#underWay = undefined;
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#underWay = undefined;
      this.#waiting = [];
      this.#waitingBytes = 0;
    }
  }

  /** At the exit of the process. A write that is under way is left to the operating system, which has been given it. */
  #writeRest(): void {
    if (this.#failure !== undefined) return;
    try {
      for (const bytes of this.#waiting) {
        for (let at = 0; at < bytes.length; ) at += writeSync(this.#opened, bytes, at);
      }
    } catch {
      // An exception here would change the exit code of the process.
    }
  }
}

/** The last byte of a file, as text; '' of an empty one or one that cannot be read. */
export function lastCharacter(path: string): string {
  let reading: number | undefined;
  try {
    reading = openSync(path, constants.O_RDONLY);
    const { size } = fstatSync(reading);
    const last = Buffer.alloc(1);
    return size > 0 && readSync(reading, last, 0, 1, size - 1) === 1 ? last.toString('latin1') : '';
  } catch {
    return '';
  } finally {
    if (reading !== undefined) closeSync(reading);
  }
}
