import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ConfigError, type ErrorFacts } from '../errors.js';
import { showValue } from '../problems.js';

/** Two letters at least: `C:\experiment.js` is a path. */
const scheme = /^[a-z][a-z\d+.-]+:/i;

export interface ModuleUse {
  /** As a message begins: `the module to train in a worker`. */
  readonly what: string;
  /** What the default export of it does, as a message goes on: `trains`. */
  readonly does: string;
  /** For the remedy: `experiment`. */
  readonly example: string;
  readonly missing: (facts: ErrorFacts) => Error;
}

/**
 * The file: URL of a module that is there. Nothing else is run: no code as text (data:, blob:), nothing from the net.
 * `experiment.js` is also found as `experiment.ts`, as TypeScript's own imports are.
 *
 * @throws ConfigError OPTIONS_INVALID for what is neither a file: URL nor a path; what `missing` makes where there is no
 * such file
 */
export function moduleUrl(module: string | URL, { what, does, example, missing }: ModuleUse): string {
  const url = asUrl(module);
  if (url?.protocol !== 'file:') {
    throw new ConfigError('OPTIONS_INVALID', {
      found: `${what} is ${url === undefined ? showValue(module) : `a ${url.protocol} URL`}`,
      expected: 'it is a file: URL, or the path of a file',
      remedy: `Pass new URL('./${example}.js', import.meta.url).`,
    });
  }
  const path = fileURLToPath(url);
  if (isFile(path)) return url.href;
  const source = path.replace(/\.([cm]?)js(x?)$/, '.$1ts$2');
  if (!isFile(source)) throw missing({ found: `there is no module ${path}`, expected: `it is the file of a module whose default export ${does}`, remedy: `A path is one from the working folder. Pass new URL('./${example}.js', import.meta.url), which is one from the file where it stands.` });
  const { href } = pathToFileURL(source);
  return `${href}${url.search}${url.hash}`;
}

function asUrl(module: unknown): URL | undefined {
  if (module instanceof URL) return module;
  if (typeof module !== 'string' || module === '') return undefined;
  try {
    return scheme.test(module) ? new URL(module) : pathToFileURL(resolve(module));
  } catch {
    return undefined;
  }
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
