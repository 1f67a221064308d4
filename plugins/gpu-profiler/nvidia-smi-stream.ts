import { spawn, type ChildProcess } from 'node:child_process';
import { guard } from './child-guard.js';
import { exitReason, nonsenseReason, silentReason, startReason } from './end-reason.js';
import { LineSplitter } from './line-splitter.js';
import { Ring } from './ring.js';
import { parseLine, queryArguments, type GpuSample } from './sample-line.js';

export type StreamStatus =
  /** No reading yet. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly cause: EndCause; readonly reason: string };

/** `failed`: it never ran. `exited`: by itself. `silent`, `nonsense`: it was ended for that. `stopped`: by stop(). */
export type EndCause = 'failed' | 'exited' | 'silent' | 'nonsense' | 'stopped';

export interface StreamOptions {
  /** Name (looked up on the PATH) or path of an executable. Its arguments are fixed, and no shell sees them. */
  readonly command: string;
  /** ms between readings. */
  readonly interval: number;
  /** ms without a reading after which it is taken as hung; at least 5 intervals are given. Default 15,000. */
  readonly silence?: number;
  /** ms between SIGTERM and SIGKILL. Default 2,000: a query has nothing to save, and the end of the fit waits. */
  readonly grace?: number;
  /** Readings kept until they are drained. Default 4,096: more than an hour of one GPU at a reading a second. */
  readonly capacity?: number;
}

/**
 * nvidia-smi without persistence mode initialises the driver first, which takes seconds on a machine with 8 GPUs;
 * 15 s leaves that ample room.
 */
const defaultSilence = 15_000;

/** Looks at the silence this often before it is called a hang. */
const looks = 5;

/** Lines, one after another, that are no readings, and characters of endless lines, after which it is not nvidia-smi that talks. */
const nonsenseLines = 100;
const nonsenseCharacters = 1024 * 1024;

/**
 * One `nvidia-smi` that prints readings until it is stopped. Never throws: whatever goes wrong is its status. It keeps no
 * process alive (all handles are unreferenced), and ends with this one.
 */
export class NvidiaSmiStream {
  readonly #options: Required<StreamOptions>;
  readonly #splitter = new LineSplitter();
  readonly #samples: Ring<GpuSample>;
  #child: ChildProcess | undefined;
  #status: StreamStatus = { kind: 'starting' };
  #release: (() => void) | undefined;
  #watch: NodeJS.Timeout | undefined;
  #quietLooks = 0;
  #messages = 0;
  #said = '';
  #exit: Promise<void> = Promise.resolve();
  #hasExited = true;
  #stopping: Promise<void> | undefined;

  constructor(options: StreamOptions) {
    this.#options = { silence: defaultSilence, grace: 2000, capacity: 4096, ...options };
    this.#samples = new Ring(this.#options.capacity);
  }

