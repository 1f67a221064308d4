import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where a log is: a folder of a run stands for the log in it. */
export function logPath(given: string): string {
  const path = resolve(given);
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? join(path, 'events.ndjson') : path;
}
