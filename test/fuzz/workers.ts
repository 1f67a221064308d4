import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Batch, BatchResult } from './batch.js';

/** How a batch ended: whole, or with a run that took its process with it. */
export type Outcome = { readonly batch: Batch; readonly result: BatchResult } | { readonly batch: Batch; readonly fatal: { readonly run: number; readonly reason: string } };

export interface Limits {
  /** A run that takes longer hangs, ms. */
  readonly runMs: number;
  /** Of the JavaScript heap of a process, MiB: beyond, it ends. */
  readonly heapMiB: number;
}

/** The slowest run that was seen takes 1.5 s; on a busy machine ten times as long. */
export const usualLimits: Limits = { runMs: 60_000, heapMiB: 1_024 };

/** A process that takes longer to start does not, ms. */
const startMs = 60_000;
/** A fault of the fuzzing itself. */
const ownFault = 70;
/** What a process leaves behind does not slow down what comes after so many runs. */
const runsPerProcess = 10_000;

class Worker {
  readonly #folder = mkdtempSync(join(tmpdir(), 'trainscope-fuzz-child-'));
  readonly #progress = join(this.#folder, 'progress');
  readonly #child: ChildProcess;
  readonly #limits: Limits;
  #ended: number | NodeJS.Signals | undefined;
  #hangs = false;
  /** The end of what it said on standard error. */
  #told = '';
  runs = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
    // Standard output is nobody's: sinks write there. The parent's own flags are those of its loader.
    this.#child = fork(fileURLToPath(new URL('./child.ts', import.meta.url)), [this.#progress], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: ['--import', 'tsx', `--max-old-space-size=${String(limits.heapMiB)}`],
    });
    this.#child.stderr?.on('data', (text: Buffer) => (this.#told = (this.#told + text.toString()).slice(-4_000)));
    this.#child.once('exit', (code, signal) => (this.#ended = signal ?? code ?? 0));
  }

  /** The next message, or undefined when the process ended or a run hangs: then it is ended. */
  async #next<T>(patience: number): Promise<T | undefined> {
    let last = NaN;
    let since = performance.now();
    return new Promise<T | undefined>((resolve) => {
      const done = (value: T | undefined): void => {
        clearInterval(watch);
        this.#child.off('message', hear);
        this.#child.off('exit', end);
        resolve(value);
      };
      const hear = (message: unknown): void => done(message as T);
      const end = (): void => done(undefined);
      const watch = setInterval(() => {
        const run = this.#run();
        if (!Object.is(run, last)) [last, since] = [run, performance.now()];
        if (performance.now() - since <= patience) return;
        this.#hangs = true;
        this.#child.kill('SIGKILL');
      }, 200);
      this.#child.once('message', hear);
      this.#child.once('exit', end);
    });
  }

  /** The run that is under way, or was when the process ended. */
  #run(): number {
    try {
      const bytes = readFileSync(this.#progress);
      return bytes.length < 8 ? NaN : bytes.readDoubleLE(0);
    } catch {
      return NaN;
    }
  }

  async ready(): Promise<void> {
    if ((await this.#next<'ready'>(startMs)) === undefined) throw new Error(`a process of the fuzzing did not start: ${this.#told}`);
  }

  async run(batch: Batch): Promise<Outcome> {
    this.#child.send(batch);
    const result = await this.#next<BatchResult>(this.#limits.runMs);
    this.runs += batch.runs;
    if (result !== undefined) return { batch, result };
    if (this.#ended === ownFault) throw new Error(`the fuzzing of "${batch.target}" failed: ${this.#told}`);
    const outOfMemory = /heap out of memory|Reached heap limit/.test(this.#told);
    const reason = this.#hangs ? `did not end within ${String(this.#limits.runMs / 1000)} s` : outOfMemory ? `took more than ${String(this.#limits.heapMiB)} MiB` : `ended the process (${String(this.#ended)}): ${this.#told.trim().slice(-300)}`;
    return { batch, fatal: { run: this.#run(), reason } };
  }

  close(): void {
    if (this.#ended === undefined) this.#child.disconnect();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/**
 * Runs batches in so many processes. A run that ends its process, hangs or takes all memory is told as fatal; the runs
 * after it are run in a new process.
 */
export async function runAll(batches: readonly Batch[], workers: number, limits: Limits, tell: (outcome: Outcome) => void): Promise<void> {
  const waiting = [...batches];
  const work = async (): Promise<void> => {
    let worker: Worker | undefined;
    try {
      for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
        if (worker === undefined) {
          worker = new Worker(limits);
          await worker.ready();
        }
        const outcome = await worker.run(batch);
        tell(outcome);
        if ('fatal' in outcome) {
          const next = outcome.fatal.run + 1;
          const left = batch.from + batch.runs - next;
          if (left > 0) waiting.unshift({ ...batch, from: next, runs: left });
        }
        if ('fatal' in outcome || worker.runs >= runsPerProcess) {
          worker.close();
          worker = undefined;
        }
      }
    } finally {
      worker?.close();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}