  get status(): StreamStatus {
    return this.#status;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Readings that wait to be drained. */
  get pending(): number {
    return this.#samples.size;
  }

  /** Lines of more than 64 KiB, which were dropped. */
  get droppedLines(): number {
    return this.#splitter.dropped;
  }

  /** Hands over the readings since the last time, oldest first, and how many were forgotten for want of room. */
  drain(): { readonly values: readonly GpuSample[]; readonly forgotten: number } {
    return this.#samples.drain();
  }

  /** Starts the child and returns at once. To be called once. */
  start(): void {
    const { command, interval, silence } = this.#options;
    try {
      this.#child = spawn(command, queryArguments(interval), { stdio: ['ignore', 'pipe', 'pipe'], shell: false, windowsHide: true });
    } catch (error) {
      this.#end('failed', startReason(command, error));
      return;
    }
    this.#attach(this.#child);
    const allowed = Math.max(silence, looks * interval);
    // Looks are counted, not milliseconds: after a step that kept the event loop for a minute this timer runs before
    // what the child wrote in that minute is read, but only once, and by the next look it has been read.
    this.#watch = setInterval(() => this.#look(allowed), allowed / looks).unref();
  }

  /** Ends the child: SIGTERM, then SIGKILL after the grace. Resolves when it is gone, at the latest after twice the grace. */
  stop(): Promise<void> {
    this.#end('stopped', `${this.#options.command} was stopped`);
    return (this.#stopping ??= this.#kill());
  }

  #attach(child: ChildProcess): void {
    this.#release = guard(child);
    this.#hasExited = false;
    this.#exit = new Promise((resolve) => {
      const gone = (): void => {
        this.#hasExited = true;
        this.#release?.();
        resolve();
      };
      child.once('exit', (code, signal) => {
        gone();
        // Its last words may still be in the pipe, and 'close' tells when they are read. A wrapper may leave a child of
        // its own that holds the pipe open, so 'close' is not waited for without end.
        const conclude = (): void => this.#conclude(code, signal);
        child.once('close', conclude);
        setTimeout(conclude, 500).unref();
      });
      child.on('error', (error) => {
        if (child.pid !== undefined) return; // it runs, and a signal could not be sent
        gone();
        this.#end('failed', startReason(this.#options.command, error));
      });
    });
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.#read(this.#splitter.push(chunk)));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (this.#said = chunk));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('error', () => undefined); // a broken pipe shows as the child's exit
      unreference(stream);
    }
    child.unref();
  }

  #read(lines: readonly string[]): void {
    for (const line of lines) {
      if (this.#status.kind === 'ended') return;
      const parsed = parseLine(line);
      if (parsed.kind === 'sample') {
        this.#samples.push(parsed.sample);
        this.#status = { kind: 'running' };
        this.#quietLooks = 0;
        this.#messages = 0;
      } else if (parsed.kind === 'message') {
        this.#said = parsed.text;
        this.#messages += 1;
      }
    }
    if (this.#messages >= nonsenseLines || this.#splitter.droppedCharacters >= nonsenseCharacters) this.#giveUp('nonsense', nonsenseReason(this.#options.command, this.#said));
  }

  #look(allowed: number): void {
    this.#quietLooks += 1;
    if (this.#quietLooks < looks) return;
    const { command } = this.#options;
    if (this.#messages > 0) this.#giveUp('nonsense', nonsenseReason(command, this.#said));
    else this.#giveUp('silent', silentReason(command, allowed));
  }

  #conclude(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#status.kind === 'ended') return;
    this.#read(this.#splitter.end());
    this.#end('exited', exitReason(this.#options.command, code, signal, this.#said));
    this.#closePipes();
  }

  #giveUp(cause: 'silent' | 'nonsense', reason: string): void {
    if (this.#status.kind === 'ended') return;
    this.#end(cause, reason);
    this.#stopping ??= this.#kill();
  }

  /** The first end is the one that counts. */
  #end(cause: EndCause, reason: string): void {
    if (this.#status.kind === 'ended') return;
    this.#status = { kind: 'ended', cause, reason };
    clearInterval(this.#watch);
  }

  async #kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    if (!this.#hasExited) {
      // Held while we wait, so that the process does not end under an awaited stop(): the timers below hold nothing.
      child.ref();
      // Without a number it did not start, and its error is yet to come: a short fit lets no turn of the event loop pass.
      // Node would signal whatever number stands in its memory: 0, its own process group, or somebody else's process.
      if (child.pid !== undefined) child.kill('SIGTERM');
      if (!(await this.#exitsWithin(this.#options.grace))) {
        if (child.pid !== undefined) child.kill('SIGKILL');
        // A process that waits inside the driver cannot be killed until the driver answers: it is left to the system.
        await this.#exitsWithin(this.#options.grace);
      }
      child.unref();
    }
    this.#closePipes();
    this.#release?.();
  }

  async #exitsWithin(milliseconds: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds).unref();
    });
    await Promise.race([this.#exit, timeUp]);
    clearTimeout(timer);
    return this.#hasExited;
  }

  /** With its reading end closed, whatever still writes there (a child that a wrapper left) ends by the broken pipe. */
  #closePipes(): void {
    this.#child?.stdout?.destroy();
    this.#child?.stderr?.destroy();
  }
}

/** The pipes of a child are sockets, which have unref(), though their declared type does not say so. */
function unreference(stream: unknown): void {
  (stream as { readonly unref?: () => void } | null)?.unref?.();
}
