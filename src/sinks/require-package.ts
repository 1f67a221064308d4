import { createRequire } from 'node:module';
import { join } from 'node:path';
import { loadingFailed } from '../backend/load-package.js';
import { TrainscopeError } from '../errors.js';

/** Where optional packages are looked for first; trainscope's own place is the second. */
export interface PackagePlace {
  /** A folder, as that of a config file. */
  readonly from?: string;
}

const isAbsent = (error: unknown): boolean => (error as { code?: unknown } | undefined)?.code === 'MODULE_NOT_FOUND';

/**
 * Loads optional packages at once, and not when the first event comes: what is missing is told before a training starts.
 * The packages that sinks use are CommonJS, which `require` takes.
 *
 * @param who Whose packages they are, for the message: `prometheusSink`.
 * @throws TrainscopeError PACKAGE_MISSING with the line that installs all that are missing
 */
export function requirePackages(who: string, names: readonly string[], { from }: PackagePlace = {}): readonly unknown[] {
  const failures: { readonly name: string; readonly error: unknown }[] = [];
  const loaded = names.map((name) => {
    try {
      return requireFrom(name, from);
    } catch (error) {
      failures.push({ name, error });
      return undefined;
    }
  });
  const [first] = failures;
  if (first === undefined) return loaded;
  throw new TrainscopeError('PACKAGE_MISSING', {
    found: failures.map(({ name, error }) => loadingFailed(name, error)).join('; '),
    expected: `${who} uses ${failures.length === 1 ? 'it' : 'them'}`,
    remedy: `npm install ${failures.map(({ name }) => name).join(' ')}`,
    // That a package is not there is all that there is to say of it.
    ...(isAbsent(first.error) ? {} : { cause: first.error }),
  });
}

function requireFrom(name: string, from: string | undefined): unknown {
  if (from !== undefined) {
    try {
      return createRequire(join(from, 'config.cjs'))(name) as unknown;
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
  return createRequire(import.meta.url)(name) as unknown;
}
