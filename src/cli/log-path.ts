import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where a log is: a folder of a run stands for the log in it. Another folder stays one, and is refused as that. */
export function logPath(given: string): string {
  const path = resolve(given);
  const inFolder = join(path, 'events.ndjson');
  return existsSync(inFolder) ? inFolder : path;
}
