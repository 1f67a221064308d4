import { readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { AppendedFile } from '../appended-file.js';
import { frameRecord } from './records.js';
import { restartEvent, summaryEvent, versionEvent, type SummaryValue } from './summaries.js';

const prefix = 'events.out.tfevents.';
let made = 0;

/** Names of the files of a folder; none when it is not there. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * TensorBoard reads the files of a folder in the order of their names, which begin with the time in seconds: a file that
 * goes on from another one is to have a later second, also when it is made in the same.
 */
function nextName(folder: string): string {
  const earlier = namesIn(folder).map((name) => (name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : 0));
  const seconds = Math.max(Math.floor(Date.now() / 1000), ...earlier.map((second) => (second || 0) + 1));
  return `${prefix}${String(seconds).padStart(10, '0')}.${hostname()}.${process.pid}.${made++}.v2`;
}

/** One event file of a folder. An earlier one that is there is left as it is: TensorBoard reads them as one. */
export class EventFile {
  readonly #file: AppendedFile;

  /** @param restart The step from which on earlier files count no more, for a run that was resumed. */
  constructor(folder: string, seconds: number, maxBytes: number, restart: number | undefined) {
    this.#file = new AppendedFile(join(folder, nextName(folder)), maxBytes);
    this.#file.append(frameRecord(versionEvent(seconds)));
    if (restart !== undefined) this.restart(seconds, restart);
  }

  get failure(): Error | undefined {
    return this.#file.failure;
  }

  restart(seconds: number, step: number): void {
    this.#file.append(frameRecord(restartEvent(seconds, step)));
  }

  /** False when too much waits for the disk and these are left out. */
  write(seconds: number, step: number, values: readonly SummaryValue[]): boolean {
    return this.#file.append(frameRecord(summaryEvent(seconds, step, values)));
  }

  flush = (): Promise<void> => this.#file.flush();
  close = (): Promise<void> => this.#file.close();
}
