import type { ErrorFacts } from '../errors.js';
import { thrownText } from '../thrown-text.js';
import { runsFromSources } from './start-thread.js';

export interface ModuleToLoad {
  /** A file: URL. */
  readonly module: string;
  /** What its default export is to be: `a function that trains`. */
  readonly expected: string;
  /** What to write in it. */
  readonly remedy: string;
  readonly failed: (facts: ErrorFacts) => Error;
}

/**
 * The default export of the user's module, which is a function. In a thread of its own: TypeScript is registered for all
 * that the thread imports from now on.
 *
 * @throws what `failed` makes, for a module that cannot be loaded and one without such an export
 */
export async function loadModule({ module, expected, remedy, failed }: ModuleToLoad): Promise<(...given: never[]) => unknown> {
  await registerTypeScript(module);
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = (await import(/* @vite-ignore */ module)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw failed({ found: `the module ${module} cannot be loaded: ${thrownText(cause)}`, cause });
  }
  const outer = exports['default'];
  // Of a CommonJS module that was compiled from an ES module the default is one level further in.
  const run = typeof outer === 'object' && outer !== null && '__esModule' in outer && 'default' in outer ? outer.default : outer;
  if (typeof run === 'function') return run as (...given: never[]) => unknown;
  const names = Object.keys(exports).filter((name) => name !== 'default' && name !== 'module.exports');
  throw failed({
    found: `the default export of ${module} is ${run === undefined ? 'missing' : `of type ${typeof run}`}${names.length === 0 ? '' : ` (it exports ${names.join(', ')})`}`,
    expected,
    remedy,
  });
}

/** TypeScript in the published package, which is compiled itself. */
async function registerTypeScript(module: string): Promise<void> {
  if (!/\.[cm]?tsx?$/.test(new URL(module).pathname)) return;
  // The sources are run by tsx already.
  if (runsFromSources()) return;
  const [forRequire, forImport] = await Promise.all([import('tsx/cjs/api'), import('tsx/esm/api')]);
  forRequire.register();
  forImport.register();
}
