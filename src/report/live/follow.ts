import { watch, type FSWatcher } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { TrainscopeError } from '../../errors.js';
import { thrownText } from '../../thrown-text.js';
import { ReportGatherer } from '../gather/report-gatherer.js';
import { cutsOf, type Cut } from '../gather/superseded-lines.js';

/** Where the system does not tell of changes (network file systems), or tells none: the log is looked at this often. */
const pollMs = 500;
/** Read at once; between two reads the page answers. */
const chunkSize = 1 << 20;
/** A line beyond this is none of ours: see eachLine. */
const longestLine = 16 << 20;
/** What tells that a log was written anew, under the name and in the place of the old one: its first bytes hold the run's id. */
const fingerprintSize = 256;
const newline = 0x0a;

export interface FollowOptions {
  /** For people: the name of the log. */
  readonly source: string;
  readonly run: 'all' | 'last';
  /** Something was read. */
  readonly changed: () => void;
}

/** How a log stands: 'waiting' for the file, 'reading', or why it cannot be read for now. */
export type FollowStatus = { readonly kind: 'waiting' | 'reading' } | { readonly kind: 'unreadable'; readonly why: string };

/**
 * Follows a log that is being written: from its beginning, whole lines alone. A file that is not there yet is waited
 * for; one that was cut short, written anew or replaced is read anew; when a run is resumed in it, it is read anew with
 * what the run makes again left out.
 */
export class LogFollower {
  readonly #path: string;
  readonly #options: FollowOptions;
  #gatherer: ReportGatherer;
  /** Of the gatherers before this one. */
  #versionsBefore = 0;
  #file: { readonly handle: FileHandle; readonly dev: number; readonly ino: number } | undefined;
  /** Bytes that were read. */
  #position = 0;
  /** Bytes from the beginning of a line whose end is not there yet. */
  #rest: Buffer[] = [];
  #restLength = 0;
  #fingerprint = Buffer.alloc(0);
  #status: FollowStatus = { kind: 'waiting' };
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(path: string, options: FollowOptions) {
    this.#path = path;
    this.#options = options;
    this.#gatherer = this.#newGatherer([]);
  }

  get gatherer(): ReportGatherer {
    return this.#gatherer;
  }

  /** Rises when something was read. */
  get version(): number {
    return this.#versionsBefore + this.#gatherer.version;
  }

  get status(): FollowStatus {
    return this.#status;
  }

  /**
   * Reads what is there, and goes on.
   * @throws TrainscopeError EVENT_LOG_UNREADABLE for what is no file, or may not be read
   */
  async start(): Promise<void> {
    await this.look();
    if (this.#status.kind === 'unreadable') {
      await this.close();
      throw new TrainscopeError('EVENT_LOG_UNREADABLE', { found: `${this.#path} cannot be read: ${this.#status.why}`, expected: 'it is a file of events, a line each', remedy: 'Name the file of the sink; a relative path starts at the working directory.' });
    }
    this.#watch();
    this.#timer = setInterval(() => {
      if (this.#watcher === undefined) this.#watch();
      void this.look();
    }, pollMs);
  }

  /** Reads what has come; one look at a time. */
  async look(): Promise<void> {
    if (this.#reading !== undefined) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#lookOnce();
    try {
      await this.#reading;
    } finally {
      this.#reading = undefined;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#watcher?.close();
    await this.#reading?.catch(() => undefined);
    await this.#closeFile();
  }

  async #lookOnce(): Promise<void> {
    do {
      this.#again = false;
      try {
        await this.#readOn();
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        await this.#closeFile();
        this.#status = code === 'ENOENT' ? { kind: 'waiting' } : { kind: 'unreadable', why: thrownText(cause) };
      }
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- set while it read
    } while (this.#again && !this.#closed);
  }

  async #readOn(): Promise<void> {
    const facts = await stat(this.#path);
    if (facts.isDirectory()) throw new Error('it is a folder');
    const isOther = this.#file !== undefined && (this.#file.ino !== facts.ino || this.#file.dev !== facts.dev);
    if (isOther) await this.#closeFile();
    const isNew = this.#file === undefined;
    const file = (this.#file ??= { handle: await open(this.#path, 'r'), dev: facts.dev, ino: facts.ino });
    this.#status = { kind: 'reading' };
    if ((isNew && this.#position > 0) || facts.size < this.#position || !(await this.#isSame(file.handle))) await this.#anew(facts.size);
    if (facts.size === this.#position) return;
    await this.#readTo(file.handle, facts.size);
    // A run went on from a checkpoint: what it makes again is left out, which takes the whole log.
    if (this.#gatherer.isStale) {
      await this.#anew(facts.size);
      await this.#readTo(file.handle, facts.size);
    }
    this.#options.changed();
  }

  async #readTo(handle: FileHandle, size: number): Promise<void> {
    // One that is handed on may be kept as the rest, so each read has a buffer of its own.
    while (this.#position < size && !this.#closed) {
      const buffer = Buffer.allocUnsafe(Math.min(chunkSize, size - this.#position));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, this.#position);
      if (bytesRead === 0) return;
      this.#take(buffer.subarray(0, bytesRead));
    }
  }

  #take(chunk: Buffer): void {
    if (this.#position < fingerprintSize) this.#fingerprint = Buffer.concat([this.#fingerprint, chunk.subarray(0, fingerprintSize - this.#position)]);
    let from = 0;
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      const start = this.#position + from - this.#restLength;
      if (this.#restLength === 0) this.#gatherer.bytes(chunk, from, to, start);
      else {
        // A line that is too long to be one is no event, whatever is left of it.
        const line = Buffer.concat([...this.#rest, chunk.subarray(from, to)]);
        this.#gatherer.bytes(line, 0, line.length, start);
        this.#rest = [];
        this.#restLength = 0;
      }
      from = to + 1;
    }
    if (from < chunk.length) {
      if (this.#restLength <= longestLine) this.#rest.push(chunk.subarray(from));
      this.#restLength += chunk.length - from;
    }
    this.#position += chunk.length;
  }

  async #isSame(handle: FileHandle): Promise<boolean> {
    const { length } = this.#fingerprint;
    if (length === 0) return true;
    const now = Buffer.alloc(length);
    const { bytesRead } = await handle.read(now, 0, length, 0);
    return bytesRead === length && now.equals(this.#fingerprint);
  }

  async #anew(size: number): Promise<void> {
    const cuts = await cutsOf(this.#path, size);
    this.#versionsBefore += this.#gatherer.version + 1;
    this.#gatherer = this.#newGatherer(cuts);
    this.#position = 0;
    this.#rest = [];
    this.#restLength = 0;
    this.#fingerprint = Buffer.alloc(0);
    this.#options.changed();
  }

  #newGatherer(cuts: readonly Cut[]): ReportGatherer {
    const { source, run } = this.#options;
    return new ReportGatherer({ title: source, source, live: true, run, cuts });
  }

  async #closeFile(): Promise<void> {
    const { handle } = this.#file ?? {};
    this.#file = undefined;
    await handle?.close().catch(() => undefined);
  }

  /** The folder, since the file may not be there yet, or be replaced. */
  #watch(): void {
    const name = basename(this.#path);
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, (_kind, changed) => {
        if (changed === null || changed === name) void this.look();
      });
      this.#watcher.on('error', () => {
        this.#watcher?.close();
        this.#watcher = undefined;
      });
    } catch {
      // No such folder yet, or the system has no more watches: it is looked at every half second.
      this.#watcher = undefined;
    }
  }
}
