import { realpathSync, statSync, type Stats } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from '../errors.js';

/** Where a page is written: through a link to what it leads to. `isFile` false for a device or pipe, which no file can take the place of. */
export interface PageFile {
  readonly path: string;
  readonly isFile: boolean;
}

/** Undefined where nothing is there, or can be: whoever writes or reads is told why. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/**
 * @param logs Paths of what is read.
 * @throws ConfigError OPTIONS_INVALID where the page would take the place of a log, by whatever name
 */
export function placeOfPage(to: string, logs: readonly string[]): PageFile {
  const stat = statOf(to);
  if (stat === undefined) return { path: resolve(to), isFile: true };
  for (const log of logs) {
    const own = statOf(log);
    if (own?.ino !== stat.ino || own.dev !== stat.dev) continue;
    throw new ConfigError('OPTIONS_INVALID', { found: `the page would be written over the log ${log}`, expected: 'a file of its own', remedy: 'Name another file with -o.' });
  }
  return { path: realpathSync(to), isFile: stat.isFile() || stat.isDirectory() };
}
