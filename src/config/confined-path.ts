import { lstatSync, realpathSync } from 'node:fs';
import { dirname, posix, relative, resolve, sep, win32 } from 'node:path';
import { showValue } from '../problems.js';

/** A path within a folder, or why it is refused. */
export type Confined = { readonly path: string } | { readonly refusal: string };

/**
 * The absolute path of what a config file names relative to a folder, and which must not lead out of it: not by its
 * text, nor by a symbolic link on its way. What is not there yet is let pass, save its parts that are there.
 *
 * Both slashes separate, and paths of Windows are seen on every system, so that a config means the same everywhere.
 */
export function confinedPath(folder: string, path: string): Confined {
  const refuse = (why: string): Confined => ({ refusal: `${showValue(path)} ${why}` });
  if (path.includes('\0')) return refuse('holds a NUL character');
  if (posix.isAbsolute(path) || win32.isAbsolute(path) || /^[a-z]:/i.test(path)) return refuse('is absolute');
  const parts = path.split(/[\\/]+/);
  if (parts.includes('..')) return refuse('leads out with ".."');
  const base = resolve(folder);
  const whole = resolve(base, parts.join('/'));
  if (whole === base) return refuse('is the folder itself');
  let part = whole;
  try {
    while (part !== base && !isThere(part)) part = dirname(part);
  } catch (error) {
    return refuse(`cannot be a path (${String((error as NodeJS.ErrnoException).code)})`);
  }
  const within = realPath(base);
  // A folder that is not there yet has no links in it.
  if (within === undefined) return { path: whole };
  const real = realPath(part);
  if (real === undefined) return refuse('goes through a symbolic link that leads nowhere');
  return isWithin(within, real) ? { path: whole } : refuse('leads out through a symbolic link');
}

const isWithin = (folder: string, path: string): boolean => {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !win32.isAbsolute(way) && !posix.isAbsolute(way);
};

/** True for a symbolic link too, wherever it leads. Throws for a name that is too long, or a folder that may not be looked into. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
